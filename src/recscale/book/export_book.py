"""The whole executed book written for other programs: a folder of notebooks, or a project for Jupyter Book 2.

In a project each page becomes a ``.md`` file. A chapter's code stands in it as text; what the code showed is embedded
from a notebook in ``outputs/``, which is no page of its own. Directives and roles that both versions know stay as they
are; glued numbers become text, ``container`` a ``div``, a diagram a figure with a file.
"""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from recscale.book.blocks import Directive, fenced
from recscale.book.execute import Layout, execute_book, files_below, pages
from recscale.book.export import HIDDEN, KERNEL, export_page
from recscale.book.markdown import INLINE, INLINE_SVG, NAMED, PICTURES, Plain, drawing
from recscale.book.outputs import Portable, glued
from recscale.book.references import References, Target, markdown_of, read_references
from recscale.book.site import publication
from recscale.settings import temporary_folder, writable

KNOWN = frozenset(
    (
        *("admonition", "attention", "bibliography", "caution", "code-block", "danger", "dropdown", "embed", "error"),
        *("exercise", "figure", "glossary", "hint", "image", "important", "list-table", "math", "note", "seealso"),
        *("solution", "solution-end", "solution-start", "tab-item", "tab-set", "table", "tip", "warning"),
    )
)
"""Directives that mean the same in both versions; the content of another one stands in a ``div``."""

UNSHOWN = frozenset(("remove-input", "remove-cell"))


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


def write_myst(
    executed: dict[str, Path], toc: dict[str, Any], title: str, references: References, book: Path, folder: Path
) -> None:
    """Write the project: ``myst.yml``, a ``.md`` file per page, outputs, pictures and the bibliography.

    ``executed`` are the chapters' notebooks by name, ``toc`` is the table of contents of version 1.
    """
    (folder / "outputs").mkdir(parents=True)
    (folder / "pictures").mkdir()
    if (bibliography := book / "references.bib").exists():
        shutil.copyfile(bibliography, folder / "references.bib")
    entries = [{"file": f"{toc['root']}.md"}, *_entries(toc)]
    for page in [toc["root"], *files_below(toc)]:
        if page in executed:
            text = _chapter(nbformat.read(executed[page], as_version=4), page, references, book, folder)
            entries.append({"file": f"outputs/{page}.ipynb", "hidden": True})
        else:
            text = Myst(references, page, {}, book, folder)(markdown_of(book, page))
        (folder / f"{page}.md").parent.mkdir(exist_ok=True)
        (folder / f"{page}.md").write_text(text.strip("\n") + "\n", encoding="utf-8")
    project = {"title": title, "toc": entries, "license": {"content": "CC-BY-4.0", "code": "MIT"}}
    site = {"template": "book-theme", "title": title}
    config = yaml.safe_dump({"version": 1, "project": project, "site": site}, sort_keys=False, allow_unicode=True)
    (folder / "myst.yml").write_text(config, encoding="utf-8")


def _entries(toc: dict[str, Any]) -> list[dict[str, Any]]:
    """Parts and chapters of version 1 as entries of version 2."""
    entries = [{"title": part["caption"], "children": _entries(part)} for part in toc.get("parts", [])]
    for chapter in toc.get("chapters", []) + toc.get("sections", []):
        children = _entries(chapter)
        entries.append({"file": f"{chapter['file']}.md"} | ({"children": children} if children else {}))
    return entries


def _chapter(executed: NotebookNode, page: str, references: References, book: Path, folder: Path) -> str:
    """The text of a chapter; what its cells showed goes to ``outputs/``."""
    convert, portable = Myst(references, page, glued(executed), book, folder), Portable(references, page)
    parts, shown = [], []
    for cell in executed.cells:
        if cell.cell_type == "markdown":
            parts.append(convert(cell.source))
            continue
        tags = set(cell.metadata.get("tags", []))
        if not UNSHOWN & tags:
            code = fenced("code-block", "python", {}, cell.source)
            parts.append(fenced("dropdown", "Code", {}, code) if HIDDEN & tags else code)
        if outputs := portable(cell):
            label = f"{page}-output-{len(shown) + 1}"
            shown.append(new_code_cell(cell.source, id=cell.id, outputs=outputs, metadata={"label": label}))
            parts.append(fenced("embed", f"#{label}", {"remove-input": "true"}, ""))
    nbformat.write(new_notebook(cells=shown, metadata=KERNEL), folder / "outputs" / f"{page}.ipynb")
    return "\n\n".join(parts)


class Myst(Plain):
    """MyST of version 1 as MyST of version 2; pictures are written to ``target``."""

    def __init__(self, references: References, page: str, values: dict[str, str], folder: Path, target: Path) -> None:
        super().__init__(references, page, values, folder)
        self.target = target

    def _prose(self, text: str) -> str:
        text = INLINE_SVG.sub(lambda found: self._attached("drawing", drawing(found[0], self.folder)), text)
        return re.sub(r"`@(?=\d)", r"`\\@", INLINE.sub(self._inline, text))  # "NDCG@10" cites nobody

    def _role(self, role: str, content: str) -> str:
        if role.startswith("glue"):
            return self._glued(content)
        if role in ("ref", "doc", "myst", "any"):
            named = NAMED.match(content)
            text, name = (named["text"], named["target"]) if named else ("", content)
            return self._link(name, text, text or name)
        return f"{{{role}}}`{content}`"

    def _link(self, name: str, text: str, unknown: str) -> str:
        target = self.references.target(name.partition("#")[0] or name)
        return f"[{text}]({_address(name, target)})" if target else unknown

    def _directive(self, one: Directive) -> str:
        options = dict(one.options)
        if one.name == "container":
            return fenced("div", "", {"class": one.argument}, self(one.body))
        if one.name in PICTURES:
            name = "figure" if one.name == "diagram" else one.name
            address = re.search(r"\((.+)\)$", self._picture(self._path(one), ""))[1]
            return fenced(name, address, options, self(one.body))
        if one.name == "quiz":
            return self._quiz(one)
        if one.name == "glossary":
            return fenced("glossary", "", options, _definitions(self(one.body)))
        if one.name == "bibliography":
            return fenced("bibliography", "", {}, "")
        if one.name in ("code-block", "math"):
            return fenced(one.name, one.argument, options, one.body)
        name = one.name if one.name in KNOWN else "div"
        return fenced(name, self(one.argument) if name == one.name else "", options, self(one.body))

    def _attached(self, alt: str, content: str | bytes, name: str = "") -> str:
        name = name or f"{self.page}-drawing-{sum(1 for _ in (self.target / 'pictures').iterdir()) + 1}.svg"
        (self.target / "pictures" / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return f"![{alt}](pictures/{name})"


def _address(name: str, target: Target) -> str:
    """A label is linked as ``#label``, a page as its file."""
    name = name.removesuffix(".md").removesuffix(".ipynb")
    return f"{target.page}.md" if name == target.page else f"#{name.removeprefix('#')}"


def _definitions(body: str) -> str:
    """Sphinx's glossary, a term with its definition indented below, as Markdown's definition list."""
    opened = re.sub(r"^([^\s:].*)\n +", r"\1\n: ", body, flags=re.MULTILINE)
    return re.sub(r"^ +", "  ", opened, flags=re.MULTILINE)
