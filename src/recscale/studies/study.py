"""A study: the runs a question needs, carried out in order, resumed where they stopped."""

from dataclasses import dataclass

import joblib
import pandas as pd
from tqdm import tqdm

from recscale.studies.records import RecordStore, as_table, committed
from recscale.studies.run import RunSpec, code_version, record, train
from recscale.training.health import HEALTH, collapsed


class NotYetPlanned(ValueError):
    """A study whose plan needs another study's results, where those are not there yet. Says which."""


@dataclass(frozen=True)
class Study:
    """Runs under one name. Their order is the order of work: the first ones alone must already be a useful table."""

    name: str
    runs: tuple[RunSpec, ...]

    def __post_init__(self) -> None:
        ids = [spec.run_id for spec in self.runs]
        assert len(set(ids)) == len(ids), f"{self.name} plans a run twice"

    def table(self, store: RecordStore) -> pd.DataFrame:
        """The finished runs, in the order of the plan; their health by the rule of today, whenever they ran."""
        records = (store.get(spec.run_id) for spec in self.runs)
        return rejudged(as_table([found for found in records if found is not None], self.name))

    def missing(self, store: RecordStore) -> list[RunSpec]:
        return [spec for spec in self.runs if store.get(spec.run_id) is None]


def rejudged(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` with its column ``collapsed``, where it has one, by the rule of ``training.health`` as it is now."""
    if not set(HEALTH) <= set(table):
        return table
    judged = collapsed(table["valid_ndcg@10"], table["popularity_ndcg@10"], table["personal_share"])
    return table.assign(collapsed=judged.astype(float))


def run(
    study: Study,
    *,
    store: RecordStore | None = None,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Carry out what is missing of ``study`` and return its table.

    Killed at any moment and started again, it gives the same table (but for ``wall_seconds`` and ``finished_at``).

    Parameters
    ----------
    jobs
        Runs at a time, each in a process of its own. Several processes must share the cores: set ``OMP_NUM_THREADS``.
    scheduler
        Address of a Dask scheduler (``tcp://…``) whose workers see the same cache folder; the runs go there.
    """
    store = store or RecordStore()
    store.check_writable()
    store.adopt(committed(study.name))
    missing = study.missing(store)
    bar = tqdm(total=len(study.runs), initial=len(study.runs) - len(missing), desc=study.name, disable=not progress)
    with bar, _workers(scheduler, jobs) as parallel:
        tasks = (joblib.delayed(_run_one)(spec, store) for spec in missing)
        for spec in parallel(tasks):
            bar.set_postfix_str(f"{spec.model.model} seed {spec.seed}")
            bar.update()
    return study.table(store)


def _run_one(spec: RunSpec, store: RecordStore) -> RunSpec:
    code_version()  # remembered now: a commit made while this trains is not what ran
    store.put(record(spec, train(spec)))
    return spec


class _workers:
    """A joblib pool on this machine or, with ``scheduler``, on a Dask cluster; results come as they finish."""

    def __init__(self, scheduler: str | None, jobs: int) -> None:
        self.scheduler, self.jobs = scheduler, jobs

    def __enter__(self) -> joblib.Parallel:
        if self.scheduler is None:
            return joblib.Parallel(n_jobs=self.jobs, return_as="generator_unordered")
        from dask.distributed import Client

        self.client = Client(self.scheduler)
        return joblib.Parallel(backend="dask", n_jobs=-1, return_as="generator_unordered")

    def __exit__(self, *_) -> None:
        if self.scheduler is not None:
            self.client.close()
