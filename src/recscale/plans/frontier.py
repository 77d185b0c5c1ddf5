"""The fair comparison on MovieLens-1M: every CTR model's best shape at every compute, with the seeds that takes.

``ctr-frontier-rate`` searches the rates of every model's central style on validation data, with a seed no other study
uses. ``ctr-frontier`` trains, model by model as soon as its search is whole,

1. every shape of the fair ladders (``models.ctr_ladders``) at every target with the seeds ``SEEDS``, and Wukong once
   more along its paper's recipe;
2. where that is whole, the best shape of every target, chosen by its mean validation loss over those seeds, with as
   many further seeds as its noise asks for (``ERROR_WANTED``).

Rates of a shape: one tables' rate per model, the best over the targets where it was searched, and the dense rate
interpolated in log FLOP per example between the searched targets. All runs share ``PROTOCOL``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from recscale.models.ctr_ladders import TARGETS, flop, frontier_targets, recipe, shapes
from recscale.models.embeddings import TowerConfig
from recscale.plans import frontier_search
from recscale.plans.ctr import FIXED_RATES, MOST_ROWS, Part, Seeds, beside, best_rates, with_rates
from recscale.runs.spec import RunSpec
from recscale.runs.store import load_results
from recscale.runs.study import NotYetPlanned, Study
from recscale.runs.table import Columns
from recscale.stats.power import pooled_deviation, seeds_needed
from recscale.training.ctr import CTRTraining

PROTOCOL = CTRTraining(batch_size=256, schedule="constant", averaged=(0.2, 0.0), curve_points=11)
"""How every run of both studies is trained, but for its rates."""

DATASET = {"smoke": "synthetic-ctr", "quick": "movielens-100k", "full": "movielens-1m"}
GROUPS = (("wukong", "dcnv2", "crossnet"), ("dlrm", "finalmlp", "xdeepfm"), ("autoint+", "masknet", "afn+"))
"""The models in the order of their use; a group is trained whole before the next one begins."""

CENTRAL = 2
"""Which of a model's styles is searched: for most two layers of interactions, two thirds of the compute in them."""

SEEDS = (0, 1, 2)
MOST_SEEDS = 20
ERROR_WANTED = {model: 0.0008 if group < 2 else 0.0012 for group, models in enumerate(GROUPS) for model in models}
"""Model -> the standard error wanted of its best shapes' mean test loss, relative to it."""

Rated = Callable[[TowerConfig], CTRTraining]  # configuration -> the protocol at its rates


def at_rates(dense: float, sparse: float) -> CTRTraining:
    """The protocol at these two rates."""
    return replace(PROTOCOL, dense_learning_rate=dense, sparse_learning_rate=sparse)


def _fixed(_: TowerConfig) -> CTRTraining:
    return replace(PROTOCOL, **FIXED_RATES)


def frontier_rate(profile: str, dataset: str | None, seeds: Seeds | None) -> Study:
    """Learning rates of the dense part and of the tables for every model's central style."""
    models, sizes = {"smoke": (("wukong",), 1), "quick": (("wukong",), 2), "full": (sum(GROUPS, ()), None)}[profile]
    runs = [
        run
        for seed in seeds or (frontier_search.SEED,)
        for model in models
        for run in _search(dataset or DATASET[profile], profile, model, seed, sizes)
    ]
    return _study("ctr-frontier-rate", profile, runs)


def _search(dataset: str, profile: str, model: str, seed: int, sizes: int | None = None) -> list[RunSpec]:
    """A model's runs of the search, cheap before dear; ``sizes`` keeps the first of its targets."""
    searched = frontier_search.targets(model)[:sizes]
    pairs = (*frontier_search.grid(model), *frontier_search.beyond(model))
    runs = []
    for target, dense, sparse in sorted(pairs, key=lambda pair: pair[0]):
        if target in searched:
            plan = at_rates(dense, sparse)
            shape = shapes(model, TARGETS[target])[CENTRAL]
            runs += _part(dataset, profile, (shape,), lambda _, plan=plan: plan, (seed,)).runs(seed)
    return runs


def frontier(profile: str, dataset: str | None, seeds: Seeds | None) -> Study:
    """All shapes of all models, Wukong's recipe, and the best shapes' further seeds."""
    base, first = dataset or DATASET[profile], seeds or (SEEDS if profile == "full" else SEEDS[:1])
    if profile != "full":
        at = {"smoke": TARGETS[:1], "quick": (TARGETS[0], TARGETS[4])}[profile]
        models = {"smoke": ("wukong",), "quick": ("wukong", "crossnet")}[profile]
        every = tuple(shape for target in at for model in models for shape in shapes(model, target))
        along = tuple(recipe(TARGETS.index(target)) for target in at)
        return _study("ctr-frontier", profile, _runs([_part(base, profile, every + along, _fixed, first)]))
    parts: list[Part] = []
    for group in GROUPS:
        rated = {model: training for model in group if (training := _tuned(base, model)) is not None}
        parts += _group(base, rated, first)
        if seeds is None:
            parts += _further(base, rated)
    if not parts:
        raise NotYetPlanned(f"waits for ctr-frontier-rate: no model has been searched whole on {base}")
    return _study("ctr-frontier", profile, _runs(parts))


def _part(dataset: str, profile: str, models: Sequence[TowerConfig], rated: Rated, seeds: Seeds) -> Part:
    return Part(dataset, tuple(models), lambda _, model: rated(model), seeds, most_rows=MOST_ROWS[profile])


def _runs(parts: Iterable[Part]) -> list[RunSpec]:
    """Part by part, within a part seed by seed; a run that two parts ask for once (a shape can be the recipe's)."""
    return list(dict.fromkeys(run for part in parts for seed in part.seeds for run in part.runs(seed)))


def _study(name: str, profile: str, runs: Iterable[RunSpec]) -> Study:
    return Study(name if profile == "full" else f"{name}-{profile}", tuple(runs))


def _group(dataset: str, rated: dict[str, Rated], seeds: Seeds) -> list[Part]:
    """Every shape of these models, cheap before dear, then Wukong's recipe."""
    every = [
        shape
        for target in TARGETS
        for model in rated
        if target in frontier_targets(model)
        for shape in shapes(model, target)
    ]
    parts = [_part(dataset, "full", every, lambda shape: rated[shape.model](shape), seeds)] if every else []
    if "wukong" in rated:
        along = [recipe(size) for size in range(len(TARGETS))]
        parts.append(_part(dataset, "full", along, rated["wukong"], seeds))
    return parts


def _further(dataset: str, rated: dict[str, Rated]) -> list[Part]:
    """Seeds beyond ``SEEDS`` for the best shapes of those models whose first seeds are all committed: one round of
    them after another, so that all best shapes have about equally many."""
    wanted = {
        shape: count for model, training in rated.items() for shape, count in _best(dataset, model, training).items()
    }
    rounds = range(len(SEEDS), max(wanted.values(), default=0))
    return [
        _part(
            dataset,
            "full",
            [shape for shape, count in wanted.items() if seed < count],
            lambda shape: rated[shape.model](shape),
            (seed,),
        )
        for seed in rounds
    ]


def _best(dataset: str, model: str, rated: Rated) -> dict[TowerConfig, int]:
    """The best shape of every target of a model -> how many seeds it wants; empty until all first seeds are there."""
    table = load_results("ctr-frontier").set_index("run_id")
    best: dict[TowerConfig, int] = {}
    for target in frontier_targets(model):
        at = shapes(model, target)
        runs = _runs([_part(dataset, "full", at, rated, SEEDS)])
        if any(run.run_id not in table.index for run in runs):
            return {}
        ids = np.array([run.run_id for run in runs]).reshape(len(SEEDS), len(at)).T
        best |= chosen(at, [table.loc[row] for row in ids], ERROR_WANTED[model])
    return best


def chosen(at: Sequence[TowerConfig], runs: Sequence[pd.DataFrame], error: float) -> dict[TowerConfig, int]:
    """Of shapes at one target, given each one's runs: the best by mean validation loss, and the seeds it wants for
    the relative standard ``error``, from the noise pooled over the better half of the shapes.

    A shape with a diverged run is none of them; where every shape has one, nothing is chosen.
    """
    healthy = [
        (rows["valid_logloss"].mean(), index)
        for index, rows in enumerate(runs)
        if not rows["diverged"].astype(bool).any()
    ]
    if not healthy:
        return {}
    order = [index for _, index in sorted(healthy)]
    half = order[: max(1, len(at) // 2)]
    noise = pooled_deviation(np.array([runs[index]["test_logloss"] for index in half], float))
    return {at[order[0]]: min(MOST_SEEDS, max(len(SEEDS), seeds_needed(noise, error)))}


def _tuned(dataset: str, model: str) -> Rated | None:
    """The protocol at a model's searched rates; None until the committed search of this model is whole."""
    table = load_results("ctr-frontier-rate").set_index("run_id", drop=False)
    ids = [run.run_id for run in _search(dataset, "full", model, frontier_search.SEED)]
    if any(run_id not in table.index for run_id in ids):
        return None
    searched = table.loc[ids].reset_index(drop=True)
    sparse = tables_rate(searched)
    best = best_rates(beside(searched, sparse))
    known, found = np.log(best[Columns.FLOP].astype(float)), np.log(best["dense_learning_rate"])

    def training(shape: TowerConfig) -> CTRTraining:
        return at_rates(float(f"{np.exp(np.interp(np.log(flop(shape)), known, found)):.3g}"), sparse)

    return training


def tables_rate(searched: pd.DataFrame) -> float:
    """The tables' rate of one model: of those tried at every size where more than one was, the one with the lowest
    validation loss on average over these sizes, each time beside the dense rate that is best with it."""
    trained = with_rates(searched[~searched["diverged"].astype(bool)])
    best = trained.pivot_table("valid_logloss", Columns.FLOP, "sparse_learning_rate", aggfunc="min")
    crossed = best[best.notna().sum(axis=1) > 1]
    return float(crossed.dropna(axis=1).mean().idxmin())


PLANS: dict[str, Callable[[str, str | None, Seeds | None], Study]] = {
    "ctr-frontier-rate": frontier_rate,
    "ctr-frontier": frontier,
}
"""Study name -> plan."""
