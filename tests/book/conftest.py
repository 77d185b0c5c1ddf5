"""A small book in a temporary folder: two pages, one of them a notebook with a figure; and a browser."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from recscale.book.execute import Layout

from .browsing import chromium

CELLS = """import numpy as np
from recscale.figures import base, show
x = np.arange(1.0, 6.0)
fig = base.points(base.figure("Squares"), x, x**2, "squares")
show(fig, points=len(x))"""

CONFIG = """title: A small book
only_build_toc_files: true
execute: {execute_notebooks: "off"}
sphinx:
  extra_extensions: [recscale.book.extension]
  config:
    suppress_warnings: []
    html_theme_options: {navbar_start: [], navbar_center: [], navbar_end: [], navbar_persistent: []}
"""


def write_notebook(path: Path, *cells: str, title: str = "Title") -> Path:
    """A notebook without outputs: a heading and one code cell for each of ``cells``."""
    made = [nbformat.v4.new_markdown_cell(f"# {title}", id="title")]
    made += [nbformat.v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(cells)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata=kernel), path)
    return path


@pytest.fixture
def small_book(tmp_path: Path) -> Layout:
    """Sources of a book that builds without a fault; nothing is executed yet."""
    book = tmp_path / "book"
    book.mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "_config.yml").write_text(CONFIG)
    (tmp_path / "requirements.lock").write_text("numpy==1\n")
    (book / "_toc.yml").write_text("format: jb-book\nroot: start\nchapters:\n  - file: squares\n")
    (book / "start.md").write_text("# Start\n\nA formula $x^2$ and a [chapter](squares).\n")
    write_notebook(book / "squares.ipynb", CELLS, title="Squares")
    return Layout(
        book=book,
        build=tmp_path / "_build",
        data=tmp_path / "data",
        config=tmp_path / "_config.yml",
        lock=tmp_path / "requirements.lock",
    )


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with chromium() as launched:
        yield launched
