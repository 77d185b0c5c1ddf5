"""Quizzes: the directive refuses what it can't ask, and every chapter has one, with an answer to each choice."""

import re
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

from recscale.book.execute import Layout, chapters
from recscale.settings import BOOK

QUIZZES = BOOK / "quizzes"
CONF = """from recscale.book.directives import register_directives as setup
extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath", "tasklist"]
"""
CHOICE = re.compile(r"^- \((x| )\) (.+)\n\n  (.+)$", re.M)


def built(tmp_path, text: str) -> tuple[BeautifulSoup, str]:
    """The page that ``text`` makes, and what Sphinx complained about."""
    (tmp_path / "conf.py").write_text(CONF)
    (tmp_path / "index.md").write_text(f"# T\n\n{text}\n", encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-q", str(tmp_path), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True)
    return BeautifulSoup((tmp_path / "out" / "index.html").read_text(encoding="utf-8"), "lxml"), done.stderr


def test_a_question_is_a_fieldset_of_radio_buttons_with_feedback(tmp_path):
    text = "```{quiz} Which $x$?\n- ( ) This *one*.\n\n  No.\n- (x) That.\n\n  Yes: $y$.\n```"
    page, complaints = built(tmp_path, text)
    assert complaints == ""
    (quiz,) = page.select("fieldset.quiz")
    assert quiz.legend.text.startswith("Which")
    inputs = quiz.select("label > input[type=radio]")
    assert [button["data-answer"] for button in inputs] == ["wrong", "right"]
    assert len({button["name"] for button in inputs}) == 1
    assert [feedback.p.text[:3] for feedback in quiz.select(".quiz-feedback")] == ["No.", "Yes"]
    assert quiz.select_one("label em").text == "one"
    assert "(x)" not in quiz.text


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("- (x) A\n\n  f\n- (x) B\n\n  f", "one of them \\(x\\); it has 2"),
        ("- ( ) A\n\n  f\n- ( ) B\n\n  f", "one of them \\(x\\); it has 0"),
        ("- (x) A\n\n  f", "two or more choices"),
        ("- A\n\n  f\n- (x) B\n\n  f", "a choice is '- \\(x\\) answer'.*'A'"),
        ("- (x) A\n- ( ) B", "with feedback below it: '\\(x\\) A'"),
    ],
)
def test_what_is_no_question_says_why(body, complaint, tmp_path):
    _, complaints = built(tmp_path, f"```{{quiz}} Which?\n{body}\n```")
    assert re.search(complaint, complaints)


def test_every_chapter_has_a_quiz_and_no_quiz_is_left_over():
    assert {path.stem for path in QUIZZES.glob("*.md")} == set(chapters(Layout()))


@pytest.mark.parametrize("path", sorted(QUIZZES.glob("*.md")), ids=lambda path: path.stem)
def test_three_questions_with_one_right_answer_and_feedback_on_all(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("## Check yourself\n")
    questions = re.findall(r"```\{quiz\} (.+?)\n(.+?)\n```", text, re.S)
    assert len(questions) >= 3
    for question, body in questions:
        choices = CHOICE.findall(body)
        assert len(choices) == body.count("\n- (") + 1 >= 3, question
        assert [mark for mark, _, _ in choices].count("x") == 1, question
        assert len({feedback for _, _, feedback in choices}) == len(choices), question
