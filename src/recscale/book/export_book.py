"""The whole executed book written for other programs: a folder of notebooks, or a project for Jupyter Book 2."""

import os
from pathlib import Path

import yaml

from recscale.book.execute import Layout, execute_book, pages
from recscale.book.export import export_page
from recscale.book.jupyter_book_2 import write_myst
from recscale.book.publication import publication
from recscale.book.references import read_references
from recscale.settings import temporary_folder, writable


def export_book(layout: Layout, folder: Path, form: str, *, report=print) -> None:
    """Write the book to the new ``folder`` once it is whole; ``form`` is "ipynb" or "myst".

    Chapters that have changed run first; raises ``ChapterError`` when one fails.
    """
    executed = {result.chapter: result.path for result in execute_book(layout, report=report)}
    references = read_references(layout.book, pages(layout), publication(layout.config))
    with temporary_folder(writable(folder.parent)) as work:
        whole = work / "book"
        whole.mkdir()
        if form == "ipynb":
            for page, path in executed.items():
                export_page(path, page, references, layout.book, whole / f"{page}.ipynb")
        else:
            toc, config = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in (layout.toc, layout.config))
            write_myst(executed, toc, config["title"], references, layout.book, whole)
        os.replace(whole, folder)
