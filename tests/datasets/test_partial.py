import os
import time

import pytest

from recscale.datasets.partial import OLD_SECONDS, temporary_folder, whole_file


def test_what_killed_processes_left_goes_and_what_others_are_writing_stays(tmp_path):
    for name in ("old.part", "young.part", "old.npz"):
        (tmp_path / name).write_text("half")
    (tmp_path / "folder.part").mkdir()
    (tmp_path / "folder.part" / "file").write_text("half")
    past = time.time() - OLD_SECONDS - 60
    for name in ("old.part", "folder.part", "old.npz"):
        os.utime(tmp_path / name, (past, past))
    with whole_file(tmp_path / "new.npz") as stream:
        stream.write(b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.npz", "old.npz", "young.part"]


def test_a_block_that_fails_leaves_nothing(tmp_path):
    def interrupted() -> None:
        with temporary_folder(tmp_path) as folder:
            (folder / "data.zip").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
