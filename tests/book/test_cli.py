"""``recscale chapter`` and ``recscale book``: what a person types, and what they read when it is wrong."""

import pytest
from typer.testing import CliRunner

from recscale.book.changes import Changes
from recscale.book.execute import ChapterError, Layout
from recscale.cli import book, chapter


def invoke(app, *words: str):
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def runs(monkeypatch) -> list[tuple]:
    """What would have been run and written, instead of running anything."""
    calls: list[tuple] = []

    def ran(chapter, given, layout, *, report):
        calls.append((chapter, given))
        return None, Changes({}, [({"verdict": "holds"}, {"verdict": "open"}), (None, {"verdict": "open"})])

    def wrote(kind):
        return lambda notebook, chapter, target, layout: calls.append((kind, target.name)) or target / f"{chapter}.html"

    monkeypatch.setattr("recscale.book.rerun.rerun", ran)
    monkeypatch.setattr("recscale.book.rerun.write_page", wrote("page"))
    monkeypatch.setattr("recscale.book.rerun.write_notebook", wrote("notebook"))
    return calls


def test_list_names_every_chapter_with_its_parameters():
    result = invoke(chapter.app, "list")
    assert "intro\n    task (1 or 2), dataset (" in result.output


@pytest.mark.parametrize(
    ("words", "written", "printed"),
    [
        ((), ("page", "intro-rerun"), "intro-rerun/intro.html"),
        (("--notebook",), ("notebook", "intro-rerun.ipynb"), "intro-rerun.ipynb"),
        (("--output", "out.ipynb"), ("notebook", "out.ipynb"), "out.ipynb"),
        (("--output", "mine"), ("page", "mine"), "mine/intro.html"),
    ],
)
def test_parameters_are_typed_and_a_page_or_a_notebook_is_named(runs, tmp_path, monkeypatch, words, written, printed):
    monkeypatch.chdir(tmp_path)
    result = invoke(chapter.app, "run", "intro", "-p", "task", "2", "-p", "dataset", "amazon-books", *words)
    assert result.exit_code == 0, result.output
    assert runs == [("intro", {"task": 2, "dataset": "amazon-books"}), written]
    said, path = result.output.splitlines()
    assert said == "1 of 2 claims have another verdict than by default"
    assert path == str(tmp_path / printed)


def test_a_folder_of_someone_else_is_left_alone(runs, tmp_path):
    (tmp_path / "letters").write_text("mine")
    error = invoke(chapter.app, "run", "intro", "--output", str(tmp_path)).exception
    assert "is there already and is no page of a rerun" in str(error)
    assert runs == []


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
    error = invoke(chapter.app, "run", *words).exception
    assert isinstance(error, ValueError)
    assert str(error).startswith(sentence)
    assert "\n" not in str(error)
    assert runs == []


def test_a_failing_chapter_exits_with_one(monkeypatch, tmp_path):
    def fails(*_, report):
        raise ChapterError("chapter intro: ValueError: no")

    monkeypatch.setattr("recscale.book.rerun.rerun", fails)
    result = invoke(chapter.app, "run", "intro", "--output", str(tmp_path / "out.ipynb"))
    assert result.exit_code == 1
    assert "chapter intro: ValueError: no" in result.output


def test_a_folder_that_can_t_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    error = invoke(chapter.app, "run", "intro", "--output", str(tmp_path / "file" / "out.ipynb")).exception
    assert isinstance(error, ValueError)
    assert "can't create the folder" in str(error)


def test_a_book_that_can_t_be_built_exits_with_one(monkeypatch):
    def fails(layout, *, report, given):
        raise ChapterError("chapter two: ValueError: no")

    monkeypatch.setattr("recscale.book.build.build_book", fails)
    result = invoke(book.app, "build")
    assert result.exit_code == 1
    assert "the book was not built\nchapter two: ValueError: no" in result.output


def test_check_without_a_book(monkeypatch, tmp_path):
    monkeypatch.setattr("recscale.book.execute.Layout", lambda: Layout(build=tmp_path))
    error = invoke(book.app, "check").exception
    assert str(error) == "there is no built book yet; `recscale book build` makes one"


def test_pdf_names_the_file_and_its_sheets(monkeypatch, tmp_path):
    written = []
    monkeypatch.setattr("recscale.book.pdf.print_book", lambda layout, output, report: written.append(output) or 7)
    monkeypatch.chdir(tmp_path)
    result = invoke(book.app, "pdf", "mine.pdf")
    assert result.output.startswith("7 sheets after 0 s: ")
    assert written == [tmp_path / "mine.pdf"]
