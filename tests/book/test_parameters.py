"""A misspelt or ill-typed parameter stops a chapter with one sentence that says what is allowed."""

from typing import Annotated

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from pydantic import Field

from recscale.book import parameters, tables
from recscale.book.parameters import Chapter, CTRChapter, ParameterError, allowed, chapter_settings, check_parameters


class Scaling(CTRChapter):
    layers: Annotated[int, Field(ge=1)]
    rate: float
    note: str


GOOD = {"dataset": "frappe", "profile": "quick", "seeds": [0, 1], "layers": 2, "rate": 0.1, "note": ""}


def shell_with(history: list[str]) -> InteractiveShell:
    shell = InteractiveShell()
    shell.user_ns["In"] = history
    return shell


@pytest.fixture(autouse=True)
def chapters(monkeypatch):
    monkeypatch.setattr(parameters, "CHAPTERS", {"scaling": Scaling, "plain": Chapter})


def test_good_values_come_back_typed_and_frozen():
    settings = chapter_settings("scaling", **GOOD)
    assert settings.layers == 2
    assert settings.seeds == [0, 1]
    with pytest.raises(ValueError, match="frozen"):
        settings.layers = 3


def test_an_int_passes_for_a_float_but_no_string_passes_for_a_number():
    assert chapter_settings("scaling", **GOOD | {"rate": 1}).rate == 1.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bogus": 3}, "scaling has no parameter 'bogus'"),
        ({"layers": "2"}, "'2' is no value for 'layers'"),
        ({"layers": 2.0}, "2.0 is no value for 'layers'"),
        ({"layers": True}, "True is no value for 'layers'"),
        ({"layers": 0}, "0 is no value for 'layers'.*greater than or equal to 1"),
        ({"profile": "fast"}, "'fast' is no value for 'profile'"),
        ({"seeds": 0}, "0 is no value for 'seeds'"),
        ({"seeds": []}, "'seeds'"),
        ({"seeds": ["0"]}, "'seeds'"),
        ({"rate": "0.1"}, "'rate'"),
    ],
)
def test_a_wrong_value_gives_one_sentence_with_what_is_allowed(change, words):
    with pytest.raises(ParameterError, match=words) as caught:
        chapter_settings("scaling", **GOOD | change)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert all(name in sentence for name in GOOD)


def test_a_missing_parameter_is_named():
    with pytest.raises(ParameterError, match="needs a value for its parameter 'layers'"):
        chapter_settings("scaling", **{name: value for name, value in GOOD.items() if name != "layers"})


def test_an_unknown_chapter_lists_the_chapters():
    with pytest.raises(ParameterError, match="no chapter is called 'scalling'; the chapters are scaling, plain"):
        chapter_settings("scalling", **GOOD)


def test_what_papermill_injected_is_checked_though_the_call_doesn_t_pass_it(monkeypatch):
    history = ["", "seeds = [0]", "# Parameters\nbogus = 3\nseeds = [1]\n", "chapter_settings(...)"]
    monkeypatch.setattr(parameters, "get_ipython", lambda: shell_with(history))
    with pytest.raises(ParameterError, match="plain has no parameter 'bogus'"):
        chapter_settings("plain", profile="quick", seeds=[1])


def test_cells_that_papermill_did_not_write_are_not_parameters(monkeypatch):
    history = ["rows = 3", "rows: int = 5", "import numpy"]
    monkeypatch.setattr(parameters, "get_ipython", lambda: shell_with(history))
    assert chapter_settings("plain", profile="quick", seeds=[1]).seeds == [1]


def test_a_notebook_shows_the_sentence_without_a_traceback():
    assert ParameterError("no")._render_traceback_() == ["ParameterError: no"]


def test_allowed_in_words():
    assert allowed("scaling") == (
        "profile ('smoke' or 'quick' or 'full'), seeds (list[int]), dataset (str), layers (int), rate (float), "
        "note (str)"
    )


def test_check_before_running_lays_the_given_over_the_notebook_s_defaults(monkeypatch, tmp_path):
    import nbformat

    cell = nbformat.v4.new_code_cell(
        'profile: str = "quick"\nseeds: list[int] = [0]', metadata={"tags": ["parameters"]}
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "plain.ipynb")
    monkeypatch.setattr(parameters, "BOOK", tmp_path)
    check_parameters("plain", {"seeds": [5]})
    with pytest.raises(ParameterError, match="plain has no parameter 'seed'"):
        check_parameters("plain", {"seed": [5]})


def test_numpy_scalars_show_as_numbers_in_a_chapter(monkeypatch):
    shell = shell_with([])
    for module in (parameters, tables):
        monkeypatch.setattr(module, "get_ipython", lambda: shell)
    chapter_settings("plain", profile="quick", seeds=[1])
    shown = [shell.display_formatter.format(value)[0]["text/plain"] for value in (np.float64(0.5), np.int64(3))]
    assert shown == ["0.5", "3"]
