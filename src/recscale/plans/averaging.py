"""The pilot of the run protocol: does averaging the weights pay, over which share, at which batch size and schedule?

Three Wukongs of 0.04, 0.45 and 2 training MFLOP per example on MovieLens-1M. ``ctr-averaging-rate`` searches the dense
rate of every size, batch size and schedule on validation data with a seed of its own. ``ctr-averaging`` trains each
with six other seeds at the rate that is best for the averaged weights and, where that is another, at the one that is
best for the last ones, so that neither is judged at the other's rate. One run measures every share.
"""

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import pandas as pd

from recscale.models.wukong import WukongConfig
from recscale.plans import rate_search as ctr_search
from recscale.plans.ctr import Seeds, one_pass, with_rates
from recscale.runs.spec import RunSpec
from recscale.runs.store import load_results
from recscale.runs.study import NotYetPlanned, Study
from recscale.training.ctr import CTRTraining

DATASET = {"smoke": "synthetic-ctr", "quick": "movielens-100k", "full": "movielens-1m"}
SHARES = (0.2, 0.0, 0.1, 0.3, 0.5)
"""Shares of the steps that are averaged; the first one's loss chooses the rates."""
BATCH_SIZES = (256, 1024)
SCHEDULES = ("constant", "linear")
SEEDS = (0, 1, 2, 3, 4, 5)
SPARSE_RATE = 0.1

SIZES = (
    (WukongConfig(l=1, n_F=4, n_L=4, k=4, mlp_width=16, head=(16,)), (1e-3, 3e-3, 1e-2)),
    (WukongConfig(l=2, n_F=16, n_L=16, k=10, mlp_width=32, head=(32,)), (3e-4, 1e-3, 3e-3)),
    (WukongConfig(l=2, n_F=32, n_L=32, k=16, mlp_width=80, head=(80,)), (1e-4, 3e-4, 1e-3)),
)
"""A Wukong, and the dense rates tried for it."""


def averaging_rate(profile: str, dataset: str | None, seeds: Seeds | None) -> Study:
    """Dense rates of every size, batch size and schedule, judged on validation data."""
    base, sizes = dataset or DATASET[profile], SIZES[: {"smoke": 1, "quick": 2, "full": 3}[profile]]
    cells = [
        (model, _training(batch_size, schedule, rate))
        for model, rates in sizes
        for batch_size, schedule, rate in product(BATCH_SIZES, SCHEDULES, rates)
    ]
    return _study("ctr-averaging-rate", profile, base, cells, seeds or (ctr_search.SEED,))


def averaging(profile: str, dataset: str | None, seeds: Seeds | None) -> Study:
    """Every size, batch size and schedule at its best rates, seed by seed within a size."""
    base = dataset or DATASET[profile]
    if profile == "full":
        searched = _searched()
    else:
        middle = SIZES[0][1][1]
        searched = {SIZES[0][0]: [_training(*of, middle) for of in product(BATCH_SIZES, SCHEDULES)]}
    cells = [(model, training) for model, trainings in searched.items() for training in trainings]
    return _study("ctr-averaging", profile, base, cells, seeds or (SEEDS if profile == "full" else SEEDS[:2]))


def _training(batch_size: int, schedule: str, rate: float) -> CTRTraining:
    rates = {"dense_learning_rate": rate, "sparse_learning_rate": SPARSE_RATE}
    return one_pass(DATASET["full"], batch_size=batch_size, schedule=schedule, averaged=SHARES, **rates)


def _study(name: str, profile: str, dataset: str, cells: Iterable[tuple[Any, CTRTraining]], seeds: Seeds) -> Study:
    runs = [RunSpec(dataset, "random", model, training, seed) for model, training in cells for seed in seeds]
    return Study(name if profile == "full" else f"{name}-{profile}", tuple(runs))


def _searched() -> dict[WukongConfig, list[CTRTraining]]:
    """Of every size whose search is whole, each batch size and schedule at its best rate or rates."""
    search = averaging_rate("full", None, None)
    table = with_rates(load_results(search.name)).set_index("run_id")
    chosen: dict[WukongConfig, list[CTRTraining]] = {}
    for model, rates in SIZES:
        runs = [run for run in search.runs if run.model == model]
        if all(run.run_id in table.index for run in runs):
            chosen[model] = [
                _training(batch_size, schedule, rate)
                for batch_size, schedule in product(BATCH_SIZES, SCHEDULES)
                for rate in best_dense_rates(table.loc[[_id(runs, batch_size, schedule, rate) for rate in rates]])
            ]
    if not chosen:
        raise NotYetPlanned(f"waits for {search.name}: no size has been searched whole")
    return chosen


def _id(runs: Iterable[RunSpec], batch_size: int, schedule: str, rate: float) -> str:
    training = _training(batch_size, schedule, rate)
    return next(run.run_id for run in runs if run.training == training)


def best_dense_rates(searched: pd.DataFrame) -> list[float]:
    """The rates with the lowest validation loss of the averaged and of the last weights: one or two, ascending."""
    best = {
        searched.loc[searched[column].idxmin(), "dense_learning_rate"]
        for column in ("valid_logloss", "valid_logloss~0")
    }
    return sorted(float(rate) for rate in best)


PLANS: dict[str, Callable[[str, str | None, Seeds | None], Study]] = {
    "ctr-averaging-rate": averaging_rate,
    "ctr-averaging": averaging,
}
"""Study name -> plan."""
