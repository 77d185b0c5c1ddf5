"""When a chapter runs again, and what a failing one leaves behind."""

import json
import shutil

import nbformat
import pytest
import yaml

from recscale.book import execute
from recscale.book.execute import ChapterError, Layout, chapters, execute_book, pages

from .conftest import write_notebook


@pytest.fixture
def two_chapters(small_book: Layout, tmp_path) -> Layout:
    """Chapters one and two, each importing a module of its own from a package in the temporary folder."""
    package = tmp_path / "src" / "recscale"
    package.mkdir(parents=True)
    for name in ("__init__", "one", "two"):
        (package / f"{name}.py").write_text("value = 1\n")
    for name in ("one", "two"):
        write_notebook(small_book.book / f"{name}.ipynb", f"from recscale.{name} import value", "value")
    toc = {"format": "jb-book", "root": "start", "chapters": [{"file": "one"}, {"file": "two"}]}
    (small_book.book / "_toc.yml").write_text(yaml.safe_dump(toc))
    return Layout(small_book.book, small_book.build, small_book.data, package, small_book.config, small_book.lock)


@pytest.fixture
def ran(monkeypatch) -> list[str]:
    """Instead of papermill: copy the notebook and note its name."""
    names: list[str] = []

    def fake(source, output, parameters, environment, *, report=None):
        names.append(source.stem)
        shutil.copyfile(source, output)
        return ""

    monkeypatch.setattr(execute, "run_notebook", fake)
    return names


def silent(*_):
    pass


def test_pages_in_reading_order(small_book):
    toc = {
        "root": "a",
        "parts": [{"chapters": [{"file": "b", "sections": [{"file": "c"}]}]}, {"chapters": [{"file": "d"}]}],
    }
    small_book.toc.write_text(yaml.safe_dump(toc))
    assert pages(small_book) == ["a", "b", "c", "d"]


def test_only_chapters_that_read_a_data_set_have_it_fetched(monkeypatch):
    """A page about committed runs names MovieLens-1M, and a reader without it must still be able to build the book."""
    fetched = []
    monkeypatch.setattr(execute, "load_dataset", lambda name, kind: fetched.append(name))
    execute._fetch_data(["wukong-law-measured"], Layout(), silent)
    assert fetched == []
    execute._fetch_data(["scaling-wukong"], Layout(), silent)
    assert set(fetched) == {"movielens-100k"}


def test_chapters_are_the_notebooks(small_book):
    assert chapters(small_book) == ["squares"]


def test_unchanged_chapters_are_skipped(two_chapters, ran):
    assert [result.ran for result in execute_book(two_chapters, report=silent)] == [True, True]
    assert [result.ran for result in execute_book(two_chapters, report=silent)] == [False, False]
    assert sorted(ran) == ["one", "two"]


def test_a_changed_module_reruns_its_chapter_only(two_chapters, ran):
    execute_book(two_chapters, report=silent)
    ran.clear()
    (two_chapters.package / "two.py").write_text("value = 2\n")
    execute_book(two_chapters, report=silent)
    assert ran == ["two"]


@pytest.mark.parametrize("changed", ["data", "lock", "package"])
def test_what_both_depend_on_reruns_both(two_chapters, ran, changed):
    execute_book(two_chapters, report=silent)
    ran.clear()
    files = {
        "data": two_chapters.data / "table.csv",
        "lock": two_chapters.lock,
        "package": two_chapters.package / "__init__.py",
    }
    files[changed].write_text("# changed\n")
    execute_book(two_chapters, report=silent)
    assert sorted(ran) == ["one", "two"]


def test_a_lost_result_is_made_again(two_chapters, ran):
    execute_book(two_chapters, report=silent)
    ran.clear()
    (two_chapters.executed / "one.ipynb").unlink()
    execute_book(two_chapters, report=silent)
    assert ran == ["one"]


def test_a_failure_names_the_chapter_and_is_tried_again(two_chapters, monkeypatch):
    tried = []

    def fails_in_two(source, output, parameters, environment, *, report=None):
        tried.append(source.stem)
        shutil.copyfile(source, output)
        return "ValueError: broken" if source.stem == "two" else ""

    monkeypatch.setattr(execute, "run_notebook", fails_in_two)
    for _ in range(2):
        with pytest.raises(ChapterError, match="chapter two: ValueError: broken"):
            execute_book(two_chapters, report=silent)
    assert sorted(tried) == ["one", "two", "two"], "the good chapter is kept, the bad one never is"
    assert not (two_chapters.executed / "two.ipynb").exists()


def test_a_failure_removes_no_earlier_result_but_never_passes_for_one(two_chapters, ran, monkeypatch):
    execute_book(two_chapters, report=silent)
    (two_chapters.package / "two.py").write_text("value = 3\n")
    monkeypatch.setattr(execute, "run_notebook", lambda *_, **__: "ValueError: broken")
    for _ in range(2):
        with pytest.raises(ChapterError, match="chapter two"):
            execute_book(two_chapters, report=silent)


def test_what_a_killed_build_left_among_the_executed_chapters_goes(two_chapters, ran):
    left = two_chapters.executed / f"{execute.RUNNING}x1"
    left.mkdir(parents=True)
    (left / "one.ipynb").write_text("half")
    execute_book(two_chapters, report=silent)
    assert not left.exists()


@pytest.mark.slow
def test_with_papermill(two_chapters):
    """The real thing: outputs, record, closing note, nothing of the machine; then a cell that fails."""
    (result, _) = execute_book(two_chapters, report=silent)
    notebook = nbformat.read(result.path, as_version=4)
    assert notebook.cells[2].outputs[0]["data"]["text/plain"] == "1"
    assert "recscale chapter run one" in notebook.cells[-1].source
    assert "papermill" not in notebook.metadata
    assert str(two_chapters.book) not in result.path.read_text()
    assert json.loads((two_chapters.executed / "one.json").read_text())["seconds"] > 0
    write_notebook(two_chapters.book / "two.ipynb", "1 / 0")
    with pytest.raises(ChapterError, match=r"chapter two: ZeroDivisionError: division by zero\n +1 / 0"):
        execute_book(two_chapters, report=silent)
