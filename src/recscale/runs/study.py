"""A study: the runs a question needs, carried out in order, resumed where they stopped."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache

import joblib
import pandas as pd
from tqdm import tqdm

from recscale.runs import cluster
from recscale.runs.execute import checkpoint, code_version, make_record, train
from recscale.runs.progress import study_progress
from recscale.runs.spec import RunSpec
from recscale.runs.store import RecordStore
from recscale.runs.table import Columns, load_results, records_table, with_current_health
from recscale.training.sequential_checkpoint import remove_checkpoint


class NotYetPlanned(ValueError):
    """The study's plan needs results of another study that are missing; the message says which."""


@dataclass(frozen=True)
class Study:
    """Runs under one name. Their order is the order of work: the first ones alone must already be a useful table."""

    name: str
    runs: tuple[RunSpec, ...]

    def __post_init__(self) -> None:
        ids = [spec.run_id for spec in self.runs]
        assert len(set(ids)) == len(ids), f"{self.name} plans a run twice"

    def table(self, store: RecordStore) -> pd.DataFrame:
        """The results table of the finished runs, in the order of the plan. ``collapsed`` follows the current rule."""
        records = (store.get(spec.run_id) for spec in self.runs)
        finished = [record for record in records if record is not None]
        return with_current_health(records_table(finished, self.name))

    def missing(self, store: RecordStore) -> list[RunSpec]:
        """The runs without a record."""
        return [spec for spec in self.runs if store.get(spec.run_id) is None]


def run_study(
    study: Study,
    *,
    store: RecordStore | None = None,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Carry out what is missing of ``study`` and return its table.

    Killed at any moment and started again, it gives the same table (but for ``wall_seconds`` and ``finished_at``);
    so do several processes that carry it out at once.

    Parameters
    ----------
    jobs
        Runs at a time, each in a process of its own. Several processes must share the cores: set ``OMP_NUM_THREADS``.
    scheduler
        Address of a Dask scheduler (``tcp://…``) whose workers have one thread and this very code; the runs go there.

    Raises
    ------
    ValueError
        A record can't be read, or a worker isn't fit for the runs.
    cluster.WorkersLost
        Processes or connections broke down. Every finished run is kept.
    """
    if scheduler is not None and jobs != 1:
        raise ValueError(f"got {jobs} jobs and a scheduler; jobs are this machine's, a cluster's workers are its own")
    store = store or RecordStore()
    store.import_results(load_results(study.name))
    missing = study.missing(store)
    if missing:
        store.check_writable()
    total, stored = len(study.runs), len(study.runs) - len(missing)
    if scheduler is None or not missing:
        records = _on_this_machine(missing, store, jobs)
    else:
        records = cluster.carried_out(run_one, missing, store, scheduler)
    bar = tqdm(total=total, initial=stored, desc=study.name, disable=not progress)
    with bar, study_progress(study.name, total, stored) as reported:
        try:
            for record in records:
                bar.set_postfix_str(f"{record[Columns.MODEL]} seed {record[Columns.SEED]}")
                bar.update()
                reported.step()
        except cluster.WorkersLost as lost:
            finished = len(study.runs) - len(study.missing(store))
            raise cluster.WorkersLost(
                f"{lost}; {finished} of {len(study.runs)} runs of {study.name} are kept, start it again to go on"
            ) from lost
    return study.table(store)


def run_one(spec: RunSpec, store: RecordStore) -> dict:
    """The record of ``spec``: trained and stored here, unless another process has done so since."""
    code_version()  # cached before training: a commit made meanwhile isn't the code that ran
    record = store.get(spec.run_id)
    if record is None:
        record = make_record(spec, train(spec))
        store.put(record)
        remove_checkpoint(checkpoint(spec))  # after the record: killed in between, nothing is lost
    return record


def _on_this_machine(specs: Sequence[RunSpec], store: RecordStore, jobs: int) -> Iterator[dict]:
    tasks = (joblib.delayed(_run_below)(os.getpid(), spec, store) for spec in specs)
    try:
        yield from joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(tasks)
    except BrokenProcessPool as error:
        raise cluster.WorkersLost("a worker process was killed, perhaps for want of memory") from error


def _run_below(parent: int, spec: RunSpec, store: RecordStore) -> dict:
    if os.getppid() == parent:
        _end_with(parent)
    return run_one(spec, store)


@cache
def _end_with(parent: int) -> None:
    """Let this worker process end within seconds of ``parent``, so that a killed study leaves nothing running."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
