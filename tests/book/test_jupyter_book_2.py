"""The export for Jupyter Book 2: what changes on the way, and that its own builder has nothing to complain about."""

import json
import shutil
import subprocess
from pathlib import Path

import nbformat
import nbformat.v4 as v4
import numpy as np
import pytest
import yaml

from recscale.book.execute import Layout, chapters, pages
from recscale.book.export_book import Myst, write_myst
from recscale.book.outputs import PLOTLY
from recscale.book.references import References, Target, read_references
from recscale.book.site import Publication
from recscale.figures import base, show

VERSION = "1.8.3"
LAYOUT = Layout()
TEXT = """(chapter-squares)=
# Squares

```{container} chapter-question
How many? {glue:text}`count` {cite:p}`au2020`, {term}`NDCG`@10, [](start), {ref}`here <chapter-squares>`.
```

```{admonition} Goals
:class: dropdown chapter-overview
$x^2$ by {eq}`law`.
```

$$
a = b
$$ (law)

```{exercise} Try
:label: squares-exercise-1
Do it.
```

```{solution-start} squares-exercise-1
:class: dropdown
```
"""
START = """# Start

```{glossary}
NDCG
  A measure
  of ranking.

two words
  More.
```

```{bibliography}
:style: alpha
```
"""


@pytest.fixture
def convert(tmp_path):
    targets = {name: Target("page", "Title") for name in ("page", "here")} | {"other": Target("other", "Other")}
    (tmp_path / "pictures").mkdir()
    (tmp_path / "a.svg").write_text('<svg viewBox="0 0 1 1"></svg>')
    return Myst(References(targets), "page", {"x": "0.5"}, tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{glue:text}`x:.2f` {cite:p}`key` {term}`a`", "0.50 {cite:p}`key` {term}`a`"),
        ("[](here), [b](other), [c](other.md)", "[](#here), [b](other.md), [c](other.md)"),
        ("{ref}`here`, {ref}`this <here>`", "[](#here), [this](#here)"),
        ("{term}`NDCG`@10", "{term}`NDCG`\\@10"),
        ("```{container} big\nText\n```", "```{div}\n:class: big\nText\n```"),
        ("```{note}\n{glue:text}`x`\n```", "```{note}\n0.5\n```"),
        ("```{unheard} T\nText\n```", "```{div}\nText\n```"),
        ("````{note}\n```python\nx\n```\n````", "````{note}\n```python\nx\n```\n````"),
        ("```{figure} a.svg\n:name: f\nText\n```", "```{figure} pictures/a.svg\n:name: f\nText\n```"),
        ("```{glossary}\na b\n  One\n  two.\n\nc\n  D\n```", "```{glossary}\na b\n: One\n  two.\n\nc\n: D\n```"),
        ("```{code-block} bash\n{glue:text}`x`\n```", "```{code-block} bash\n{glue:text}`x`\n```"),
    ],
)
def test_what_changes(convert, old, new):
    assert convert(old).strip() == new


@pytest.fixture
def project(tmp_path) -> Path:
    """A small book of two pages, exported."""
    x = np.arange(1.0, 4.0)
    html = show(base.points(base.figure("Squares"), x, x**2, "squares"), points=3).to_html()
    record = {"application/papermill.record/text/plain": "3"}
    outputs = [
        v4.new_output("display_data", record, metadata={"scrapbook": {"name": "count"}}),
        v4.new_output("display_data", {"text/html": html}),
    ]
    cells = [
        v4.new_markdown_cell(TEXT),
        v4.new_code_cell("show(fig)", outputs=outputs, metadata={"tags": ["hide-input"]}),
        v4.new_code_cell("1 + 1", metadata={"tags": ["remove-input"]}),
        v4.new_markdown_cell("```{solution-end}\n```"),
    ]
    book = tmp_path / "book"
    book.mkdir()
    nbformat.write(v4.new_notebook(cells=cells), book / "squares.ipynb")
    (book / "start.md").write_text(START)
    (book / "references.bib").write_text("@misc{au2020, author = {Au, A}, year = {2020}, title = {T}}\n")
    references = read_references(book, ["start", "squares"], Publication())
    toc = {"root": "start", "parts": [{"caption": "Part", "chapters": [{"file": "squares"}]}]}
    executed = {"squares": book / "squares.ipynb"}
    write_myst(executed, toc, "A small book", references, book, tmp_path / "out")
    return tmp_path / "out"


def test_pages_outputs_and_contents(project):
    config = yaml.safe_load((project / "myst.yml").read_text())
    assert config["project"]["toc"] == [
        {"file": "start.md"},
        {"title": "Part", "children": [{"file": "squares.md"}]},
        {"file": "outputs/squares.ipynb", "hidden": True},
    ]
    text = (project / "squares.md").read_text()
    assert "How many? 3 " in text
    assert "````{dropdown} Code\n```{code-block} python\nshow(fig)\n```\n````" in text
    assert "```{embed} #squares-output-1\n:remove-input: true\n```" in text
    assert "1 + 1" not in text
    (cell,) = nbformat.read(project / "outputs" / "squares.ipynb", as_version=4).cells
    assert cell.metadata["label"] == "squares-output-1"
    assert [PLOTLY in output.data for output in cell.outputs] == [True]


@pytest.fixture(scope="session")
def mystmd(tmp_path_factory) -> str:
    """The builder of Jupyter Book 2, from npm."""
    folder = tmp_path_factory.mktemp("npm")
    if shutil.which("npm") is None:
        pytest.skip("mystmd needs node and npm, and this machine has none")
    install = ["npm", "install", f"mystmd@{VERSION}", "--prefix", str(folder), "--no-audit", "--no-fund"]
    result = subprocess.run(install, capture_output=True, text=True, timeout=120)
    if result.returncode:
        pytest.skip(f"npm can't get mystmd {VERSION} here: {result.stderr.strip().splitlines()[-1]}")
    return str(folder / "node_modules" / ".bin" / "myst")


def strict_build(myst: str, project: Path) -> dict[str, int]:
    """Page -> figures in its content, after a strict build. It asks no other site: neither for the theme nor whether
    links answer.
    """
    config = yaml.safe_load((project / "myst.yml").read_text())
    config["site"]["template"] = "./template"
    config["project"]["error_rules"] = [{"rule": "link-resolves", "severity": "ignore"}]
    (project / "myst.yml").write_text(yaml.safe_dump(config))
    (project / "template").mkdir()
    (project / "template" / "template.yml").write_text("jtex: v1\ntitle: none\nversion: 1.0.0\nbuild: {}\n")
    result = subprocess.run([myst, "build", "--site", "--strict"], cwd=project, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    lines = (result.stdout + result.stderr).splitlines()  # unknown roles and directives don't change its exit status
    assert not [line for line in lines if ("⚠️" in line or "⛔️" in line) and "did not resolve" not in line]
    contents = (project / "_build" / "site" / "content").glob("*.json")
    return {path.stem: figures(json.loads(path.read_text())["mdast"]) for path in contents}


def figures(node) -> int:
    if isinstance(node, dict):
        own = node.get("type") == "output" and PLOTLY in node.get("jupyter_data", {}).get("data", {})
        return int(own) + sum(map(figures, node.values()))
    return sum(map(figures, node)) if isinstance(node, list) else 0


@pytest.mark.slow
def test_its_own_builder_has_nothing_to_complain_about(project, mystmd):
    assert strict_build(mystmd, project)["squares"] == 1


@pytest.mark.slow
def test_a_broken_reference_fails_the_build(project, mystmd):
    """The check above can fail."""
    page = project / "squares.md"
    page.write_text(page.read_text() + "\n\n{unheard}`role` and {cite:p}`nobody`\n")
    with pytest.raises(AssertionError, match="unheard"):
        strict_build(mystmd, project)


@pytest.mark.slow
def test_the_whole_book(tmp_path, mystmd):
    executed = {name: LAYOUT.executed / f"{name}.ipynb" for name in chapters(LAYOUT)}
    if not all(path.exists() for path in executed.values()):
        pytest.skip("the book is not built")
    references = read_references(LAYOUT.book, pages(LAYOUT), Publication())
    toc = yaml.safe_load(LAYOUT.toc.read_text())
    write_myst(executed, toc, "The book", references, LAYOUT.book, tmp_path / "out")
    shown = strict_build(mystmd, tmp_path / "out")
    assert all(shown[name] for name in executed if name in shown)
