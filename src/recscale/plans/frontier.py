"""The fair comparison on MovieLens-1M: every CTR model's best shape at every compute, with the seeds that takes.

``ctr-frontier-rate`` searches the rates of every model's central style on validation data, with a seed no other study
uses. ``ctr-frontier`` trains, model by model as soon as its search is whole,

1. every shape of the fair ladders (``models.ctr_ladders``) at every target with the seeds ``FIRST_SEEDS``, and Wukong
   once more along its paper's recipe;
2. where that is whole, the best shape of every target, chosen by its mean validation loss over those seeds, with as
   many further seeds as its noise asks for (``ERROR_WANTED``).

Rates of a shape: one embedding learning rate per model, the best over the targets where it was searched, and the dense
rate interpolated in log FLOP per example between the searched targets. All runs share ``PROTOCOL``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from recscale.models.ctr_ladders import TARGETS, flop, frontier_targets, ladder_shapes, recipe
from recscale.models.embeddings import TowerConfig
from recscale.plans.parts import FIXED_RATES, Part, Training
from recscale.plans.profiles import Profiles, RunSeeds
from recscale.plans.rate_search import RatePairs, at_embedding_rate, best_rates, interpolated_rate
from recscale.runs import Columns, NotYetPlanned, RunSpec, healthy, load_results, run_table
from recscale.stats.power import pooled_deviation, seeds_needed
from recscale.training.ctr import CTRTraining

PROTOCOL = CTRTraining(batch_size=256, schedule="constant", averaged=(0.2, 0.0), curve_points=11)
"""How every run of both studies is trained, but for its rates."""

FRONTIER_SEARCH, FRONTIER_STUDY, FRONTIER_DATASET = "ctr-frontier-rate", "ctr-frontier", "movielens-1m"
GROUPS = (("wukong", "dcnv2", "crossnet"), ("dlrm", "finalmlp", "xdeepfm"), ("autoint+", "masknet", "afn+"))
"""The models in the order of their use; a group is trained whole before the next one begins."""

CENTRAL = 2
"""Which of a model's styles is searched: for most two layers of interactions, two thirds of the compute in them."""

FIRST_SEEDS = (0, 1, 2)
MOST_SEEDS = 20
ERROR_WANTED = {model: 0.0008 if group < 2 else 0.0012 for group, models in enumerate(GROUPS) for model in models}
"""Model -> the standard error wanted of its best shapes' mean test loss, relative to it."""

FRONTIER_SEARCH_SEED = 1000
"""No other study uses it."""

RATE_STEPS = tuple(float(f"{digit}e{power}") for power in range(-6, 2) for digit in (1, 3))
"""The rates that can be tried: two a decade."""

SEARCHED_TARGETS = (0, 3, 6, 9, 11)
ENDS_EARLY = {"crossnet": (0, 2, 4, 6, 7)}
"""Targets of a model that doesn't reach the largest."""

CROSSED = (0, 2, 3)
"""At which of a model's five targets the embedding rate is searched along with the dense one."""
RATES_EACH_SIDE = (1, 2, 1, 1, 1)
"""How many dense rates are tried to each side of the expected one, target by target. Embedding rates: one."""

EXPECTED: dict[str, tuple[float, tuple[float, ...]]] = {
    "wukong": (1e-1, (3e-3, 1e-3, 1e-3, 3e-4, 1e-4)),
    "dcnv2": (3e-1, (3e-3, 1e-3, 1e-3, 1e-3, 3e-4)),
    "crossnet": (3e-1, (3e-3, 3e-3, 1e-3, 1e-3, 1e-3)),
    "dlrm": (3e-2, (3e-2, 1e-1, 1e-1, 1e-1, 3e-2)),
    "finalmlp": (1.0, (3e-4, 1e-4, 3e-5, 1e-5, 1e-5)),
    "xdeepfm": (3e-1, (3e-3, 3e-3, 1e-3, 1e-3, 3e-4)),
    "autoint+": (1e-1, (3e-3, 3e-3, 1e-3, 1e-3, 3e-4)),
    "masknet": (1e-1, (1e-2, 3e-3, 1e-3, 1e-3, 3e-4)),
    "afn+": (3.0, (1e-3, 3e-3, 1e-3, 3e-4, 3e-4)),
}
"""Model -> the embedding rate and, target by target, the dense rate in the middle of the grid: around the best rates of
``ctr-learning-rate``, which has larger batches and unaveraged weights."""

FRONTIER_BEYOND: dict[str, RatePairs] = {}
"""What was tried by hand, until the best lay inside: (target, dense rate, embedding rate), ``target`` counting
``ctr_ladders.TARGETS``."""


def searched_targets(model: str) -> tuple[int, ...]:
    """The five targets at which a model is searched, from its smallest to its largest."""
    return ENDS_EARLY.get(model, SEARCHED_TARGETS)


def around(rate: float, reach: int) -> tuple[float, ...]:
    """``rate`` and the ``reach`` next ones of ``RATE_STEPS`` to each side."""
    at = RATE_STEPS.index(rate)
    return RATE_STEPS[at - reach : at + reach + 1]


def rate_pairs(model: str) -> RatePairs:
    """What is tried, cheap targets first: at five targets the dense rates around the expected one, at three of them
    crossed with the embedding rates; then what was tried by hand."""
    embedding, expected = EXPECTED[model]
    pairs = []
    for position, (target, rate) in enumerate(zip(searched_targets(model), expected, strict=True)):
        for sparse in around(embedding, 1 if position in CROSSED else 0):
            pairs += [(target, dense, sparse) for dense in around(rate, RATES_EACH_SIDE[position])]
    return tuple(sorted([*pairs, *FRONTIER_BEYOND.get(model, ())], key=lambda pair: pair[0]))


def at_rates(dense: float, sparse: float) -> CTRTraining:
    """The protocol at these two rates."""
    return replace(PROTOCOL, dense_learning_rate=dense, sparse_learning_rate=sparse)


def _frontier_search(
    base: str,
    models: Iterable[str],
    sizes: int | None,
    most_rows: int | None,
    dataset: str | None,
    seeds: RunSeeds | None,
) -> list[RunSpec]:
    """The searches of ``models``, cheap before dear, at the first ``sizes`` of a model's targets (None: at all)."""
    runs: list[RunSpec] = []
    for seed, model in product(seeds or (FRONTIER_SEARCH_SEED,), models):
        targets = searched_targets(model)[:sizes]
        for target, dense, sparse in rate_pairs(model):
            if target in targets:
                central = (ladder_shapes(model, TARGETS[target])[CENTRAL],)
                training = at_rates(dense, sparse)
                part = Part(dataset or base, central, lambda *_, at=training: at, (seed,), most_rows=most_rows)
                runs += part.runs(seed)
    return runs


FRONTIER_RATE_PLAN = Profiles(
    smoke=partial(_frontier_search, "synthetic-ctr", ("wukong",), 1, 16_000),
    quick=partial(_frontier_search, "movielens-100k", ("wukong",), 2, None),
    full=partial(_frontier_search, FRONTIER_DATASET, sum(GROUPS, ()), None, None),
)
"""Learning rates of the dense part and of the embedding tables for every model's central style."""


def _small_frontier(
    base: str,
    models: Sequence[str],
    targets: Sequence[float],
    most_rows: int | None,
    dataset: str | None,
    seeds: RunSeeds | None,
) -> list[RunSpec]:
    """Every shape of ``models`` at ``targets``, then Wukong's recipe, at fixed rates."""
    along = [recipe(TARGETS.index(target)) for target in targets]
    shapes, training = (*_shapes(models, targets), *along), replace(PROTOCOL, **FIXED_RATES)
    part = Part(dataset or base, shapes, lambda *_: training, seeds or FIRST_SEEDS[:1], most_rows=most_rows)
    return _distinct_runs([part])


def _full_frontier(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """All shapes of all models, Wukong's recipe, and the best shapes' further seeds."""
    base, parts = dataset or FRONTIER_DATASET, []
    for group in GROUPS:
        rated = {model: training for model in group if (training := _tuned(base, model)) is not None}
        if rated:
            parts.append(Part(base, tuple(_shapes(rated, TARGETS)), _by_model(rated), seeds or FIRST_SEEDS))
        if "wukong" in rated:
            along = tuple(map(recipe, range(len(TARGETS))))
            parts.append(Part(base, along, rated["wukong"], seeds or FIRST_SEEDS))
        if seeds is None:
            parts += _further(base, rated)
    if not parts:
        raise NotYetPlanned(f"waits for {FRONTIER_SEARCH}: no model has been searched whole on {base}")
    return _distinct_runs(parts)


FRONTIER_PLAN = Profiles(
    smoke=partial(_small_frontier, "synthetic-ctr", ("wukong",), TARGETS[:1], 16_000),
    quick=partial(_small_frontier, "movielens-100k", ("wukong", "crossnet"), (TARGETS[0], TARGETS[4]), None),
    full=_full_frontier,
)


def _distinct_runs(parts: Iterable[Part]) -> list[RunSpec]:
    """Part by part, within a part seed by seed; a run that two parts ask for once (a shape can be the recipe's)."""
    return list(dict.fromkeys(run for part in parts for seed in part.seeds for run in part.runs(seed)))


def _shapes(models: Iterable[str], targets: Iterable[float]) -> list[TowerConfig]:
    """Every shape of ``models`` at those of ``targets`` that they reach, cheap before dear."""
    at = [(model, target) for target in targets for model in models if target in frontier_targets(model)]
    return [shape for model, target in at for shape in ladder_shapes(model, target)]


def _by_model(rated: dict[str, Training]) -> Training:
    return lambda dataset, shape: rated[shape.model](dataset, shape)


def _further(dataset: str, rated: dict[str, Training]) -> list[Part]:
    """Seeds beyond ``FIRST_SEEDS`` for the best shapes of the models whose first seeds are all committed: seed by seed,
    so that all best shapes have about equally many."""
    wanted: dict[TowerConfig, int] = {}
    for model, training in rated.items():
        wanted |= _best_shapes(dataset, model, training)
    parts = []
    for seed in range(len(FIRST_SEEDS), max(wanted.values(), default=0)):
        models = tuple(shape for shape, count in wanted.items() if seed < count)
        parts.append(Part(dataset, models, _by_model(rated), (seed,)))
    return parts


def _best_shapes(dataset: str, model: str, rated: Training) -> dict[TowerConfig, int]:
    """The best shape of every target of a model -> how many seeds it wants; empty until all first seeds are there."""
    table = run_table(load_results(FRONTIER_STUDY)).set_index(Columns.RUN_ID)
    best: dict[TowerConfig, int] = {}
    for target in frontier_targets(model):
        at = ladder_shapes(model, target)
        runs = _distinct_runs([Part(dataset, tuple(at), rated, FIRST_SEEDS)])
        if any(run.run_id not in table.index for run in runs):
            return {}
        ids = np.array([run.run_id for run in runs]).reshape(len(FIRST_SEEDS), len(at)).T
        best |= best_shape(at, [table.loc[row] for row in ids], ERROR_WANTED[model])
    return best


def best_shape(at: Sequence[TowerConfig], runs: Sequence[pd.DataFrame], error: float) -> dict[TowerConfig, int]:
    """Of shapes at one target, given each one's runs: the best by mean validation loss, and the seeds it wants for
    the relative standard ``error``, from the noise pooled over the better half of the shapes.

    A shape with a diverged run is none of them; where every shape has one, nothing is chosen.
    """
    sound = [(rows["valid_logloss"].mean(), index) for index, rows in enumerate(runs) if rows[Columns.HEALTHY].all()]
    if not sound:
        return {}
    order = [index for _, index in sorted(sound)]
    half = order[: max(1, len(at) // 2)]
    noise = pooled_deviation(np.array([runs[index]["test_logloss"] for index in half], float))
    return {at[order[0]]: min(MOST_SEEDS, max(len(FIRST_SEEDS), seeds_needed(noise, error)))}


def _tuned(dataset: str, model: str) -> Training | None:
    """The protocol at a model's searched rates; None until the committed search of this model is whole."""
    table = run_table(load_results(FRONTIER_SEARCH)).set_index(Columns.RUN_ID, drop=False)
    ids = [run.run_id for run in _frontier_search(dataset, (model,), None, None, None, None)]
    if any(run_id not in table.index for run_id in ids):
        return None
    searched = table.loc[ids].reset_index(drop=True)
    sparse = best_embedding_rate(searched)
    best = best_rates(at_embedding_rate(searched, sparse))

    def training(dataset: str, shape: TowerConfig) -> CTRTraining:
        return at_rates(interpolated_rate(flop(shape), best[Columns.FLOP], best[Columns.DENSE_RATE]), sparse)

    return training


def best_embedding_rate(searched: pd.DataFrame) -> float:
    """The embedding learning rate of one model's search (a run table): of those tried at every size where more than one
    was, the one with the lowest validation loss on average over these sizes, each time with its best dense rate."""
    best = healthy(searched).pivot_table("valid_logloss", Columns.FLOP, Columns.EMBEDDING_RATE, aggfunc="min")
    crossed = best[best.notna().sum(axis=1) > 1]
    return float(crossed.dropna(axis=1).mean().idxmin())
