"""Studies on a local Dask cluster: the table of a serial run, and one sentence for whatever a cluster can lack."""

import dataclasses

import pandas as pd
import pytest
from distributed import LocalCluster

from recscale.plans import plan_study
from recscale.runs import RecordStore, cluster, run_study
from recscale.runs.table import COLUMNS

WORDS = ("model", "dataset", "split", "config", "torch_version", "code_version", "data_checksum", "finished_at")
KNOWN = dict.fromkeys(COLUMNS[1:], 0) | dict.fromkeys(WORDS, "words") | {"diverged": False, "wall_seconds": 1.5}
CHANGES_EVERY_TIME = ["wall_seconds", "finished_at"]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path / "results"))


def local(workers: int, *, processes: bool = False, threads: int = 1) -> LocalCluster:
    options = {"processes": processes, "threads_per_worker": threads, "dashboard_address": None, "silence_logs": 60}
    return LocalCluster(n_workers=workers, **options)


def refusal(scheduler: str) -> str:
    """What a study that the cluster can't carry out says; nothing may be trained."""
    with pytest.raises((ValueError, OSError)) as caught:
        run_study(plan_study("ctr-scaling", "smoke"), scheduler=scheduler, progress=False)
    assert not list(RecordStore().folder.glob("*.json"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.slow
def test_a_cluster_gives_the_table_of_a_serial_run(tmp_path):
    study = plan_study("ctr-scaling", "smoke")
    study = dataclasses.replace(study, runs=study.runs[::2])
    serial, spread = RecordStore(tmp_path / "serial"), RecordStore(tmp_path / "spread")
    expected = run_study(study, store=serial, progress=False)
    with local(2, processes=True) as machines:
        found = run_study(study, store=spread, scheduler=machines.scheduler_address, progress=False)
    drop = {"columns": CHANGES_EVERY_TIME}
    pd.testing.assert_frame_equal(found.drop(**drop), expected.drop(**drop), check_exact=True)


@pytest.mark.usefixtures("unchecked")
def test_one_worker_with_one_thread_is_asked_too_and_what_it_can_t_write_is_written_here(tmp_path, monkeypatch):
    store, specs = RecordStore(tmp_path), plan_study("ctr-scaling", "smoke").runs
    monkeypatch.setattr(cluster, "checked", lambda task, spec, store, run_id: KNOWN | {"run_id": run_id})
    with local(1) as machines:
        found = list(cluster.carried_out(None, specs, store, machines.scheduler_address))
    assert sorted(record["run_id"] for record in found) == sorted(spec.run_id for spec in specs)
    assert all(store.get(spec.run_id) for spec in specs)


def test_a_worker_with_several_threads_is_refused():
    with local(1, threads=2) as machines:
        assert "has 2 threads" in (sentence := refusal(machines.scheduler_address))
        assert "--nworkers 2 --nthreads 1" in sentence


def test_a_worker_with_other_code_is_refused(monkeypatch):
    monkeypatch.setattr(cluster, "code_fingerprint", lambda: "code of this machine")
    with local(1) as machines:
        assert "other code" in (sentence := refusal(machines.scheduler_address))
        assert "code of this machine" in sentence


@pytest.mark.usefixtures("unchecked")
def test_a_worker_with_other_data_is_refused(tmp_path):
    spec = plan_study("ctr-scaling", "smoke").runs[0]
    with local(1) as machines, machines.get_client() as client:
        store = RecordStore(tmp_path)
        asked = client.submit(cluster.checked, None, spec, store, "another id")
        with pytest.raises(ValueError, match="has other data called 'synthetic-ctr'"):
            asked.result()


def test_a_cluster_without_workers_is_waited_for_only_so_long(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    with local(0) as machines:
        assert "no worker for 0 s; 0 of 6 runs" in refusal(machines.scheduler_address)


@pytest.mark.parametrize("address", ["", "abc"])
def test_an_address_that_is_none_is_one_sentence(address):
    assert f"{address!r} is no address of a Dask scheduler" in refusal(address)
