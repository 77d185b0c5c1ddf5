"""The book on paper: every page in order, numbered, with an outline and links that stay inside."""

import shutil

import pytest
from pypdf import PdfReader

from recscale.book import pdf
from recscale.book.build import build_book
from recscale.book.execute import Layout

from .browsing import unavailable


def test_there_is_nothing_to_print_before_a_build(small_book, tmp_path):
    with pytest.raises(ValueError, match="there is no built book yet"):
        pdf.print_book(small_book, tmp_path / "out.pdf")
    assert not (tmp_path / "out.pdf").exists()


def test_printing_needs_a_chromium(small_book, tmp_path, monkeypatch):
    small_book.html.mkdir(parents=True)
    (small_book.html / "index.html").touch()
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="chromium"):
        pdf.print_book(small_book, tmp_path / "out.pdf")


@pytest.mark.slow
@pytest.mark.browser
def test_a_small_book_on_paper(small_book, tmp_path):
    if not any(map(shutil.which, pdf.CHROMIUM)):
        unavailable("there is no Chromium on the path")
    shutil.copytree(Layout().book / "_static", small_book.book / "_static")
    build_book(small_book, report=lambda *_: None)
    sheets = pdf.print_book(small_book, tmp_path / "out.pdf", report=lambda *_: None)
    reader = PdfReader(tmp_path / "out.pdf")
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) == sheets
    assert "A small book" in texts[0]
    assert "Contents" in texts[1]
    assert [item.title for item in reader.outline] == ["Start", "Squares"]
    assert all(text.rstrip().endswith(str(number)) for number, text in enumerate(texts[1:], start=2))
    starts = [reader.get_destination_page_number(item) for item in reader.outline]
    assert [f"{title}\n{start + 1}" in texts[1] for title, start in zip(("Start", "Squares"), starts, strict=True)]
    links = [link.get_object() for page in reader.pages for link in page.get("/Annots", ())]
    assert not [link for link in links if str(link.get("/A", {}).get("/URI", "")).startswith("file:")]
    inside = [link["/Dest"][0].get_object() for link in links if "/Dest" in link]
    assert reader.pages[starts[1]].get_object() in inside, "the first page links to the second"
    assert any(name in texts[starts[1]] for name in ("squares", "Squares"))
