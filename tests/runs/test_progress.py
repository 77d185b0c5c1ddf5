"""Training reports each finished run to the file it is told, and nothing where it is told none."""

import json

import pytest

from recscale.runs import progress


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_PROGRESS", str(tmp_path / "progress"))
    return tmp_path / "progress"


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_study_counts_and_estimates(file, monkeypatch):
    seconds = iter((0.0, 10.0, 20.0))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))
    with progress.study_progress("ctr", total=5, finished=2) as study:
        study.started = progress.time.monotonic()
        progress.model_trained()
        study.step()
        study.step()
    assert lines(file) == [
        {"name": "ctr", "finished": 3, "total": 5, "seconds_left": 20.0},
        {"name": "ctr", "finished": 4, "total": 5, "seconds_left": 10.0},
    ]


def test_a_model_outside_a_study_is_counted(file, monkeypatch):
    monkeypatch.setattr(progress, "_alone", progress.Progress("models trained"))
    progress.model_trained()
    progress.model_trained()
    assert [(line["finished"], line["total"], line["seconds_left"]) for line in lines(file)] == [
        (1, 0, None),
        (2, 0, None),
    ]


def test_without_a_file_nothing_is_written(monkeypatch, tmp_path):
    monkeypatch.delenv("RECSCALE_PROGRESS", raising=False)
    monkeypatch.chdir(tmp_path)
    progress.Progress("ctr", 1).step()
    assert list(tmp_path.iterdir()) == []
