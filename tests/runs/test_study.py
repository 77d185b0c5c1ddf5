"""A study's table: the finished runs in the order of the plan, judged by one rule; and carrying out what is missing."""

import dataclasses
import os
import threading
from concurrent.futures.process import BrokenProcessPool

import pytest

from recscale.plans import plan_study
from recscale.runs import RecordStore, cluster, run_study
from recscale.runs import study as runs_study
from recscale.runs.table import COLUMNS
from recscale.training.health import HEALTH

WORDS = ("model", "dataset", "split", "config", "torch_version", "code_version", "data_checksum", "finished_at")
KNOWN = dict.fromkeys(COLUMNS[1:], 0) | dict.fromkeys(WORDS, "words") | {"diverged": False, "wall_seconds": 1.5}


@pytest.fixture
def trained(monkeypatch, tmp_path) -> list[str]:
    """Instead of training: note the run's id and give a record; no table is committed, the cache is a new folder."""
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path / "none"))
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "cache"))
    ids: list[str] = []
    monkeypatch.setattr(runs_study, "train", lambda spec: ids.append(spec.run_id))
    monkeypatch.setattr(
        runs_study,
        "make_record",
        lambda spec, result: KNOWN | {"run_id": spec.run_id, "model": spec.model.model, "test_auc": 0.5},
    )
    return ids


def first_runs(runs=3):
    study = plan_study("ctr-scaling", "smoke")
    return dataclasses.replace(study, runs=study.runs[:runs])


def test_the_health_of_old_records_is_recomputed_with_the_current_rule(tmp_path):
    store, study = RecordStore(tmp_path), plan_study("sequential-grid", "smoke")
    first, second, *_ = study.runs
    known = KNOWN | {"test_ndcg@10": 0.0, "valid_ndcg@10": 0.2}
    for spec, share, flag in ((second, 0.001, 0.0), (first, 0.5, 1.0)):
        measured = dict(zip(HEALTH, (0.1, 5.0, share, flag), strict=True))
        store.put(known | measured | {"run_id": spec.run_id})
    table = study.table(store)
    assert table["run_id"].tolist() == [first.run_id, second.run_id]
    assert table["collapsed"].tolist() == [0.0, 1.0], "the flags that were stored say the opposite"
    assert table["personal_share"].tolist() == [0.5, 0.001], "what was measured stays"


def test_a_table_without_health_stays_as_it_is(tmp_path):
    store, study = RecordStore(tmp_path), plan_study("ctr-scaling", "smoke")
    store.put(KNOWN | {"test_auc": 0.5, "run_id": study.runs[0].run_id})
    assert "collapsed" not in study.table(store)


def test_a_finished_study_needs_no_folder_that_can_be_written(trained, monkeypatch):
    study = first_runs()
    expected = run_study(study, progress=False)
    monkeypatch.setattr(RecordStore, "check_writable", lambda self: pytest.fail("nothing is to be written"))
    assert run_study(study, progress=False).equals(expected)
    assert len(trained) == 3


def test_a_run_that_another_process_has_finished_since_is_not_done_again(trained, tmp_path):
    store, spec = RecordStore(tmp_path), first_runs().runs[0]
    first = runs_study.run_one(spec, store)
    assert runs_study.run_one(spec, store) == first
    assert trained == [spec.run_id]


def test_a_checkpoint_stays_until_the_record_is_kept(trained, tmp_path, monkeypatch):
    spec = plan_study("sequential-grid", "smoke").runs[0]
    path = runs_study.checkpoint(spec)
    path.parent.mkdir(parents=True)
    path.write_text("hours of work")
    store = RecordStore(tmp_path / "runs")
    with monkeypatch.context() as full:
        full.setattr(store, "put", lambda record: (_ for _ in ()).throw(OSError("No space left on device")))
        with pytest.raises(OSError, match="No space"):
            runs_study.run_one(spec, store)
    assert path.exists()
    runs_study.run_one(spec, store)
    assert not path.exists()


def test_a_killed_worker_is_one_sentence_and_the_finished_runs_stay(trained, monkeypatch):
    first = first_runs().runs[0]

    def one_then_killed(specs, store, jobs):
        yield runs_study.run_one(first, store)
        raise cluster.WorkersLost("a worker process was killed")

    monkeypatch.setattr(runs_study, "_on_this_machine", one_then_killed)
    with pytest.raises(cluster.WorkersLost, match="killed; 1 of 3 runs of ctr-scaling-smoke are kept, start it again"):
        run_study(first_runs(), progress=False)


def test_a_broken_pool_counts_as_workers_lost(monkeypatch, tmp_path):
    def broken(**_):
        return lambda tasks: (_ for _ in ()).throw(BrokenProcessPool("terminated"))

    monkeypatch.setattr(runs_study.joblib, "Parallel", broken)
    with pytest.raises(cluster.WorkersLost, match="a worker process was killed, perhaps for want of memory"):
        list(runs_study._on_this_machine(first_runs().runs, RecordStore(tmp_path), jobs=2))


def test_jobs_and_a_scheduler_exclude_each_other(trained):
    with pytest.raises(ValueError, match="got 2 jobs and a scheduler"):
        run_study(first_runs(), jobs=2, scheduler="tcp://127.0.0.1:8786", progress=False)


def test_a_worker_ends_with_its_parent_but_a_study_of_one_job_watches_nobody(trained, tmp_path, monkeypatch):
    watched = []
    monkeypatch.setattr(runs_study, "_end_with", watched.append)
    spec, store = first_runs().runs[0], RecordStore(tmp_path)
    runs_study._run_below(os.getpid(), spec, store)
    assert watched == []
    runs_study._run_below(os.getppid(), spec, store)
    assert watched == [os.getppid()]


def test_the_watch_ends_the_process_when_its_parent_is_another(monkeypatch):
    ended = threading.Event()
    monkeypatch.setattr(runs_study.os, "_exit", lambda status: ended.set())
    runs_study._end_with.__wrapped__(parent=-1)
    assert ended.wait(10)
