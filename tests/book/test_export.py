"""A chapter leaves the book as a notebook that needs no Sphinx; nbconvert turns it into a page with its figures."""

import importlib.util
import subprocess
import sys

import nbformat
import nbformat.v4 as v4
import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from recscale.book.execute import Layout, chapters, pages
from recscale.book.export import exported, leftovers
from recscale.book.outputs import count_figures
from recscale.book.references import References, Target, read_references
from recscale.book.site import Publication, publication
from recscale.figures import base, show

LAYOUT = Layout()
TEXT = """(chapter-page)=
# A page

```{container} chapter-answer
It is {glue:text}`x:.1f`.
```

```{exercise} Try
:label: try
Do it.
```

```{solution-start} try
:class: dropdown
```
"""


@pytest.fixture
def executed():
    """An executed chapter with a number, a figure twice, and a solution of several cells."""
    x = np.arange(1.0, 4.0)
    html = show(base.points(base.figure("Squares"), x, x**2, "squares"), points=3).to_html()
    outputs = [
        v4.new_output(
            "display_data", {"application/papermill.record/text/plain": "0.25"}, metadata={"scrapbook": {"name": "x"}}
        ),
        v4.new_output("display_data", {"text/html": html, "text/plain": "<HTML>"}),
    ]
    metadata = {"tags": ["hide-input"], "papermill": {"duration": 1.0}}
    cells = [
        v4.new_markdown_cell(TEXT, id="opening"),
        v4.new_code_cell("x = 1", id="first", outputs=outputs, metadata=metadata),
        v4.new_code_cell("x", id="second", outputs=outputs[1:]),
        v4.new_markdown_cell("Done.\n\n```{solution-end}\n```", id="closing"),
    ]
    return v4.new_notebook(cells=cells, metadata={"papermill": {"version": "2"}})


@pytest.fixture
def references():
    return References({"try": Target("page", "Try", 1)})


def test_nothing_of_the_book_s_machinery_is_left(executed, references, tmp_path):
    notebook = exported(executed, "page", references, tmp_path)
    nbformat.validate(notebook)
    assert leftovers(executed) == ["{container}", "{exercise}", "{solution-start}", "{solution-end}"]
    assert leftovers(notebook) == []
    assert "papermill" not in nbformat.writes(notebook)
    assert "It is 0.2." in notebook.cells[0].source
    assert count_figures(notebook) == count_figures(executed) == 2


def test_code_is_the_same_and_folds_where_the_page_hides_it(executed, references, tmp_path):
    code = [cell for cell in exported(executed, "page", references, tmp_path).cells if cell.cell_type == "code"]
    assert [cell.source for cell in code] == ["x = 1", "x"]
    assert [cell.metadata.get("jupyter", {}) for cell in code] == [{"source_hidden": True}, {}]


def test_a_solution_folds_in_jupyterlab(executed, references, tmp_path):
    cells = exported(executed, "page", references, tmp_path).cells
    (solution,) = [cell for cell in cells if cell.metadata.get("jp-MarkdownHeadingCollapsed")]
    assert solution.source == "#### Solution to exercise 1"
    assert len({cell.id for cell in cells}) == len(cells)


def test_nbconvert_shows_every_figure_and_no_directive(executed, references, tmp_path):
    html, _ = HTMLExporter().from_notebook_node(exported(executed, "page", references, tmp_path))
    soup = BeautifulSoup(html, "lxml")
    assert len(soup.select(".plotly-figure")) == 2
    assert "{container}" not in soup.get_text()
    assert "{glue" not in soup.get_text()


def test_the_first_cell_sets_up_what_is_missing_only_in_a_published_book(executed, references, tmp_path):
    assert exported(executed, "page", references, tmp_path).cells[0].id == "opening"
    published = References(references.targets, {}, Publication(repository="https://github.com/a/b", branch="dev"))
    first = exported(executed, "page", published, tmp_path).cells[0]
    assert first.id == "set-up"
    assert '"--branch", "dev", "https://github.com/a/b"' in first.source
    result = subprocess.run([sys.executable, "-c", first.source], cwd=tmp_path, capture_output=True, text=True)
    assert (result.returncode, result.stdout, list(tmp_path.iterdir())) == (0, "", []), result.stderr


def test_the_set_up_cell_clones_and_installs_once(tmp_path, monkeypatch):
    """Against a repository on this disk, with pip's calls noted instead of made."""
    source = (
        exported(
            v4.new_notebook(cells=[]), "page", References(publication=Publication(repository="https://x.y/z")), tmp_path
        )
        .cells[0]
        .source.replace("https://x.y/z", str(tmp_path / "origin"))
        .replace('"--branch", "main", ', "")
    )
    origin = tmp_path / "origin"
    origin.mkdir()
    (origin / "requirements.lock").write_text("# pins\nnumpy==1\ntorchrec==2\n")
    for command in ("init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm x"):
        subprocess.run(["git", *command.split()], cwd=origin, check=True)
    calls, run = [], subprocess.run

    def noted(command, **options):
        calls.append(command[3:])
        return run(command, **options) if command[0] == "git" else None

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", noted)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "path", [*sys.path])
    exec(source, {})
    assert (tmp_path / "recscale-book" / "requirements.lock").exists()
    assert calls[1:] == [
        ["install", "--quiet", "numpy==1"],
        ["install", "--quiet", "--no-deps", "torchrec==2", "--editable", "recscale-book"],
    ]


@pytest.mark.parametrize("chapter", chapters(LAYOUT))
def test_every_executed_chapter_exports_whole(chapter):
    path = LAYOUT.executed / f"{chapter}.ipynb"
    if not path.exists():
        pytest.skip("the book is not built")
    executed = nbformat.read(path, as_version=4)
    references = read_references(LAYOUT.book, pages(LAYOUT), publication(LAYOUT.config))
    notebook = exported(executed, chapter, references, LAYOUT.book)
    assert leftovers(notebook) == []
    assert count_figures(notebook) == count_figures(executed) > 0
    html, _ = HTMLExporter().from_notebook_node(notebook)
    soup = BeautifulSoup(html, "lxml")
    assert len(soup.select(".plotly-figure")) == count_figures(executed)
    text = "".join(part.get_text() for part in soup.select(".jp-RenderedMarkdown"))
    assert not [
        mark for mark in ("{glue", "{admonition", "{numref", "{cite", "{term", "{ref}", ":label:") if mark in text
    ]
