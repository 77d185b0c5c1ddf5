"""The pilot of the run protocol: does averaging the weights pay, over which share, at which batch size and schedule?

Three Wukongs of 0.04, 0.45 and 2 training MFLOP per example on MovieLens-1M. ``ctr-averaging-rate`` searches the dense
rate of every size, batch size and schedule on validation data with a seed of its own. ``ctr-averaging`` trains each
with six other seeds at the rate that is best for the averaged weights and, where that is another, at the one that is
best for the last ones, so that neither is judged at the other's rate. One run measures every share.
"""

from collections.abc import Iterable
from functools import partial
from itertools import product

import pandas as pd

from recscale.models.wukong import WukongConfig
from recscale.plans import rate_search
from recscale.plans.parts import one_pass
from recscale.plans.profiles import Profiles, RunSeeds
from recscale.runs import Columns, NotYetPlanned, RunSpec, load_results, run_table
from recscale.training.ctr import CTRTraining

AVERAGING_SEARCH = "ctr-averaging-rate"
PILOT_DATASET = "movielens-1m"
SHARES = (0.2, 0.0, 0.1, 0.3, 0.5)
"""Shares of the steps that are averaged; the first one's loss chooses the rates."""
PILOT_PROTOCOLS = tuple(product((256, 1024), ("constant", "linear")))
"""Batch size and schedule."""
PILOT_SEEDS = (0, 1, 2, 3, 4, 5)
PILOT_EMBEDDING_RATE = 0.1

PilotSize = tuple[WukongConfig, tuple[float, ...]]

PILOT_SIZES: tuple[PilotSize, ...] = (
    (WukongConfig(l=1, n_F=4, n_L=4, k=4, mlp_width=16, head=(16,)), (1e-3, 3e-3, 1e-2)),
    (WukongConfig(l=2, n_F=16, n_L=16, k=10, mlp_width=32, head=(32,)), (3e-4, 1e-3, 3e-3)),
    (WukongConfig(l=2, n_F=32, n_L=32, k=16, mlp_width=80, head=(80,)), (1e-4, 3e-4, 1e-3)),
)
"""A Wukong, and the dense rates tried for it."""

Trainings = dict[WukongConfig, list[CTRTraining]]


def averaging_rate(base: str, sizes: Iterable[PilotSize], dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """Dense rates of every size, batch size and schedule, judged on validation data."""
    trainings = {model: [_training(*tried) for tried in product(PILOT_PROTOCOLS, rates)] for model, rates in sizes}
    return _pilot_runs(dataset or base, trainings, seeds or (rate_search.RATE_SEARCH_SEED,))


AVERAGING_RATE_PLAN = Profiles(
    smoke=partial(averaging_rate, "synthetic-ctr", PILOT_SIZES[:1]),
    quick=partial(averaging_rate, "movielens-100k", PILOT_SIZES[:2]),
    full=partial(averaging_rate, PILOT_DATASET, PILOT_SIZES),
)


def _small_averaging(base: str, dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """The smallest size at the middle one of its rates, with two seeds."""
    model, rates = PILOT_SIZES[0]
    trainings = {model: [_training(protocol, rates[1]) for protocol in PILOT_PROTOCOLS]}
    return _pilot_runs(dataset or base, trainings, seeds or PILOT_SEEDS[:2])


def _full_averaging(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """Every size, batch size and schedule at its best rates, seed by seed within a size."""
    return _pilot_runs(dataset or PILOT_DATASET, _searched(), seeds or PILOT_SEEDS)


AVERAGING_PLAN = Profiles(
    smoke=partial(_small_averaging, "synthetic-ctr"),
    quick=partial(_small_averaging, "movielens-100k"),
    full=_full_averaging,
)


def _training(protocol: tuple[int, str], rate: float) -> CTRTraining:
    batch_size, schedule = protocol
    rates = {"dense_learning_rate": rate, "sparse_learning_rate": PILOT_EMBEDDING_RATE}
    return one_pass(PILOT_DATASET, batch_size=batch_size, schedule=schedule, averaged=SHARES, **rates)


def _pilot_runs(dataset: str, trainings: Trainings, seeds: RunSeeds) -> list[RunSpec]:
    tried = [(model, training) for model, several in trainings.items() for training in several]
    return [RunSpec(dataset, "random", model, training, seed) for model, training in tried for seed in seeds]


def _searched() -> Trainings:
    """Of every size whose search is whole, each batch size and schedule at its best rate or rates."""
    search = AVERAGING_RATE_PLAN.full(None, None)
    table = run_table(load_results(AVERAGING_SEARCH)).set_index(Columns.RUN_ID)
    best: Trainings = {}
    for model, rates in PILOT_SIZES:
        ids = {run.training: run.run_id for run in search if run.model == model}
        if not set(ids.values()) <= set(table.index):
            continue
        best[model] = []
        for protocol in PILOT_PROTOCOLS:
            tried = table.loc[[ids[_training(protocol, rate)] for rate in rates]]
            best[model] += [_training(protocol, rate) for rate in best_dense_rates(tried)]
    if not best:
        raise NotYetPlanned(f"waits for {AVERAGING_SEARCH}: no size has been searched whole")
    return best


def best_dense_rates(searched: pd.DataFrame) -> list[float]:
    """The rates with the lowest validation loss of the averaged and of the last weights: one or two, ascending."""
    lowest = [searched[column].idxmin() for column in ("valid_logloss", "valid_logloss~0")]
    return sorted(set(searched.loc[lowest, Columns.DENSE_RATE].astype(float)))
