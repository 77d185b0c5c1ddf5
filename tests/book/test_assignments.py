"""Assignments: the reference solution earns everything, the notebook as handed out nothing (must-show of the issue)."""

import nbformat
import pytest

from recscale.book.assignments import SOLVED, assignment_names, grade, make_assignment

NAMES = assignment_names()


def test_there_are_five_and_a_capstone():
    assert len(NAMES) == 6
    assert "capstone-audit" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_solved_notebooks_are_stripped(name):
    for cell in nbformat.read(SOLVED / f"{name}.ipynb", as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_an_unknown_name_says_which_there_are(tmp_path):
    with pytest.raises(ValueError, match="no assignment is called 'nothing'; there are capstone-audit, "):
        make_assignment("nothing", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_reference_passes_and_an_empty_one_fails(name, tmp_path):
    made = make_assignment(name, tmp_path)
    handed_out = made.student.read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in handed_out
    assert "hidden: true" not in handed_out
    reference, empty = grade(made.solution, made.autograder), grade(made.student, made.autograder)
    assert len(reference) >= 4
    assert set(reference.values()) == {1.0}, reference
    assert set(empty) == set(reference)
    assert set(empty.values()) == {0.0}, empty
