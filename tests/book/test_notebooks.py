"""The chapters as sources: thin, without outputs, with parameters a person can look up, with exercises and figures."""

import ast
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recscale.book.dataset_pages import dataset_pages
from recscale.book.execute import Layout, chapters, pages
from recscale.book.parameters import CHAPTERS, parameter_defaults
from recscale.datasets import load_ctr
from recscale.settings import BOOK

LAYOUT = Layout()
NOTEBOOKS = chapters(LAYOUT)
HIDDEN = {"parameters", "hide-input", "remove-input", "remove-cell", "hide-cell"}
MOST_LINES = {"visible": 12, "teach": 25, "hidden": 60}
MOST_WORDS = 60
IMPORT = re.compile(r"(import|from) ")


def read(chapter: str) -> list[dict]:
    cells = json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def code(chapter: str) -> list[dict]:
    return [cell for cell in read(chapter) if cell["cell_type"] == "code"]


def prose(chapter: str) -> str:
    return "\n\n".join(cell["source"] for cell in read(chapter) if cell["cell_type"] == "markdown")


def test_every_page_of_the_contents_exists_once():
    listed = pages(LAYOUT)
    assert len(set(listed)) == len(listed)
    missing = [page for page in listed if not any((BOOK / f"{page}{ending}").exists() for ending in (".md", ".ipynb"))]
    assert missing == dataset_pages(), "all but these are written by people"


def test_every_notebook_and_text_is_in_the_contents():
    sources = {
        path.relative_to(BOOK).with_suffix("").as_posix() for path in (*BOOK.rglob("*.ipynb"), *BOOK.rglob("*.md"))
    }
    parts = {name for name in sources if name.startswith(("quizzes/", "teach/assignments/")) or name == "teach/slides"}
    assert sources - parts | set(dataset_pages()) == set(pages(LAYOUT))


def test_every_chapter_has_a_model_of_its_parameters_and_the_other_way_round():
    assert set(CHAPTERS) == set(NOTEBOOKS)


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_outputs_are_stripped(chapter):
    for cell in code(chapter):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_cells_are_thin(chapter):
    """What readers see is short; functions are written on a page only where it builds an idea (tag ``teach``)."""
    for cell in code(chapter):
        tags = set(cell["metadata"].get("tags", []))
        lines = [line for line in cell["source"].splitlines() if line.strip() and not IMPORT.match(line)]
        most = MOST_LINES["teach" if "teach" in tags else "hidden" if tags & HIDDEN else "visible"]
        assert len(lines) <= most, cell["source"]
        defined = [
            node for node in ast.walk(ast.parse(cell["source"])) if isinstance(node, ast.FunctionDef | ast.ClassDef)
        ]
        assert not defined or "teach" in tags, f"def and class belong into the library: {cell['source']}"


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_the_parameters_cell_is_first_annotated_and_matches_the_model(chapter):
    first, second, *_ = code(chapter)
    assert "parameters" in first["metadata"].get("tags", [])
    assert all(isinstance(node, ast.AnnAssign) for node in ast.parse(first["source"]).body)
    defaults = parameter_defaults((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    assert set(defaults) == set(CHAPTERS[chapter].model_fields)
    CHAPTERS[chapter](**defaults)
    (call,) = [
        node
        for node in ast.walk(ast.parse(second["source"]))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "chapter_settings"
    ]
    assert ast.literal_eval(call.args[0]) == chapter
    assert {keyword.arg for keyword in call.keywords} == set(defaults), "every parameter is passed on and checked"


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_a_chapter_opens_with_question_answer_claims_and_figure(chapter):
    cells = read(chapter)
    opening = cells[0]["source"]
    assert opening.startswith(f"(chapter-{chapter})=\n# ")
    (question,) = re.findall(r"```\{container\} chapter-question\n(.+?)\n```", opening, re.S)
    (answer,) = re.findall(r"```\{container\} chapter-answer\n(.+?)\n```", opening, re.S)
    assert question.endswith("?")
    assert len(re.sub(r"\{glue:text\}`[^`]*`", "N", answer).split()) <= MOST_WORDS
    first = next(cell for cell in cells if cell["cell_type"] == "code" and "show(" in cell["source"])
    assert "remove-input" in first["metadata"].get("tags", [])
    for word in ("**Goals.**", "**Before this.**", "**Time.**"):
        assert word in prose(chapter)


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_caveats_stand_once_in_one_short_box(chapter):
    boxes = re.findall(r"```\{admonition\} What this can't say\n(.+?)\n```", prose(chapter), re.S)
    assert len(boxes) <= 1
    for box in boxes:
        assert len([line for line in box.splitlines() if line.strip() and not line.startswith(":")]) <= 6


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_a_page_pastes_numbers_and_no_sentences(chapter):
    """What a text cell pastes is at most a few words: the sentences are written by people."""
    for cell in code(chapter):
        assert not re.search(r"_words\(|_sentence\(", cell["source"])


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_two_exercises_with_folded_solutions(chapter):
    text = prose(chapter)
    labels = re.findall(r"```+\{exercise\}[^\n]*\n:label: (\S+)", text)
    solved = re.findall(r"```+\{solution(?:-start)?\} (\S+)\n:class: dropdown", text)
    assert len(labels) >= 2
    assert sorted(labels) == sorted(solved)
    assert all(label.startswith(f"{chapter}-") for label in labels)


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_a_chapter_shows_figures_counted_from_their_tables(chapter):
    source = "\n".join(cell["source"] for cell in code(chapter))
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [(getattr(call.func, "id", getattr(call.func, "attr", "")), call) for call in calls]
    shows = [call for name, call in named if name == "show"]
    assert shows
    for call in shows:
        (points,) = [keyword.value for keyword in call.keywords if keyword.arg == "points"]
        assert not isinstance(points, ast.Constant), "the number of points comes from the table, not from a keyboard"


@pytest.mark.parametrize(
    "path", [*sorted(BOOK.glob("*.md")), *sorted(BOOK.glob("*.ipynb"))], ids=lambda path: path.name
)
def test_the_text_names_no_machine(path: Path):
    text = path.read_text(encoding="utf-8")
    assert "/home/" not in text
    assert "/Users/" not in text
    assert str(BOOK.parent) not in text


def test_the_exercise_on_the_split_by_time_says_so_where_there_are_no_timestamps():
    (solution,) = (cell["source"] for cell in code("training-wukong") if "data.split(name)" in cell["source"])
    data, shown = load_ctr("synthetic-ctr"), []
    names = {"np": np, "pd": pd, "display": lambda *what: shown.extend(what)}
    exec(solution, names | {"data": data})
    assert shown == []
    exec(solution, names | {"data": replace(data, timestamp=None)})
    table, sentence = shown
    assert table.index.tolist() == ["random"]
    assert sentence.data == "synthetic-ctr has no timestamps: it can't be split by time."
