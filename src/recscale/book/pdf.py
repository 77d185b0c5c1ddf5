"""The whole book as one PDF: a cover, the contents with page numbers, every page as its print style shows it.

Chromium prints the built pages one by one, with every figure drawn and every drawer open; ``pypdf`` binds them, with
an outline, numbers at the foot, and links that lead to the page they name.
"""

import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from itertools import accumulate
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from jinja2 import Template
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject

from recscale.book.execute import Layout, pages
from recscale.book.site import edition
from recscale.settings import whole_file

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
VIEWPORT = {"width": 700, "height": 1000}
"""As wide as the text of a sheet, so that tables and formulas are fitted to it."""

OPEN_ALL = """() => {
  document.documentElement.dataset.theme = 'light';
  document.querySelectorAll('details').forEach((element) => { element.open = true; });
  document.querySelectorAll('.toggle-hidden > .admonition-title').forEach((title) => title.click());
  document.dispatchEvent(new Event('recscale:draw-all'));
}"""
DRAWN = "() => [...document.querySelectorAll('.recscale-plot')].every((plot) => plot.dataset.drawn === 'yes')"
SET = "() => window.MathJax && MathJax.startup ? MathJax.startup.promise.then(() => 1) : 1"


@dataclass(frozen=True)
class Printed:
    """One page of the book on paper."""

    name: str
    title: str
    reader: PdfReader


def print_book(layout: Layout, output: Path, *, report: Callable[[str], None] = print) -> int:
    """Write the book in ``layout.html`` to ``output``; returns its number of sheets.

    Raises ``ValueError`` when there is no built book or no Chromium.
    """
    if not (layout.html / "index.html").exists():
        raise ValueError("there is no built book yet; `recscale book build` makes one")
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        raise ValueError(f"printing needs one of {', '.join(CHROMIUM)} on the path")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        printed = []
        for name in pages(layout):
            printed.append(_printed(browser, layout.html / f"{name}.html", name))
            report(f"{name}: {len(printed[-1].reader.pages)} sheets")
        front = _front(browser, layout, printed)
        sheets = len(front.pages) + sum(len(page.reader.pages) for page in printed)
        numbers = _paper(browser, _numbers(sheets))
        browser.close()
    writer = _bound(front, printed, numbers, layout.html)
    with whole_file(output) as stream:
        writer.write(stream)
    return sheets


def _printed(browser: Browser, path: Path, name: str) -> Printed:
    context = browser.new_context(viewport=VIEWPORT, offline=True)
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_load_state()
    page.evaluate(OPEN_ALL)
    page.wait_for_function(DRAWN)
    page.evaluate(SET)
    printed = Printed(name, page.title().partition(" — ")[0], _pdf(page))
    context.close()
    return printed


def _pdf(page: Page) -> PdfReader:
    page.emulate_media(media="print")
    return PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))


def _paper(browser: Browser, html: str) -> PdfReader:
    """A document of its own, from HTML."""
    page = browser.new_page()
    page.set_content(html)
    reader = _pdf(page)
    page.close()
    return reader


def _front(browser: Browser, layout: Layout, printed: Sequence[Printed]) -> PdfReader:
    """Cover and contents. The contents' own length shifts every number, so they are set twice."""
    config = yaml.safe_load(layout.config.read_text(encoding="utf-8"))
    template = Template((files("recscale.book") / "cover.html").read_text(encoding="utf-8"))
    logo = layout.book / config.get("logo", "")
    fields = {
        "title": escape(config["title"]),
        "author": escape(config.get("author", "")),
        "logo": logo.read_text(encoding="utf-8") if logo.suffix == ".svg" else "",
    }
    reader, length = None, 2
    while reader is None or len(reader.pages) != length:
        length = len(reader.pages) if reader else length
        starts = accumulate((len(page.reader.pages) for page in printed), initial=length + 1)
        lines = [
            f"<li><span>{escape(page.title)}</span><span>{start}</span></li>"
            for page, start in zip(printed, starts, strict=False)
        ]
        reader = _paper(browser, template.render(fields, **edition(), contents="".join(lines)))
    return reader


def _numbers(sheets: int) -> str:
    """A document of numbers, to lay over the book's sheets; none on the cover."""
    style = "@page { size: A4; margin: 0 } body { margin: 0; font: 9pt system-ui, sans-serif; color: #555 }"
    style += "div { height: 297mm; position: relative; break-after: page; overflow: hidden }"
    style += "div:last-child { break-after: auto }"
    style += "p { position: absolute; bottom: 8mm; width: 100%; text-align: center }"
    made = "".join(f"<div><p>{number if number > 1 else ''}</p></div>" for number in range(1, sheets + 1))
    return f"<!DOCTYPE html><style>{style}</style>{made}"


def _bound(front: PdfReader, printed: Sequence[Printed], numbers: PdfReader, html: Path) -> PdfWriter:
    writer = PdfWriter()
    writer.append(front, import_outline=False)
    first = {}
    for page in printed:
        _explicit(page.reader)
        first[page.name] = len(writer.pages)
        writer.append(page.reader, import_outline=False)
        writer.add_outline_item(title=page.title, page_number=first[page.name])
    for sheet, number in zip(writer.pages, numbers.pages, strict=True):
        sheet.merge_page(number)
        sheet.compress_content_streams()
        _inward(sheet, writer, first, html)
    writer.compress_identical_objects()
    return writer


def _explicit(reader: PdfReader) -> None:
    """Links within a page name a place; two pages may use one name, so the link gets the place itself."""
    places = reader.named_destinations
    for sheet in reader.pages:
        for link in sheet.get("/Annots", ()):
            place = places.get(str(link.get_object().get("/Dest", "")))
            if place is not None:
                link.get_object()[NameObject("/Dest")] = place.dest_array


def _inward(sheet: DictionaryObject, writer: PdfWriter, first: dict[str, int], html: Path) -> None:
    """Links to other pages of the book lead to their first sheet, not to a file of this machine."""
    for link in sheet.get("/Annots", ()):
        annotation = link.get_object()
        address = urlsplit(str(annotation.get("/A", {}).get("/URI", "")))
        if address.scheme != "file":
            continue
        target = Path(unquote(address.path))
        name = target.relative_to(html).with_suffix("").as_posix() if target.is_relative_to(html) else ""
        del annotation["/A"]
        if name in first:
            top = writer.pages[first[name]].mediabox.top
            place = [writer.pages[first[name]].indirect_reference, NameObject("/XYZ"), FloatObject(0), FloatObject(top)]
            annotation[NameObject("/Dest")] = ArrayObject([*place, FloatObject(0)])
