"""The stale-prose guard: text that relies on a verdict is found when the verdict changes."""

import nbformat.v4 as v4
import pytest

from recscale.book.changes import annotate, opening_of, relied_on, stale

SOURCE = "## The law\n\nThe loss falls with compute. That is all.\n\nMore."


@pytest.fixture
def notebook():
    """A chapter with a paragraph that relies on one claim, and an executed cell that shows it."""
    text = v4.new_markdown_cell(SOURCE, metadata={"claims": {"falls": "holds"}})
    return v4.new_notebook(cells=[v4.new_markdown_cell("# Title"), v4.new_code_cell("show"), text])


def test_text_that_still_fits_is_left_alone(notebook):
    assert stale(notebook, {"falls": "holds", "other": "open"}) == []


def test_a_flipped_verdict_names_sentence_claim_and_both_verdicts(notebook):
    (one,) = stale(notebook, {"falls": "does not hold"})
    assert str(one) == "“The loss falls with compute.” relies on falls: 'holds', which is now 'does not hold'"


def test_a_claim_that_is_gone_is_a_fault_in_the_build_alone(notebook):
    (one,) = stale(notebook, {})
    assert "there is no such claim" in str(one)
    assert stale(notebook, {}, unknown=False) == []


def test_a_rerun_marks_what_no_longer_fits(notebook):
    annotate(notebook, {"falls": "open"}, "What has changed.")
    assert notebook.cells[1].source == "What has changed."
    assert notebook.cells[3].source.startswith("```{admonition} The next paragraphs")
    assert "falls: holds → open" in notebook.cells[3].source
    assert notebook.cells[4].source == SOURCE


def test_the_opening_of_skips_headings_labels_and_directives():
    assert opening_of("(label)=\n# Title\n\n```{note}\n:class: x\nOne thing? Two.\n```") == "One thing?"
    assert opening_of("# Only a title") == ""


def test_only_text_with_claims_relies_on_them(notebook):
    assert [position for position, _, _ in relied_on(notebook)] == [2]
