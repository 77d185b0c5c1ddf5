"""The chapters as sources: thin, without outputs, with parameters a person can look up, with exercises and figures."""

import ast
import json
import re
from dataclasses import dataclass, replace
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
COLUMNS = 79
KINDS = ("pencil", "code", "data", "argue")
LEVELS = (1, 2, 3)
LEAST_EXERCISES = 5
"""The least number of exercises of a chapter, and of those that have fewer."""

IMPORT = re.compile(r"(import|from) ")


def read(chapter: str) -> list[dict]:
    cells = json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8"))["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def code(chapter: str) -> list[dict]:
    return [cell for cell in read(chapter) if cell["cell_type"] == "code"]


def prose(chapter: str) -> str:
    return "\n\n".join(cell["source"] for cell in read(chapter) if cell["cell_type"] == "markdown")


@dataclass(frozen=True)
class Exercise:
    """What the title of an exercise says of it: ``code · level 2: Decode DLRM``."""

    kind: str
    level: int
    label: str


def exercises(chapter: str) -> list[Exercise]:
    title = rf"```+\{{exercise\}} ({'|'.join(KINDS)}) · level ([{''.join(map(str, LEVELS))}]): [^\n]+\n:label: (\S+)"
    return [Exercise(kind, int(level), label) for kind, level, label in re.findall(title, prose(chapter))]


def checked_solutions(chapter: str) -> list[tuple[str, str]]:
    """The label of the exercise whose solution is open, and the source, of every cell tagged ``solution-check``."""
    found, label = [], ""
    for cell in read(chapter):
        if cell["cell_type"] == "markdown":
            for start, end in re.findall(r"\{solution-start\} (\S+)|(\{solution-end\})", cell["source"]):
                label = "" if end else start
        elif "solution-check" in cell["metadata"].get("tags", []):
            found.append((label, cell["source"]))
    return found


def theory(chapter: str) -> list[tuple[str, bool]]:
    """The sections with a displayed formula, exercises left out, and whether each has a picture."""
    sections: list[list[str]] = [["", ""]]
    for cell in read(chapter):
        first, *others = re.split(r"^## ", cell["source"], flags=re.MULTILINE)
        sections[-1][1] += f"\n{first}"
        sections += [part.split("\n", 1) if "\n" in part else [part, ""] for part in others]
    drawn = r"^```\{diagram\}|\]\(diagram-|\bshow\("
    return [
        (name, bool(re.search(drawn, text, re.MULTILINE)))
        for name, text in sections
        if "$$" in text and name != "Exercises"
    ]


def opens_with_a_figure(chapter: str) -> bool:
    """Question and answer in the first cell, then nothing to read before the first figure."""
    cells = read(chapter)
    shows = next((place for place, cell in enumerate(cells) if "show(" in cell["source"]), 0)
    between = {cell["cell_type"] for cell in cells[1 : shows + 1]}
    return "chapter-question" in cells[0]["source"] and "chapter-answer" in cells[0]["source"] and between == {"code"}


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
def test_exercises_have_a_kind_a_level_and_a_folded_solution(chapter):
    tasks, text = exercises(chapter), prose(chapter)
    solved = re.findall(r"```+\{solution(?:-start)?\} (\S+)\n:class: dropdown", text)
    assert sorted(task.label for task in tasks) == sorted(solved)
    assert len(tasks) == len(re.findall(r"```+\{exercise\}", text)), "a title is “kind · level N: what it is about”"
    assert all(task.label.startswith(f"{chapter}-") for task in tasks)
    assert len(tasks) >= LEAST_EXERCISES
    assert len({task.kind for task in tasks}) >= 2


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_an_exercise_in_code_checks_its_solution(chapter):
    kinds = {task.label: task.kind for task in exercises(chapter)}
    checked = checked_solutions(chapter)
    assert checked, "no cell tagged solution-check follows a solution"
    for label, source in checked:
        assert kinds.get(label) == "code", f"a check outside the solution of an exercise in code: {source}"
        assert re.search(r"\bassert", source), source


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_every_section_of_theory_has_a_picture(chapter):
    """A section with a displayed formula has a diagram or a figure, or links to a diagram."""
    assert [title for title, drawn in theory(chapter) if not drawn] == []


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_a_directive_begins_its_line(chapter):
    assert not re.search(r"^[^`\n]+`{3,}\{", prose(chapter), re.MULTILINE)


@pytest.mark.parametrize("chapter", NOTEBOOKS)
def test_visible_code_fits_its_column(chapter):
    for cell in code(chapter):
        if not HIDDEN & set(cell["metadata"].get("tags", [])):
            assert max(map(len, cell["source"].splitlines()), default=0) <= COLUMNS, cell["source"]


def test_a_table_of_what_every_chapter_has(capsys):
    rows = {}
    for chapter in NOTEBOOKS:
        tasks, sections = exercises(chapter), theory(chapter)
        rows[chapter] = {
            "question, answer, figure first": "yes" if opens_with_a_figure(chapter) else "no",
            "diagrams": len(re.findall(r"^```\{diagram\}", prose(chapter), re.MULTILINE)),
            "figures": sum(cell["source"].count("show(") for cell in code(chapter)),
            "theory drawn": f"{sum(drawn for _, drawn in sections)} of {len(sections)}",
            "exercises": len(tasks),
            "kinds": " ".join(f"{kind} {sum(task.kind == kind for task in tasks)}" for kind in KINDS),
            "checked": len({label for label, _ in checked_solutions(chapter)}),
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    with capsys.disabled():
        print(f"\n{table.to_string()}")
    assert (table["question, answer, figure first"] == "yes").all()


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
