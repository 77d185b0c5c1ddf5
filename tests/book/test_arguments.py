"""Words of the command line become values of the parameters' own types, whatever YAML would make of them."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from recscale.book import arguments, parameters
from recscale.book.arguments import book_arguments, checked_arguments, command_line
from recscale.book.parameters import CTRChapter, ParameterError, SequenceChapter
from recscale.datasets.cards import find_card

DEFAULTS = """
dataset: str = "frappe"
profile: str = "quick"
seeds: list[int] = [0]
layers: int = 2
rate: float = 0.1
task: int = 1
note: str = ""
"""


class Scaling(CTRChapter):
    layers: Annotated[int, Field(ge=1)]
    rate: Annotated[float, Field(gt=0)]
    task: Literal[1, 2]
    note: str


@pytest.fixture(autouse=True)
def chapter(monkeypatch, tmp_path):
    import nbformat

    cell = nbformat.v4.new_code_cell(DEFAULTS.strip(), metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "scaling.ipynb")
    monkeypatch.setattr(parameters, "BOOK", tmp_path)
    for module in (parameters, arguments):
        monkeypatch.setattr(module, "CHAPTERS", {"scaling": Scaling})
    monkeypatch.setattr(arguments, "find_card", lambda name: None)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("rate", "1e-3", 0.001),
        ("rate", "1e-05", 1e-05),
        ("rate", ".5", 0.5),
        ("rate", "1", 1.0),
        ("layers", "010", 10),
        ("layers", " 3 ", 3),
        ("task", "2", 2),
        ("profile", "smoke", "smoke"),
        ("seeds", "[0, 1]", [0, 1]),
        *(("note", text, text) for text in ("007", "on", "null", "2024-05-01", "1e-3", "[a", "~", "", "a: b")),
        *(("dataset", text, text) for text in ("007", "on", "2024-05-01")),
    ],
)
def test_a_text_is_read_by_the_type_of_its_parameter(name, text, value):
    found = checked_arguments("scaling", {name: text})[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rate", "fast"),
        ("rate", "nan"),
        ("rate", "inf"),
        ("layers", "2.0"),
        ("layers", "1e3"),
        ("layers", "true"),
        ("task", "3"),
        ("task", "02"),
        ("seeds", "many"),
        ("seeds", "1"),
        ("seeds", "[0.5]"),
        ("seeds", "[1, 1]"),
        ("seeds", "[-1]"),
        ("profile", "Smoke"),
    ],
)
def test_a_text_that_is_no_value_is_named(name, text):
    with pytest.raises(ParameterError, match=f"is no value for '{name}' of scaling") as caught:
        checked_arguments("scaling", {name: text})
    assert "\n" not in str(caught.value)


def test_a_parameter_that_there_is_not():
    with pytest.raises(ParameterError, match="scaling has no parameter 'layer'"):
        checked_arguments("scaling", {"layer": "3"})


def test_a_card_is_a_file_seen_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert checked_arguments("scaling", {"dataset": "cards/shop.toml"}) == {
        "dataset": str(tmp_path / "cards/shop.toml")
    }


def test_a_data_set_that_is_not_there_is_found_before_the_chapter_runs(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="unknown data set 'frape'; allowed are"):
        checked_arguments("training-wukong", {"dataset": "frape"})
    with pytest.raises(ValueError, match=r"shop\.toml"):
        checked_arguments("training-wukong", {"dataset": "shop.toml"})


def test_a_command_line_is_read_back():
    assert command_line("scaling", {"layers": 3, "seeds": [0, 1], "note": "a b"}) == (
        "recscale chapter run scaling -p layers 3 -p seeds '[0, 1]' -p note 'a b'"
    )


@pytest.fixture
def book(monkeypatch) -> dict[str, dict]:
    """Chapters for impressions, for sequences, for one of two published data sets, and for none; their defaults."""

    class Published(parameters.Parameters):
        dataset: Literal["frappe", "ml-1m"]

    chapters = {"ctr": Scaling, "sequences": SequenceChapter, "published": Published, "none": parameters.Chapter}
    monkeypatch.setattr(arguments, "CHAPTERS", chapters)
    monkeypatch.setattr(arguments, "find_card", find_card)
    own = {"profile": "quick", "seeds": [0]}
    return {
        "ctr": {"dataset": "frappe", **own},
        "sequences": {"dataset": "movielens-100k", **own},
        "published": {"dataset": "ml-1m"},
        "none": own,
    }


def test_the_whole_book_about_another_data_set(book):
    assert book_arguments(book, "movielens-1m", None) == {
        "ctr": {"dataset": "movielens-1m"},
        "sequences": {"dataset": "movielens-1m"},
    }
    assert book_arguments(book, "frappe", None) == {"published": {"dataset": "frappe"}}, "ctr has it by default"
    assert book_arguments(book, None, "smoke") == {name: {"profile": "smoke"} for name in ("ctr", "sequences", "none")}
    assert book_arguments(book, "ml-1m", None) == {}, "the default of the only chapter that has it"
    assert book_arguments(book, None, None) == {}


def test_what_fits_no_chapter_is_refused(book):
    with pytest.raises(ValueError, match="no chapter has 'fast' for its profile; allowed are smoke, quick, full"):
        book_arguments(book, None, "fast")
    with pytest.raises(ValueError, match="frapp"):
        book_arguments(book, "frapp", None)
