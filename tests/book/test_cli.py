"""``recscale chapter`` and ``recscale book``: what a person types, and what they read when it is wrong."""

import pytest
from typer.testing import CliRunner

from recscale.book.execute import ChapterError, Layout
from recscale.cli import book, chapter


def invoke(app, *words: str):
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def runs(monkeypatch) -> list[tuple]:
    """Calls of ``run_chapter`` instead of running anything."""
    calls: list[tuple] = []
    monkeypatch.setattr(
        "recscale.book.execute.run_chapter", lambda *given, progress: calls.append((*given[:2], given[2].name))
    )
    return calls


def test_list_names_every_chapter_with_its_parameters():
    result = invoke(chapter.chapter_app, "list")
    assert "intro\n    task (1 or 2), dataset (" in result.output


def test_parameters_are_typed_and_checked_before_anything_runs(runs, tmp_path):
    output = str(tmp_path / "out.ipynb")
    result = invoke(
        chapter.chapter_app, "run", "intro", "-p", "task", "2", "-p", "dataset", "amazon-books", "--output", output
    )
    assert result.exit_code == 0, result.output
    assert runs == [("intro", {"task": 2, "dataset": "amazon-books"}, "out.ipynb")]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["itro"], "no chapter is called 'itro'; the chapters are intro"),
        (["intro", "-p", "bogus", "3"], "intro has no parameter 'bogus'; its parameters are task"),
        (["intro", "-p", "task", "two"], "'two' is no value for 'task' of intro"),
        (["intro", "-p", "task"], "parameters are given as -p NAME VALUE, not as '-p task'"),
        (["intro", "--task", "2"], "parameters are given as -p NAME VALUE, not as '--task 2'"),
    ],
)
def test_what_is_wrong_comes_back_as_one_sentence(runs, words, sentence):
    error = invoke(chapter.chapter_app, "run", *words).exception
    assert isinstance(error, ValueError)
    assert str(error).startswith(sentence)
    assert "\n" not in str(error)
    assert runs == []


def test_a_failing_chapter_exits_with_one(monkeypatch, tmp_path):
    def fails(*_, progress):
        raise ChapterError("chapter intro: ValueError: no")

    monkeypatch.setattr("recscale.book.execute.run_chapter", fails)
    result = invoke(chapter.chapter_app, "run", "intro", "--output", str(tmp_path / "out.ipynb"))
    assert result.exit_code == 1
    assert "chapter intro: ValueError: no" in result.output


def test_a_folder_that_can_t_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    error = invoke(chapter.chapter_app, "run", "intro", "--output", str(tmp_path / "file" / "out.ipynb")).exception
    assert isinstance(error, ValueError)
    assert "can't create the folder" in str(error)


def test_a_book_that_can_t_be_built_exits_with_one(monkeypatch):
    def fails(layout, *, report):
        raise ChapterError("chapter two: ValueError: no")

    monkeypatch.setattr("recscale.book.build.build_book", fails)
    result = invoke(book.book_app, "build")
    assert result.exit_code == 1
    assert "the book was not built\nchapter two: ValueError: no" in result.output


def test_check_without_a_book(monkeypatch, tmp_path):
    monkeypatch.setattr("recscale.book.execute.Layout", lambda: Layout(build=tmp_path))
    error = invoke(book.book_app, "check").exception
    assert str(error) == "there is no built book yet; `recscale book build` makes one"
