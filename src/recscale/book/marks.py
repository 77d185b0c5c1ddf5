"""A rerun's notebook marked where it differs from the default."""

from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode

from recscale.book.cells import parameter_defaults
from recscale.book.changes import Changes, box, changes
from recscale.book.commentary import annotate
from recscale.book.execute import Layout, kept


def mark(notebook: NotebookNode, chapter: str, given: Mapping[str, Any], layout: Layout) -> Changes:
    """Put on top of a rerun's notebook what has changed, and a note where the text no longer fits.

    ``layout`` is the book's own, where the chapter's default run is looked for.
    """
    defaults = parameter_defaults((layout.book / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    built = kept(chapter, layout)
    default_run = nbformat.read(built.path, as_version=4) if built else None
    change = changes(notebook, defaults, given, default_run)
    annotate(notebook, {yours["id"]: yours["verdict"] for _, yours in change.claims}, box(change))
    return change
