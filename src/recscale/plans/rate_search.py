"""The search of learning rates: which ones are tried, on which data and at which sizes, and which ones are best.

``ctr-learning-rate`` searches the dense learning rate on validation data at three sizes of every model, with a seed no
other study uses, and the embedding learning rate at the middle one; on KuaiRand-Pure, where a run takes seconds, both
at every searched size of the models trained there. A full study takes the best of its model on its data set (on
MovieLens-1M where that wasn't searched), the dense one interpolated in log FLOP per example (beyond the searched sizes:
the nearest one's).

Every list is of ``(size, dense rate, embedding rate)``, ``size`` counting a model's searched sizes from the smallest.
First a grid (``rate_grid``). Where its best lay at an edge, and at the other sizes the dense rates with the embedding
rate that is best at the middle one, the search went on by hand (``RATES_BEYOND``), until the best lay inside.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import replace
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recscale.models import EmbeddingConfig, account_ctr
from recscale.models.ctr_presets import rival_sizes
from recscale.plans.parts import USUAL_EMBEDDING, inputs, one_pass, usual_split
from recscale.plans.profiles import Profiles, RunSeeds
from recscale.runs import Columns, NotYetPlanned, RunSpec, healthy, load_results, run_table
from recscale.training.ctr import CTRTraining

RATE_STUDY = "ctr-learning-rate"

RatePairs = tuple[tuple[int, float, float], ...]

OTHERS = ("autoint+", "finalmlp", "masknet", "afn+", "xdeepfm")
COMPARED_MODELS = ("wukong", "dlrm", "dcnv2", *OTHERS)

SEARCHED_ON = "movielens-1m"
SEARCHED = {SEARCHED_ON: COMPARED_MODELS, "kuairand-pure": COMPARED_MODELS[:3]}
"""Data set -> models whose rates were searched on it."""
SIZE_COUNT = 3
"""Searched sizes of a model."""
CROSSED_AT = {SEARCHED_ON: (1,), "kuairand-pure": tuple(range(SIZE_COUNT))}
"""Data set -> at which searched sizes every pair of rates is tried."""
RATE_SEARCH_SEED = 1000
DENSE_RATES = (3e-4, 1e-3, 3e-3, 1e-2)
EMBEDDING_RATES = (3e-2, 1e-1, 3e-1)


RATES_BEYOND: dict[tuple[str, str], RatePairs] = {
    (dataset, model): tuple(map(tuple, pairs))
    for dataset, models in tomllib.loads(Path(__file__).with_name("rates-beyond.toml").read_text("utf-8")).items()
    for model, pairs in models.items()
}
"""(data set, model) -> what was tried after the grid."""


def rate_grid(dataset: str, sizes: int = SIZE_COUNT) -> RatePairs:
    """The dense rate at the first ``sizes`` sizes; at some the embedding rate too, as tables are alike at all."""
    crossed = CROSSED_AT.get(dataset, CROSSED_AT[SEARCHED_ON])
    return tuple(
        (size, dense, sparse)
        for size in range(sizes)
        for sparse, dense in product(EMBEDDING_RATES if size in crossed else EMBEDDING_RATES[1:2], DENSE_RATES)
    )


def searched_on(dataset: str, model: str) -> str:
    """Whose search decides a model's rates on ``dataset``: its own, or MovieLens-1M's."""
    return dataset if model in SEARCHED.get(dataset, ()) else SEARCHED_ON


def searched_sizes(model: str) -> tuple:
    """The ``SIZE_COUNT`` searched sizes of a ladder: the smallest, a middle one and the largest but one."""
    ladder = rival_sizes(model)
    return (ladder[0], ladder[len(ladder) // 2 - 1], ladder[-2])


def _search_runs(dataset: str, model: str, pairs: RatePairs) -> list[RunSpec]:
    sizes, runs = searched_sizes(model), []
    for size, dense, sparse in pairs:
        training = one_pass(dataset, dense_learning_rate=dense, sparse_learning_rate=sparse)
        runs.append(RunSpec(dataset, usual_split(dataset), sizes[size], training, RATE_SEARCH_SEED))
    return runs


def _small_search(base: str, sizes: int, dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """Wukong's grid at its first ``sizes`` sizes."""
    dataset = dataset or base
    return _with_seeds(_search_runs(dataset, COMPARED_MODELS[0], rate_grid(dataset, sizes)), seeds)


def full_search(dataset: str | None = None, seeds: RunSeeds | None = None) -> list[RunSpec]:
    """Every model's grid, then what was tried after it."""
    searches = SEARCHED if dataset is None else {dataset: SEARCHED.get(dataset, SEARCHED[SEARCHED_ON])}
    first, after = [], []
    for base, models in searches.items():
        for model in models:
            first += _search_runs(base, model, rate_grid(base))
            after += _search_runs(base, model, RATES_BEYOND.get((base, model), ()))
    return _with_seeds([*first, *after], seeds)


def _with_seeds(runs: Iterable[RunSpec], seeds: RunSeeds | None) -> list[RunSpec]:
    return [replace(run, seed=seed) for seed in seeds or (RATE_SEARCH_SEED,) for run in runs]


LEARNING_RATE_PLAN = Profiles(
    smoke=partial(_small_search, "synthetic-ctr", 1),
    quick=partial(_small_search, "movielens-100k", 2),
    full=full_search,
)
"""Learning rates of the dense part and of the embedding tables for every model, judged on validation data."""


def tuned(dataset: str, model: Any, embedding: EmbeddingConfig = USUAL_EMBEDDING) -> CTRTraining:
    """One pass at the rates that the search found best for this model, the dense one interpolated in log FLOP.

    All of it was searched with the usual ``embedding``; another one moves the model along the FLOP axis alone.

    ``NotYetPlanned`` while a searched run of this model is missing from the committed table: a plan whose rates changed
    with every row of it would orphan what was already trained.
    """
    table = load_results(RATE_STUDY)
    searched = _searched_ids(searched_on(dataset, model.model), model.model)
    table = run_table(table[table[Columns.RUN_ID].isin(searched)])
    if len(table) < len(searched):
        missing = len(searched) - len(table)
        raise NotYetPlanned(f"waits for {RATE_STUDY}: {missing} of its {len(searched)} {model.model} runs are missing")
    sparse = embedding_learning_rate(table)
    best = best_rates(at_embedding_rate(table, sparse))
    account = account_ctr(model, *inputs(dataset), embedding)
    dense = interpolated_rate(account.training_flop_per_example, best[Columns.FLOP], best[Columns.DENSE_RATE])
    return one_pass(dataset, dense_learning_rate=dense, sparse_learning_rate=sparse, embedding=embedding)


@cache
def _searched_ids(dataset: str, model: str) -> frozenset[str]:
    pairs = (*rate_grid(dataset), *RATES_BEYOND.get((dataset, model), ()))
    return frozenset(run.run_id for run in _search_runs(dataset, model, pairs))


def embedding_learning_rate(table: pd.DataFrame) -> float:
    """The best embedding learning rate at the middle size of one model's search (a run table): for every size, as the
    tables are equal at every size."""
    best = best_rates(table)
    return float(best[Columns.EMBEDDING_RATE].iloc[len(best) // 2])


def at_embedding_rate(table: pd.DataFrame, rate: float) -> pd.DataFrame:
    """The runs of one model's search with this embedding learning rate; at a size where it wasn't tried, all runs."""
    tried = table[Columns.EMBEDDING_RATE] == rate
    return table[tried | ~tried.groupby(table[Columns.FLOP]).transform("any")]


def best_rates(table: pd.DataFrame) -> pd.DataFrame:
    """For every model and size of a search (a run table) the healthy row with the lowest validation log loss."""
    sound = healthy(table)
    best = sound.groupby([Columns.MODEL, Columns.FLOP])["valid_logloss"].idxmin()
    return sound.loc[best].reset_index(drop=True)


def interpolated_rate(x: float, known: Iterable[float], rates: Iterable[float]) -> float:
    """The rate at ``x`` between ``rates`` at ``known`` x in ascending order: linear in the logarithms, constant beyond
    the ends, three digits."""
    logs = (np.log(np.asarray(values, float)) for values in (x, known, rates))
    return float(f"{np.exp(np.interp(*logs)):.3g}")
