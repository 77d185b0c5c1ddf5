"""What a rerun says has changed: parameters, verdicts and numbers beside the default's."""

import nbformat.v4 as v4
import pytest
from bs4 import BeautifulSoup

from recscale.book import changes as module
from recscale.book.changes import box, changes, observed_in
from recscale.claims.render import MIME


def row(id, verdict, value, low=None, high=None, unit=""):
    keys = {"id": id, "statement": f"{id} <is> so.", "verdict": verdict, "observed": value, "unit": unit}
    return keys | {"ci_low": low, "ci_high": high}


DEFAULT = [row("falls", "holds", 0.5, 0.4, 0.6), row("first", "open", "power law"), row("same", "holds", 1.0)]
YOURS = [
    row("falls", "open", 0.5, -0.4, 1.4),
    row("first", "open", "line"),
    row("same", "holds", 1.0),
    row("new", "open", "x"),
]


def notebook(claims, **numbers):
    shown = v4.new_output("display_data", {MIME: claims, "text/html": ""})
    glued = [
        v4.new_output(
            "display_data", {"application/papermill.record/text/plain": text}, metadata={"scrapbook": {"name": name}}
        )
        for name, text in numbers.items()
    ]
    return v4.new_notebook(cells=[v4.new_code_cell('load_claims(sources=("b",))', outputs=[shown, *glued])])


@pytest.fixture
def computed(monkeypatch) -> list[str]:
    """Three bodies of evidence, of which "b" has all claims; notes which were computed."""
    computed: list[str] = []

    def load(sources):
        computed.extend(sources)
        return DEFAULT if sources == ("b",) else []

    monkeypatch.setattr(module, "SOURCES", {"a": None, "b": None, "c": None})
    monkeypatch.setattr(module, "load_claims", load)
    monkeypatch.setattr(module, "claim_rows", lambda claims: claims)
    return computed


def test_parameters_claims_and_numbers_that_differ(computed):
    mine, theirs = notebook(YOURS, alpha="0.2", sizes="6"), notebook(DEFAULT, alpha="0.1", sizes="6")
    change = changes(mine, {"seeds": [0], "task": 1}, {"seeds": [0, 1], "task": 1}, theirs)
    assert change.parameters == {"seeds": ([0], [0, 1])}
    assert [default and default["id"] for default, _ in change.claims] == ["falls", "first", "same", None]
    assert change.flipped == 1
    assert change.numbers == {"alpha": ("0.1", "0.2")}


def test_only_the_evidence_that_the_chapter_names_is_computed(computed):
    changes(notebook(YOURS[:3]), {}, {"task": 2}, None)
    assert computed == ["b"]


def test_the_box_shows_what_differs_and_folds_what_doesn_t(computed):
    change = changes(notebook(YOURS, alpha="0.2"), {"task": 1}, {"task": 2}, notebook(DEFAULT, alpha="0.1"))
    text = box(change)
    assert text.startswith("````{admonition} Your own run\n")
    soup = BeautifulSoup(text, "lxml")
    folded = soup.find_all("details")
    assert [one.summary.get_text() for one in folded] == ["1 numbers in the text differ", "1 claims are as by default"]
    for one in folded:
        one.extract()
    lines = [
        [" ".join(cell.get_text(" ").split()) for cell in line.find_all(["th", "td"])]
        for line in soup.select("tbody tr")
    ]
    assert lines[0] == ["task", "1", "2"]
    assert lines[1] == ["falls <is> so.", "● holds 0.5 [0.4, 0.6]", "? open 0.5 [−0.4, 1.4]"]
    assert lines[2] == ["first <is> so.", "? open power law", "? open line"]
    assert lines[3][1] == "–"
    assert [line[0] for line in lines] == [one.th.get_text() for one in soup.select("tbody tr")]
    assert [one.th.get_text() for one in soup.select("tr.changed")] == ["task", "falls <is> so."]


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (row("a", "holds", 1200.0, 1000.0, 1400.0, "s"), "1,200 s [1,000, 1,400]"),
        (row("a", "holds", "4 of 6"), "4 of 6"),
        (row("a", "holds", None), "–"),
        (row("a", "holds", 0.5, 0.5, 0.5), "0.5"),
    ],
)
def test_observed(shown, text):
    assert observed_in(shown) == text
