"""Every fault of a page is found. The pages are written by hand, so that each holds exactly one."""

import json

import nbformat
import pytest

from recscale.book.check import check_book
from recscale.figures import base

from .conftest import write_notebook

SHOWS = "from recscale.figures import show\nshow(fig, points=3)"


def figure_html(points: int = 3, promised: int | None = None) -> str:
    fig = base.points(base.figure("Three"), list(range(points)), list(range(points)), "points")
    html = base.Shown(fig, points, "three", "").to_html()
    return html if promised is None else html.replace(f'data-points="{points}"', f'data-points="{promised}"')


@pytest.fixture
def html(small_book):
    """A built book without a fault: a start page and one chapter with one figure."""
    folder = small_book.html
    folder.mkdir(parents=True)
    small_book.executed.mkdir()
    write_notebook(small_book.executed / "squares.ipynb", SHOWS)
    (folder / "start.html").write_text('<p id="here"><a href="squares.html#top">a</a> <a href="#here">b</a></p>')
    (folder / "squares.html").write_text(f'<h1 id="top">Squares</h1>{figure_html()}')
    return folder


def page_with(html, body: str) -> None:
    (html / "squares.html").write_text(f'<h1 id="top">Squares</h1>{body}')


def test_no_fault(html, small_book):
    assert check_book(html, small_book) == []


def test_a_page_that_was_not_built(html, small_book):
    (html / "squares.html").unlink()
    assert "squares is in the table of contents but was not built" in check_book(html, small_book)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("", "squares: its cells show 1 figures, its page holds 0"),
        (figure_html() * 2, "squares: its cells show 1 figures, its page holds 2"),
        (figure_html(3, promised=4), "squares: figure three should draw 4 points and draws 3"),
        (figure_html(0, promised=0), "squares: figure three should draw 0 points and draws 0"),
        (figure_html() + '<a href="gone.html">x</a>', "squares.html: broken link to gone.html"),
        (figure_html() + '<img src="gone.png">', "squares.html: broken link to gone.png"),
        (figure_html() + '<a href="start.html#gone">x</a>', "squares.html: link to a missing anchor: start.html#gone"),
        (figure_html() + '<a href="#gone">x</a>', "squares.html: link to a missing anchor: #gone"),
        (
            figure_html() + '<script src="https://example.org/x.js"></script>',
            "squares.html: loads https://example.org/x.js from the network",
        ),
        (
            figure_html() + "<script>const THEBE_JS_URL = 1</script>",
            "squares.html: declares Thebe, which throws an error in the browser",
        ),
    ],
)
def test_faults_of_a_page(html, small_book, body, fault):
    page_with(html, body)
    assert fault in check_book(html, small_book)


@pytest.mark.parametrize(
    ("text", "shown", "faults"),
    [
        ("Plain.", 1, []),
        ("Plain.", 0, ["squares: its notebook to download holds 0 figures of 1"]),
        ("{term}`x` and {term}`y`", 1, ["squares: its notebook to download still says {term}"]),
    ],
)
def test_the_notebook_behind_the_download_button(html, small_book, text, shown, faults):
    def saved(path, text, figures):
        outputs = [nbformat.v4.new_output("display_data", {"text/html": figure_html()})] * figures
        cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell(SHOWS, outputs=outputs)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)

    (html / "_sources").mkdir()
    saved(small_book.executed / "squares.ipynb", text, 1)
    saved(html / "_sources" / "squares.ipynb", text, shown)
    assert check_book(html, small_book) == faults


def test_an_external_link_is_no_fault(html, small_book):
    page_with(html, figure_html() + '<a href="https://example.org">x</a><a href="mailto:a@b.c">y</a>')
    assert check_book(html, small_book) == []


def test_a_chapter_without_a_figure(html, small_book):
    write_notebook(small_book.executed / "squares.ipynb", "1 + 1")
    page_with(html, "")
    assert "squares: no cell shows a figure" in check_book(html, small_book)


@pytest.mark.parametrize(
    ("figures", "faults"),
    [
        (0, ["squares: its cells show 1 to 2 figures, its page holds 0"]),
        (1, []),
        (2, []),
        (3, ["squares: its cells show 1 to 2 figures, its page holds 3"]),
    ],
)
def test_a_figure_under_a_condition_may_be_absent(html, small_book, figures, faults):
    guarded = f"{SHOWS}\nshow(fig, points=3) if runs else 'no run yet'"
    write_notebook(small_book.executed / "squares.ipynb", guarded)
    page_with(html, figure_html() * figures)
    assert check_book(html, small_book) == faults


def test_noise_on_stderr_and_errors_let_through(html, small_book):
    path = small_book.executed / "squares.ipynb"
    notebook = json.loads(path.read_text())
    cell = notebook["cells"][1]
    cell["outputs"] = [
        {"output_type": "stream", "name": "stderr", "text": ["a warning\n"]},
        {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []},
    ]
    path.write_text(json.dumps(notebook))
    faults = check_book(html, small_book)
    assert "squares: a cell writes to stderr: 'a warning'" in faults
    assert "squares: a cell failed with ValueError: no" in faults
    cell["metadata"]["tags"] = ["remove-stderr"]
    cell["outputs"] = cell["outputs"][:1]
    path.write_text(json.dumps(notebook))
    assert check_book(html, small_book) == []
