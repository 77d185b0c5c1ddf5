"""`make book` on a small book: it builds, does nothing the second time, and fails on every fault, every time."""

import shutil
import threading
import time

import nbformat
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
    assert "plotly-book.min.js" in page
    assert "plotly" not in (html / "start.html").read_text(), "a page without a figure loads no plotly.js"
    assert "mathjax/startup.js" in (html / "start.html").read_text()
    assert "mathjax/startup.js" not in page, "a page without a formula loads no MathJax"
    assert (html / "_static" / "plotly-book.min.js").stat().st_size < 1_200_000
    assert not (html / "_static" / "plotly.min.js").exists()
    assert list((html / "_static" / "mathjax").rglob("*.woff"))
    for name in ("start", "squares"):
        text = (html / f"{name}.html").read_text()
        assert "THEBE_JS_URL" not in text
        assert "cdn." not in text

    said = []
    monkeypatch.setattr(build, "sphinx", lambda *_: pytest.fail("nothing has changed"))
    assert build_book(small_book, report=said.append) == html
    assert said == ["nothing has changed since the last build"]


def test_with_parameters_the_book_is_built_beside_the_default_one_and_says_what_changed(small_book):
    path = write_notebook(small_book.book / "squares.ipynb", "count: int = 1", CELLS, title="Squares")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, path)
    html = build_book(small_book, report=silent, given={"squares": {"count": 3}})
    assert html == small_book.build / "reruns" / "3" / "html"
    page = (html / "squares.html").read_text()
    assert "Your own run" in page
    assert "count" in page
    assert not small_book.html.exists()


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


@pytest.fixture
def no_sphinx(small_book, monkeypatch) -> list[str]:
    """Instead of running chapters and Sphinx: pages that hold the source's text, each in a file; notes the builds."""
    builds: list[str] = []

    def sphinx(stage, built):
        builds.append((stage / "start.md").read_text())
        shutil.rmtree(built, ignore_errors=True)
        built.mkdir()
        for name in ("start", "squares"):
            (built / f"{name}.html").write_text(builds[-1])
        return built

    monkeypatch.setattr(build, "execute_book", lambda layout, report, given: [])
    monkeypatch.setattr(build, "check_book", lambda html, layout: [])
    monkeypatch.setattr(build, "sphinx", sphinx)
    return builds


def texts(layout) -> list[str]:
    return [path.read_text() for path in sorted(layout.html.glob("*.html"))]


@pytest.mark.parametrize("lost", [["squares.html"], ["squares.html", "start.html"]])
def test_pages_that_were_lost_are_built_again(small_book, no_sphinx, lost):
    build_book(small_book, report=silent)
    for name in lost:
        (small_book.html / name).unlink()
    build_book(small_book, report=silent)
    assert len(no_sphinx) == len(texts(small_book)) == 2
    build_book(small_book, report=silent)
    assert len(no_sphinx) == 2


class Killed(BaseException):
    """Stands for a kill: no handler of ours may run because of it, and none catches it."""


def killed(*_, **__):
    raise Killed


@pytest.mark.parametrize("replaced", [1, 2])
def test_a_build_killed_while_it_swaps_the_pages_leaves_whole_ones(small_book, no_sphinx, monkeypatch, replaced):
    """Killed before the first or the second renaming: the next build finds all old pages."""
    build_book(small_book, report=silent)
    old = texts(small_book)
    (small_book.book / "start.md").write_text("# Start\n\nAnother text.\n")
    calls, replace = [], build.os.replace

    def dies(source, target):
        calls.append(target)
        killed() if len(calls) == replaced else replace(source, target)

    with monkeypatch.context() as dying:
        dying.setattr(build.os, "replace", dies)
        with pytest.raises(Killed):
            build_book(small_book, report=silent)
    with monkeypatch.context() as failing:
        failing.setattr(build, "sphinx", killed)
        with pytest.raises(Killed):
            build_book(small_book, report=silent)
    assert texts(small_book) == old


def test_a_build_killed_while_it_deletes_the_old_pages_has_the_new_ones(small_book, no_sphinx, monkeypatch):
    build_book(small_book, report=silent)
    first = (small_book.book / "start.md").read_text()
    (small_book.book / "start.md").write_text("# Start\n\nAnother text.\n")
    delete = shutil.rmtree

    def dies(folder, **options):
        if folder.name != "html.old" or not folder.exists():
            return delete(folder, **options)
        (folder / "start.html").unlink()
        return killed()

    with monkeypatch.context() as dying:
        dying.setattr(build.shutil, "rmtree", dies)
        with pytest.raises(Killed):
            build_book(small_book, report=silent)
    assert texts(small_book) == ["# Start\n\nAnother text.\n"] * 2
    (small_book.book / "start.md").write_text(first)
    build_book(small_book, report=silent)
    assert texts(small_book) == [first] * 2
    assert sorted(path.name for path in small_book.html.parent.iterdir() if path.name.startswith("html")) == ["html"]


def test_a_second_build_says_that_it_waits_and_then_finds_nothing_to_do(small_book, no_sphinx, monkeypatch):
    sphinx, at_work, may_end = build.sphinx, threading.Event(), threading.Event()

    def slow(stage, output):
        at_work.set()
        assert may_end.wait(60)
        return sphinx(stage, output)

    monkeypatch.setattr(build, "sphinx", slow)
    said: list[str] = []
    first = threading.Thread(target=build_book, args=(small_book,), kwargs={"report": silent})
    second = threading.Thread(target=build_book, args=(small_book,), kwargs={"report": said.append})
    first.start()
    assert at_work.wait(60)
    second.start()
    while not said:
        time.sleep(0.01)
    assert said == [f"another build is at work in {small_book.build}; waiting for it"]
    may_end.set()
    for thread in (first, second):
        thread.join()
    assert said[1:] == ["nothing has changed since the last build"]
    assert len(no_sphinx) == 1
