"""What a chapter's training reports reaches the terminal; a chapter nobody waits for any more is stopped."""

import json
import subprocess
import sys

import pytest

from recscale.book import execute as module
from recscale.book.execute import follow, progress_line


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"name": "ctr", "finished": 3, "total": 14, "seconds_left": 130.0}, "ctr: 3 of 14 runs, 2 min left"),
        ({"name": "ctr", "finished": 3, "total": 14, "seconds_left": 12.0}, "ctr: 3 of 14 runs, 12 s left"),
        ({"name": "ctr", "finished": 3, "total": 14, "seconds_left": None}, "ctr: 3 of 14 runs"),
        ({"name": "models trained", "finished": 2, "total": 0, "seconds_left": None}, "models trained: 2"),
    ],
)
def test_a_line(told, line):
    assert progress_line(told) == line


def test_the_last_line_is_passed_on_while_the_process_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "QUIET", 0.0)
    monkeypatch.setattr(module, "PAUSE", 0.02)
    progress = tmp_path / "progress"
    told = {"name": "ctr", "finished": 1, "total": 2, "seconds_left": 3.0}
    progress.write_text(json.dumps(told) + "\n")
    said = []
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    def report(line):
        said.append(line)
        process.stdin.close()

    assert follow(process, progress, report) == 1, "input() fails when its stream is closed"
    assert said == ["ctr: 1 of 2 runs, 3 s left"]


def test_an_interrupted_wait_stops_the_process(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.02)
    (tmp_path / "progress").write_text('{"name": "x", "finished": 1, "total": 0, "seconds_left": null}\n')

    def interrupted(line):
        raise KeyboardInterrupt

    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(KeyboardInterrupt):
        follow(process, tmp_path / "progress", interrupted)
    assert process.poll() is not None
