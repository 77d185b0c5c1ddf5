"""A chapter rerun with a reader's parameters: a page that looks like the book's, or a notebook for any viewer.

The page is built alone. What only the whole book can resolve is resolved before, from the book's sources: links to
other pages become their titles (links where the book is published), citations author and year.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat import NotebookNode

from recscale.book.build import sphinx
from recscale.book.changes import Changes, mark
from recscale.book.execute import ChapterError, Layout, finish, pages, run_notebook
from recscale.book.export import exported
from recscale.book.markdown import Alone
from recscale.book.outputs import Portable
from recscale.book.references import References, read_references
from recscale.book.site import publication
from recscale.figures.base import BOOK_BUILD
from recscale.settings import temporary_folder, writable, write_atomically

RERUN_MARK = ".rerun"
"""File that marks a folder as the page of a rerun, which the next one may replace."""


def rerun(
    chapter: str, given: Mapping[str, Any], layout: Layout, *, report=print
) -> tuple[NotebookNode, Changes | None]:
    """Run ``chapter`` with ``given``; its notebook, marked where it differs from the default, and what has changed.

    Without parameters there is nothing to compare (None). Raises ``ChapterError`` when a cell fails.
    """
    source, start = layout.book / f"{chapter}.ipynb", time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / source.name
        error = run_notebook(source, output, given, {BOOK_BUILD: "1"}, report=report)
        if error:
            raise ChapterError(f"chapter {chapter}: {error}")
        notebook = nbformat.read(output, as_version=4)
    finish(notebook, chapter, time.perf_counter() - start, layout, given)
    return notebook, mark(notebook, chapter, given, layout) if given else None


def references_of(layout: Layout) -> References:
    """What the book's references point at."""
    return read_references(layout.book, pages(layout), publication(layout.config))


def write_notebook(notebook: NotebookNode, chapter: str, path: Path, layout: Layout) -> None:
    """Write a rerun as a notebook for any viewer."""
    write_atomically(path, nbformat.writes(exported(notebook, chapter, references_of(layout), layout.book)))


def check_page_folder(folder: Path) -> Path:
    """``folder``, if a page may be put there: it is new, empty, or holds the page of an earlier rerun."""
    if folder.exists() and not (folder / RERUN_MARK).exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there already and is no page of a rerun; name another folder with --output")
    writable(folder.parent)
    return folder


def write_page(notebook: NotebookNode, chapter: str, folder: Path, layout: Layout) -> Path:
    """Build the page of a rerun into ``folder``, which then stands alone; returns the page."""
    with temporary_folder(writable(folder.parent)) as work:
        stage = _stage(notebook, chapter, work / "stage", layout)
        built = sphinx(stage, work / "built", strict=False)
        (built / RERUN_MARK).write_text(f"{chapter}\n", encoding="utf-8")
        if folder.exists():
            os.replace(folder, work / "old")
        os.replace(built, folder)
    return folder / f"{chapter}.html"


def _stage(notebook: NotebookNode, chapter: str, stage: Path, layout: Layout) -> Path:
    """A book of one page."""
    shutil.copytree(layout.book, stage, ignore=shutil.ignore_patterns("*.ipynb", "*.md", ".ipynb_checkpoints"))
    shutil.copyfile(layout.config, stage / "_config.yml")
    (stage / "_toc.yml").write_text(yaml.safe_dump({"format": "jb-book", "root": chapter}), encoding="utf-8")
    references = references_of(layout)
    text, outputs = Alone(references, chapter, {}, layout.book), Portable(references, chapter)
    alone = nbformat.from_dict(notebook)
    for cell in alone.cells:
        if cell.cell_type == "markdown":
            cell.source = text(cell.source)
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = outputs.linked(output.data["text/html"])
    nbformat.write(alone, stage / f"{chapter}.ipynb")
    return stage
