"""Explorers on pages without a kernel: a directive that sets one, and the scripts each kind needs.

```{explorer} fit-points
```
"""

from collections.abc import Callable
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from recscale.figures import law_explorers
from recscale.figures.explorers import Explorer

EXPLORERS: dict[str, Callable[[], Explorer]] = {
    "fit-points": law_explorers.fit_points,
    "law": law_explorers.law_explorer,
}
FITTING = ("chart.js", "laws.js", "fitter.js", "solver.js", "fit.js", "explorer-parts.js")
SCRIPTS = {
    "fit-points": (*FITTING, "points-table.js", "fit-points.js"),
    "law": (*FITTING, "law-explorer.js"),
    "wukong": ("explorer-parts.js", "wukong-count.js", "wukong-explorer.js"),
    "entropy": ("explorer-parts.js", "entropy.js", "entropy-playground.js"),
}
"""What each kind of explorer needs on its page; ``assets.py`` leaves it out elsewhere."""


class ExplorerDirective(Directive):
    """``explorer``: its one argument is a kind of ``EXPLORERS``."""

    required_arguments = 1
    option_spec: ClassVar[dict] = {}

    def run(self) -> list[nodes.Node]:
        kind = self.arguments[0]
        if kind not in EXPLORERS:
            raise self.error(f"there is no explorer {kind!r}; choose from {', '.join(EXPLORERS)}")
        return [nodes.raw("", EXPLORERS[kind]()._repr_html_(), format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("explorer", ExplorerDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
