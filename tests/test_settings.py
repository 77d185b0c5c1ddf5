"""Folders mean the caller's, outputs are checked before the work, and a file is written whole or not at all."""

import os
import time
from functools import partial

import pytest

from recscale import settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path):
    for name in (*settings.FOLDERS, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("RECSCALE_CACHE", settings.cache_folder),
        ("RECSCALE_MIRROR", partial(settings.named_path, "RECSCALE_MIRROR")),
        ("RECSCALE_DATASETS", partial(settings.named_path, "RECSCALE_DATASETS")),
        ("RECSCALE_RESULTS", settings.results_folder),
    ],
)
def test_a_relative_folder_lies_in_the_working_folder(monkeypatch, tmp_path, name, folder):
    assert settings.folders() == {}
    monkeypatch.setenv(name, "mine")
    assert folder() == tmp_path / "mine"
    assert settings.folders() == {name: str(tmp_path / "mine")}


def test_a_relative_cache_of_the_desktop_lies_there_too(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", "caches")
    assert settings.cache_folder() == tmp_path / "caches" / "recscale"


def test_an_account_without_a_home_folder_is_told_what_to_set(monkeypatch):
    monkeypatch.setattr(settings.Path, "expanduser", lambda self: (_ for _ in ()).throw(RuntimeError("no home")))
    with pytest.raises(ValueError, match=r"needs a home folder.* set RECSCALE_CACHE"):
        settings.cache_folder()


def test_an_output_is_a_file_in_a_folder_that_can_be_made(tmp_path):
    assert settings.writable_file("new/out.ipynb") == tmp_path / "new" / "out.ipynb"
    assert (tmp_path / "new").is_dir()
    with pytest.raises(ValueError, match="new is a folder; an output is a file"):
        settings.writable_file("new")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ValueError, match="can't create the folder"):
        settings.writable_file("file/out.ipynb")


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    settings.write_atomically(path, "old")
    monkeypatch.setattr(settings.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        settings.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_what_a_killed_write_left_goes_with_a_later_one_but_never_what_is_being_written(tmp_path):
    left, fresh, folder = (tmp_path / f".table.csv.{name}.part" for name in ("a1", "b2", "c3"))
    for path in (left, fresh):
        path.write_text("half")
    folder.mkdir()
    (folder / "file").write_text("half")
    for path in (left, folder):
        os.utime(path, (time.time() - settings.ABANDONED - 60,) * 2)
    settings.write_atomically(tmp_path / "table.csv", "whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [fresh.name, "table.csv"]


def test_nothing_lies_under_the_name_before_the_block_has_ended(tmp_path):
    with settings.whole_file(tmp_path / "new.npz") as stream:
        stream.write(b"whole")
        assert not (tmp_path / "new.npz").exists()
    assert (tmp_path / "new.npz").read_bytes() == b"whole"
    assert (tmp_path / "new.npz").stat().st_mode & 0o777 == 0o644, "others may read it"


def test_a_folder_whose_block_fails_leaves_nothing(tmp_path):
    def interrupted() -> None:
        with settings.temporary_folder(tmp_path) as folder:
            (folder / "data.zip").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
