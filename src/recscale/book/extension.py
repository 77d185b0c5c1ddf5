"""The book's Sphinx extension: everything a page loads comes from the page's own folder, and nothing it doesn't need.

- plotly.js only on pages with a figure, and MathJax from its wheel (``assets.py``);
- figures are drawn first, formulas set last, and no script but one keeps the page from showing;
- no Thebe: the theme declares its settings twice, an error in every reader's console, and the book doesn't use it.
"""

from typing import Any

from sphinx.application import Sphinx

from recscale.book.assets import MATHJAX, MATHJAX_LOADS, arrange_scripts, copy_assets


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.config.mathjax_path = MATHJAX
    app.config.mathjax3_config = {"loader": MATHJAX_LOADS}
    app.connect("html-page-context", arrange_scripts, priority=900)
    app.connect("build-finished", copy_assets)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
