"""A sweep killed half way and started again gives the table of a sweep that was left alone."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from recscale.plans import plan_study
from recscale.runs import RecordStore, run_study

ARGUMENTS = ["study", "run", "ctr-scaling", "--profile", "smoke"]
CHANGES_EVERY_TIME = ["wall_seconds", "finished_at"]


def recscale(cache, *arguments):
    environment = {**os.environ, "RECSCALE_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", "from recscale.cli import main; main()", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def table(cache):
    study = plan_study("ctr-scaling", "smoke")
    return study, study.table(RecordStore(cache / "runs"))


@pytest.mark.slow
def test_kill_and_resume(tmp_path):
    whole = recscale(tmp_path / "whole", *ARGUMENTS)
    output, _ = whole.communicate(timeout=300)
    assert whole.returncode == 0, output

    killed = recscale(tmp_path / "killed", *ARGUMENTS)
    runs = tmp_path / "killed" / "runs"
    deadline = time.monotonic() + 300
    while len(list(runs.glob("*.json"))) < 2:
        assert killed.poll() is None, "the sweep ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    study, partial = table(tmp_path / "killed")
    assert 0 < len(partial) < len(study.runs)

    resumed = recscale(tmp_path / "killed", *ARGUMENTS)
    output, _ = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, output

    _, expected = table(tmp_path / "whole")
    _, found = table(tmp_path / "killed")
    assert len(expected) == len(study.runs)
    pd.testing.assert_frame_equal(
        found.drop(columns=CHANGES_EVERY_TIME), expected.drop(columns=CHANGES_EVERY_TIME), check_exact=True
    )
    kept = found.loc[found["run_id"].isin(partial["run_id"]), "finished_at"]
    assert set(kept) == set(partial["finished_at"]), "a finished run was done again"


@pytest.mark.slow
def test_two_processes_on_one_study_give_one_table(tmp_path):
    both = [recscale(tmp_path / "both", *ARGUMENTS) for _ in range(2)]
    for process in both:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output
    study, found = table(tmp_path / "both")
    assert found["run_id"].tolist() == [spec.run_id for spec in study.runs]
    assert sorted(path.stem for path in (tmp_path / "both" / "runs").iterdir()) == sorted(found["run_id"])
    expected = run_study(study, store=RecordStore(tmp_path / "alone"), progress=False)
    pd.testing.assert_frame_equal(
        found.drop(columns=CHANGES_EVERY_TIME), expected.drop(columns=CHANGES_EVERY_TIME), check_exact=True
    )
