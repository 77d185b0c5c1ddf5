"""A chapter as a notebook for elsewhere: executed, with its figures and its numbers, in Markdown that viewers know.

``exported`` works on the executed chapter, so that a page and the notebook behind its download button show the same
numbers. The code is unchanged and still runs; where the book has a repository, a first cell installs what is missing.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from recscale.book.blocks import Directive, blocks
from recscale.book.markdown import INLINE, Plain, split_solutions
from recscale.book.outputs import Portable, glued
from recscale.book.references import References
from recscale.book.site import Publication

KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
HIDDEN = {"hide-input", "remove-input", "hide-cell", "remove-cell"}

FOLDED_CODE = {"jupyter": {"source_hidden": True}, "cellView": "form"}
"""Metadata of code that is folded away: JupyterLab's and VS Code's word for it, and Colab's."""

SET_UP = """# Set-up: does nothing where the library is there already.
import importlib.util, pathlib, subprocess, sys

if importlib.util.find_spec("recscale") is None:
    here = pathlib.Path("recscale-book")
    if not here.exists():
        clone = ["git", "clone", "--quiet", "--depth", "1", "--branch", BRANCH, REPOSITORY, str(here)]
        subprocess.run(clone, check=True)
    pins = (here / "requirements.lock").read_text().splitlines()
    alone = [pin for pin in pins if pin.startswith("torchrec==")]  # its dependencies are pinned above it
    rest = [pin for pin in pins if pin not in alone and pin and not pin.startswith("#")]
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, *rest], check=True)
    subprocess.run([*pip, "--no-deps", *alone, "--editable", str(here)], check=True)
    sys.path.insert(0, str(here / "src"))"""


def exported(executed: NotebookNode, page: str, references: References, folder: Path) -> NotebookNode:
    """The executed chapter ``page`` as a notebook that needs no Sphinx; ``folder`` holds the book's pictures.

    Raises ``ValueError`` for a number that no cell glues, a work that isn't in the bibliography, a missing picture.
    """
    plain = Plain(references, page, glued(executed), folder)
    portable = Portable(references, page)
    cells = list(_set_up(references.publication))
    for cell in executed.cells:
        cells += [_code(cell, portable)] if cell.cell_type == "code" else _text(cell, plain)
    notebook = new_notebook(cells=cells, metadata=KERNEL | {"language_info": {"name": "python"}})
    nbformat.validate(notebook)
    return notebook


def leftovers(notebook: NotebookNode) -> list[str]:
    """Directives and roles in the notebook's text cells: an exported one has none."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for one in blocks(cell.source):
                roles = [one.name] if isinstance(one, Directive) else [role["role"] for role in INLINE.finditer(one)]
                found += [f"{{{role}}}" for role in roles if role]
    return found


def _set_up(publication: Publication) -> Iterator[NotebookNode]:
    if publication.repository:
        source = SET_UP.replace("REPOSITORY", json.dumps(publication.repository))
        yield new_code_cell(source.replace("BRANCH", json.dumps(publication.branch)), id="set-up", metadata=FOLDED_CODE)


def _code(cell: NotebookNode, portable: Portable) -> NotebookNode:
    tags = cell.metadata.get("tags", [])
    metadata = {"tags": list(tags)} | (FOLDED_CODE if HIDDEN & set(tags) else {})
    made = {"id": cell.id, "metadata": metadata, "execution_count": cell.execution_count, "outputs": portable(cell)}
    return new_code_cell(cell.source, **made)


def _text(cell: NotebookNode, plain: Plain) -> Iterator[NotebookNode]:
    """A text cell; each solution that spans cells opens one of its own, which JupyterLab shows folded."""
    for number, (solves, piece) in enumerate(split_solutions(cell.source)):
        source, attachments = plain.cell(piece)
        if source:
            metadata = {"jp-MarkdownHeadingCollapsed": True} if solves else {}
            made = new_markdown_cell(source, id=f"{cell.id}{f'-{number}' if number else ''}", metadata=metadata)
            if attachments:
                made.attachments = attachments
            yield made


def export_page(executed: Path, page: str, references: References, folder: Path, target: Path) -> None:
    """Write the export of the executed chapter at ``executed`` to ``target``."""
    nbformat.write(exported(nbformat.read(executed, as_version=4), page, references, folder), target)
