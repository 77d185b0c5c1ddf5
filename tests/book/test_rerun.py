"""A rerun becomes a page that stands alone, or a notebook; an earlier one stays until the new one is whole."""

import shutil
import subprocess

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

from recscale.book import changes, execute, rerun
from recscale.book.execute import ChapterError, Layout
from recscale.book.rerun import check_page_folder, write_notebook, write_page

from .conftest import CELLS
from .conftest import write_notebook as make_notebook


def silent(*_):
    pass


@pytest.fixture
def parametrised(small_book: Layout) -> Layout:
    """The small book with a parameter in its chapter, and a link to its other page."""
    path = make_notebook(small_book.book / "squares.ipynb", "count: int = 1", CELLS, title="Squares")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += "\n\nSee [](start)."
    notebook.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, path)
    return small_book


@pytest.fixture
def copied(monkeypatch) -> list[dict]:
    """Instead of papermill: copy the notebook, note the parameters."""
    given: list[dict] = []

    def fake(source, output, parameters, environment, *, report=None):
        given.append(dict(parameters))
        shutil.copyfile(source, output)
        return ""

    monkeypatch.setattr(rerun, "run_notebook", fake)
    return given


def test_without_parameters_nothing_is_compared(parametrised, copied):
    notebook, change = rerun.rerun("squares", {}, parametrised, report=silent)
    assert change is None
    assert len(notebook.cells) == 4
    assert "recscale chapter run squares`" in notebook.cells[-1].source


def test_with_parameters_the_notebook_holds_them_and_says_so_on_top(parametrised, copied):
    notebook, change = rerun.rerun("squares", {"count": 3}, parametrised, report=silent)
    assert copied == [{"count": 3}]
    assert change.parameters == {"count": (1, 3)}
    assert notebook.cells[1].source.startswith("````{admonition} Your own run")
    assert notebook.cells[2].source == "count: int = 3"
    assert "recscale chapter run squares -p count 3`" in notebook.cells[-1].source


def test_numbers_of_the_built_book_are_compared_only_while_they_are_current(parametrised, monkeypatch, copied):
    seen = []
    monkeypatch.setattr(changes, "changes", lambda notebook, defaults, given, run: seen.append(run) or 1 / 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            rerun.rerun("squares", {"count": 3}, parametrised, report=silent)
        parametrised.executed.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(parametrised.book / "squares.ipynb", parametrised.executed / "squares.ipynb")
        record = f'{{"key": "{execute._key("squares", parametrised)}", "seconds": 1}}'
        (parametrised.executed / "squares.json").write_text(record)
    assert seen[0] is None
    assert seen[1] is not None


def test_a_failing_cell_writes_nothing(parametrised, monkeypatch):
    monkeypatch.setattr(rerun, "run_notebook", lambda *_, **__: "ValueError: broken")
    with pytest.raises(ChapterError, match="chapter squares: ValueError: broken"):
        rerun.rerun("squares", {"count": 3}, parametrised, report=silent)


def test_a_notebook_for_any_viewer(parametrised, copied, tmp_path):
    notebook, _ = rerun.rerun("squares", {"count": 3}, parametrised, report=silent)
    write_notebook(notebook, "squares", tmp_path / "out.ipynb", parametrised)
    text = (tmp_path / "out.ipynb").read_text()
    assert "{admonition}" not in text
    assert "See *Start*." in text


@pytest.mark.parametrize("name", ["letters", "file"])
def test_a_folder_or_file_of_someone_else_is_left_alone(tmp_path, name):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "file").write_text("mine")
    with pytest.raises(ValueError, match="is there already and is no page of a rerun"):
        check_page_folder(tmp_path / name)


@pytest.mark.parametrize("before", [None, "empty", "page"])
def test_a_new_an_empty_and_an_earlier_page_s_folder_are_fine(tmp_path, before):
    folder = tmp_path / "page"
    if before:
        folder.mkdir()
    if before == "page":
        (folder / rerun.RERUN_MARK).write_text("")
        (folder / "old.html").write_text("old")
    assert check_page_folder(folder) == folder


@pytest.mark.slow
def test_the_page_stands_alone(parametrised, tmp_path):
    """With papermill and Sphinx: figure, box, panel, notebook; nothing that leads out of the folder."""
    notebook, _ = rerun.rerun("squares", {"count": 3}, parametrised, report=silent)
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / rerun.RERUN_MARK).write_text("")
    (folder / "old.html").write_text("old")
    page = write_page(notebook, "squares", folder, parametrised)
    soup = BeautifulSoup(page.read_text(), "lxml")
    assert page == folder / "squares.html"
    assert not (folder / "old.html").exists()
    assert [one["data-points"] for one in soup.select("figure.recscale-figure")] == ["5"]
    assert "Your own run" in soup.get_text()
    assert soup.find("em", string="Start")
    for tag in soup.find_all(["script", "link", "img"]):
        address = tag.get("src") or tag.get("href")
        if address and not address.startswith(("#", "genindex", "search")):
            assert (folder / address.partition("?")[0]).exists(), address
    source = nbformat.read(folder / "_sources" / "squares.ipynb", as_version=4)
    assert "{admonition}" not in nbformat.writes(source)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


@pytest.mark.slow
def test_plain_papermill_refuses_an_unknown_parameter():
    with pytest.raises(ChapterError, match="intro has no parameter 'bogus'; its parameters are task"):
        rerun.rerun("intro", {"bogus": 3}, Layout(), report=silent)


def test_a_chapter_in_its_own_folder_sees_the_caller_s_folders_and_the_values_it_was_given(
    tmp_path, parametrised, monkeypatch
):
    seen = {}

    class Papermill(subprocess.Popen):
        def __init__(self, command, cwd, env, **_):
            seen.update(cwd=cwd, env=env, given=yaml.safe_load(command[command.index("--parameters_yaml") + 1]))
            shutil.copyfile(command[3], command[4])

        def wait(self, timeout=None):
            return 0

    monkeypatch.chdir(tmp_path)
    for name in ("RECSCALE_CACHE", "RECSCALE_DATASETS", "RECSCALE_RESULTS", "RECSCALE_MIRROR"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setattr(execute.subprocess, "Popen", Papermill)
    values = {"rate": 1e-05, "dataset": "007", "note": "on", "day": "2024-05-01", "seeds": [0, 1]}
    output = tmp_path / "out.ipynb"
    assert execute.run_notebook(parametrised.book / "squares.ipynb", output, values, {}) == ""
    assert seen["given"] == values
    assert seen["cwd"] != str(tmp_path)
    assert {seen["env"][name] for name in seen["env"] if name.startswith("RECSCALE_")} >= {str(tmp_path / "mine")}
    assert "mine" not in seen["env"].values()
