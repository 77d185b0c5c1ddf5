"""`make book` on a small book: it builds, does nothing the second time, and fails on every fault, every time."""

import pytest

from recscale.book import build
from recscale.book.build import BuildError, build_book
from recscale.book.execute import ChapterError

from .conftest import CELLS, write_notebook

pytestmark = pytest.mark.slow


def silent(*_):
    pass


def fails_twice(layout, error, words):
    """The first build and a later one with nothing changed both fail."""
    for _ in range(2):
        with pytest.raises(error, match=words):
            build_book(layout, report=silent)
    assert not layout.html.exists()


def test_a_good_book_is_built_once(small_book, monkeypatch):
    html = build_book(small_book, report=silent)
    page = (html / "squares.html").read_text()
    assert 'data-points="5"' in page
    assert "plotly.min.js" in page
    assert "plotly.min.js" not in (html / "start.html").read_text(), "a page without a figure loads no plotly.js"
    assert "mathjax/tex-chtml-full.js" in (html / "start.html").read_text()
    assert (html / "_static" / "plotly.min.js").stat().st_size > 3_000_000
    assert list((html / "_static" / "mathjax").rglob("*.woff"))
    for name in ("start", "squares"):
        text = (html / f"{name}.html").read_text()
        assert "THEBE_JS_URL" not in text
        assert "cdn." not in text

    said = []
    monkeypatch.setattr(build, "_sphinx", lambda *_: pytest.fail("nothing has changed"))
    assert build_book(small_book, report=said.append) == html
    assert said == ["nothing has changed since the last build"]


def test_a_failing_cell(small_book):
    write_notebook(small_book.book / "squares.ipynb", CELLS, "raise ValueError('on purpose')")
    fails_twice(small_book, ChapterError, "chapter squares: ValueError: on purpose")


def test_a_warning_of_sphinx(small_book):
    (small_book.book / "start.md").write_text("# Start\n\nSee {ref}`nowhere`.\n")
    fails_twice(small_book, BuildError, "nowhere")


def test_a_link_that_sphinx_doesn_t_see(small_book):
    (small_book.book / "start.md").write_text('# Start\n\n<a href="gone.html">gone</a>\n')
    fails_twice(small_book, BuildError, "broken link to gone.html")


def test_a_figure_that_never_reaches_its_page(small_book):
    """A figure shown by plotly's own renderer has a MIME type no page can hold; Sphinx warns, and that is an error."""
    write_notebook(small_book.book / "squares.ipynb", CELLS, "fig")
    fails_twice(small_book, BuildError, r"plotly|unknown_mime_type|skipping")


def test_a_failed_build_leaves_the_good_pages(small_book):
    html = build_book(small_book, report=silent)
    good = (html / "start.html").read_text()
    (small_book.book / "start.md").write_text('# Start\n\n<a href="gone.html">gone</a>\n')
    with pytest.raises(BuildError, match=r"gone\.html"):
        build_book(small_book, report=silent)
    assert (html / "start.html").read_text() == good
