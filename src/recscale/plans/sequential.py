"""The sequential studies: which models are trained on which data to measure, and to test, the Performance Law.

A cell of the law is (layers, width): a transformer's depth H and the width d of its item embeddings and hidden states.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import pandas as pd

from recscale.datasets import load_sequences
from recscale.models.sequential import SEQUENTIAL_MODELS
from recscale.plans.profiles import Profiles, RunSeeds
from recscale.runs import NotYetPlanned, RunSpec, load_results
from recscale.settings import DATA
from recscale.training.sequential import SequentialTraining

LayersWidth = tuple[int, int]
"""(layers, width)"""

BASE_MODEL, OTHER_MODELS = "sasrec", ("hstu", "llama")

EXACT_ITEMS = 10_000
"""Up to so many items the softmax runs over all of them; above, over a sample of ``SOFTMAX_NEGATIVES``, in batches of
at least ``LEAST_TOKENS`` positions, since there the update of the item table, once a batch, costs most."""
LEAST_TOKENS = 2048
SOFTMAX_NEGATIVES = 1024

CELLS = (*((h, d) for h in (1, 2) for d in (16, 32, 64, 96)), *((h, d) for h in (4, 8) for d in (16, 32, 64)))
"""The grid of the full study: 14 (layers, width)."""
SKELETON = ((1, 16), (1, 64), (4, 16), (4, 64))
"""Two depths by two widths: the least that tells both slopes, trained first and on every other data set."""
DIAGONAL = ((1, 16), (2, 32), (4, 64), (8, 64))
"""Where three seeds tell the noise."""
CORNERS = ((1, 16), (1, 96), (8, 16), (8, 64))
LONGER = {100: (*SKELETON, (2, 32)), 200: ((1, 16), (2, 64))}
"""Longest history -> cells trained with it too."""
BFLOAT16 = ((1, 16), (2, 16))
"""Cells trained in that precision too; narrow ones, as it is ten times as slow on most CPUs."""

QUICK_CELLS = tuple((h, d) for h in (1, 2, 4) for d in (4, 12, 32))
SMOKE_CELLS = tuple((h, d) for h in (1, 2, 3) for d in (4, 8, 16))

FRACTIONS, REPEATED_SHARES = (1.0, 0.3, 0.1), (1.0, 0.5, 0.25)
"""Shares of MovieLens-1M's users, and of every history written a second time, at ``full``."""
OTHER_DATASETS = {"amazon-beauty": 50, "wikipedia": 100, "kuairand-pure": 9, "amazon-books": 20, "food": 25}
"""Data set -> epochs at ``full``: as many positions as 25 epochs of MovieLens-1M have, within a tenth or so."""

SEARCH: dict[int, tuple[tuple[float, float], ...]] = {
    64: ((3e-3, 0.2), (3e-3, 0.1), (1e-3, 0.1), (1e-2, 0.2), (3e-3, 0.3)),
    32: ((3e-3, 0.1), (3e-3, 0.0), (1e-2, 0.1), (3e-3, 0.2), (1e-3, 0.1)),
    16: ((3e-3, 0.1), (3e-3, 0.0), (1e-2, 0.1), (1e-2, 0.0), (3e-2, 0.0), (1e-1, 0.0)),
    96: ((3e-3, 0.2), (3e-3, 0.1), (1e-3, 0.1), (3e-3, 0.3), (3e-3, 0.4), (1e-2, 0.3)),
}
"""Width -> the (learning rate, dropout) tried on ``SEARCH_LAYERS`` layers; a test holds that the best is at no edge."""
SEARCH_LAYERS, SEARCH_SEED, FRESH_SEED = 2, 0, 3
"""Depth and seed of the search. Its winner is the luckiest of several runs, and would stand too high in the grid: there
``FRESH_SEED`` takes the place of ``SEARCH_SEED`` at that depth."""
AT_CONSTANT_RATE: dict[int, tuple[tuple[float, float], ...]] = {
    32: ((1e-3, 0.1), (1e-3, 0.3), (3e-3, 0.1), (3e-3, 0.3), (1e-2, 0.1)),
    64: ((1e-3, 0.1), (3e-3, 0.1), (1e-3, 0.3)),
}
"""Tried before: a rate that stays, until 8 epochs in a row bring nothing. It shows what the shorter runs cost."""

TUNED: dict[int, tuple[float, float]] = {
    4: (1e-2, 0.0),
    8: (5e-3, 0.1),
    12: (1e-2, 0.0),
    16: (3e-2, 0.0),
    32: (3e-3, 0.1),
    64: (3e-3, 0.2),
    96: (3e-3, 0.3),
}
"""Width -> (learning rate, dropout). For the widths of ``SEARCH`` the best by validation NDCG@10; a test holds that."""


def tuned_for(width: int) -> tuple[float, float]:
    """(learning rate, dropout) of the tuned width nearest to ``width`` in ratio."""
    nearest = min(TUNED, key=lambda known: max(known / width, width / known))
    return TUNED[nearest]


def unsearched(shape: tuple[int, int], seed: int) -> int:
    """``seed``, or another one where the search has chosen by it."""
    return FRESH_SEED if (shape[0], seed) == (SEARCH_LAYERS, SEARCH_SEED) else seed


@dataclass(frozen=True)
class SequentialScale:
    """What a profile decides about one run.

    dataset        used where no other is asked for
    patience       evaluations without a gain before training ends, where the rate is constant; one that falls to 0 is
                   always let do so
    users          at most about so many users (None: all)
    learning_rate  in place of the tuned one, for runs of too few steps (None: the tuned one)

    The other fields are those of ``SequentialTraining``.
    """

    dataset: str
    max_length: int
    epochs: int
    batch_tokens: int
    warmup_steps: int
    patience: int = 8
    evaluate_every: int = 2
    users: int | None = None
    learning_rate: float | None = None
    schedule: str = "constant"


SEQUENTIAL_SCALES = Profiles(  # data set, max_length, epochs, batch_tokens, warmup_steps
    smoke=SequentialScale("synthetic-markov", 20, 5, 256, 5, patience=3, users=300, learning_rate=2e-2),
    quick=SequentialScale("movielens-100k", 50, 10, 2048, 20, patience=3),
    full=SequentialScale("movielens-1m", 50, 25, 1024, 100, evaluate_every=1, schedule="linear"),
)
"""Of ``full``: small batches, as two layers of width 32 are after 18 epochs of 1024 positions per batch (rate 3e-3)
where 70 epochs of 4096 (rate 1e-3) bring them, at the same time per epoch (valid NDCG@10 of MovieLens-1M, seed 1000).
And a rate that falls to 0 within 25 epochs, the best of which counts: see ``AT_CONSTANT_RATE``."""


def cell(
    scale: SequentialScale,
    shape: LayersWidth,
    seed: int,
    *,
    dataset: str | None = None,
    model: str = BASE_MODEL,
    **changes: Any,
) -> RunSpec:
    """One run of the law's grid: ``shape`` is (layers, width).

    ``changes`` replace fields of the training (``max_length``, ``loss``, …), the model's ``dropout``, or the run's
    ``fraction`` and ``repeated``. The loss is the exact softmax where the data set has at most ``EXACT_ITEMS`` items.
    """
    layers, width = shape
    name = dataset or scale.dataset
    data = load_sequences(name)
    share = min(1.0, scale.users / data.n_users) if scale.users else 1.0
    learning_rate, dropout = tuned_for(width)
    config = SEQUENTIAL_MODELS[model](layers=layers, width=width, dropout=changes.pop("dropout", dropout))
    run = {"fraction": share * changes.pop("fraction", 1.0), "repeated": changes.pop("repeated", 0.0)}
    exact = data.n_items <= EXACT_ITEMS
    epochs, schedule = changes.pop("epochs", scale.epochs), changes.pop("schedule", scale.schedule)
    training = SequentialTraining(
        max_length=scale.max_length,
        loss="softmax" if exact else "sampled-softmax",
        negatives=SOFTMAX_NEGATIVES,
        epochs=epochs,
        batch_tokens=scale.batch_tokens if exact else max(scale.batch_tokens, LEAST_TOKENS),
        learning_rate=scale.learning_rate or learning_rate,
        warmup_steps=scale.warmup_steps,
        patience=epochs if schedule == "linear" else scale.patience,
        evaluate_every=scale.evaluate_every,
        schedule=schedule,
    )
    return RunSpec(name, "leave-one-out", config, replace(training, **changes), seed, **run)


def cells(
    scale: SequentialScale,
    shapes: Iterable[LayersWidth],
    dataset: str | None,
    seeds: RunSeeds | None,
    variants: Iterable[Mapping[str, Any]] = ({},),
) -> list[RunSpec]:
    """``shapes`` seed by seed, within a seed variant by variant (changes of ``cell``)."""
    turns = [(seed, variant) for seed in seeds or (0,) for variant in variants]
    return [cell(scale, shape, seed, **{"dataset": dataset, **one}) for seed, one in turns for shape in shapes]


def _rate_search(
    scale: SequentialScale, tried: dict[int, tuple], dataset: str | None, seeds: RunSeeds | None, **changes: Any
) -> list[RunSpec]:
    """``tried``: width -> its (learning rate, dropout)s."""
    runs = []
    for seed, (width, pairs) in product(seeds or (SEARCH_SEED,), tried.items()):
        settings = [{"learning_rate": rate, "dropout": dropout, **changes} for rate, dropout in pairs]
        runs += cells(scale, [(SEARCH_LAYERS, width)], dataset, (seed,), settings)
    return runs


def _full_rate_search(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """Every width of ``SEARCH``: the stated search behind ``TUNED``. Then those at a constant rate."""
    search = partial(_rate_search, SEQUENTIAL_SCALES.full, dataset=dataset, seeds=seeds)
    return search(SEARCH) + search(AT_CONSTANT_RATE, schedule="constant", epochs=100)


_FEW = ((1e-3, 0.2), (5e-3, 0.2))

SEQUENTIAL_RATE_PLAN = Profiles(
    smoke=partial(_rate_search, SEQUENTIAL_SCALES.smoke, {8: _FEW}),
    quick=partial(_rate_search, SEQUENTIAL_SCALES.quick, {16: _FEW, 32: _FEW}),
    full=_full_rate_search,
)


def _full_grid(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """SASRec-style everywhere, two more seeds on the diagonal, a checkerboard for the HSTU-style model, the corners for
    the LLaMA-style one, then histories of 100 and 200, then two cells in bfloat16."""
    order = (*SKELETON, *(shape for shape in CELLS if shape not in SKELETON))
    first, *further = seeds or (0, 1, 2)
    usual = partial(cell, SEQUENTIAL_SCALES.full, dataset=dataset)
    runs = [usual(shape, unsearched(shape, first)) for shape in order]
    runs += [usual(shape, seed) for shape in DIAGONAL for seed in further]
    runs += [usual(shape, first, model="hstu") for shape in _checkerboard(order)]
    runs += [usual(shape, first, model="llama") for shape in CORNERS]
    runs += [usual(shape, first, max_length=length) for length, shapes in LONGER.items() for shape in shapes]
    return runs + [usual(shape, first, precision="bf16") for shape in BFLOAT16]


GRID_PLAN = Profiles(
    smoke=partial(cells, SEQUENTIAL_SCALES.smoke, SMOKE_CELLS),
    quick=partial(cells, SEQUENTIAL_SCALES.quick, QUICK_CELLS),
    full=_full_grid,
)
"""HR and NDCG over layers × width: the table the law is fitted to."""


def _small_data(
    scale: SequentialScale, shapes: Iterable[LayersWidth], dataset: str | None, seeds: RunSeeds | None
) -> list[RunSpec]:
    """``shapes`` on all users, on fewer, and on histories written twice."""
    variants = ({"fraction": FRACTIONS[0]}, {"fraction": FRACTIONS[1]}, {"repeated": REPEATED_SHARES[0]})
    return cells(scale, shapes, dataset, (seeds or (0,))[:1], variants)


def _full_data(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """The same few cells on data that differs: fewer users, repeated histories, other data sets.

    The cells on all of MovieLens-1M are those of ``sequential-grid``, and are not trained twice. A share f of its users
    is trained for 25/√f epochs: fewer steps than all users get, more turns of each. ``OTHER_DATASETS`` get as many
    positions as MovieLens-1M.
    """
    scale = SEQUENTIAL_SCALES.full
    variants: list[dict[str, Any]] = [
        *({"fraction": share, "epochs": round(scale.epochs / share**0.5)} for share in FRACTIONS),
        *({"repeated": repeated} for repeated in REPEATED_SHARES),
    ]
    if dataset is None:
        variants += [{"dataset": name, "epochs": epochs} for name, epochs in OTHER_DATASETS.items()]
    return cells(scale, SKELETON, dataset, (seeds or (0,))[:1], variants)


DATA_VARIANTS_PLAN = Profiles(
    smoke=partial(_small_data, SEQUENTIAL_SCALES.smoke, ((1, 8),)),
    quick=partial(_small_data, SEQUENTIAL_SCALES.quick, ((1, 8), (2, 16))),
    full=_full_data,
)


PREDICTIONS = DATA / "predictions" / "performance-law.csv"
"""Shapes the law recommends, written down before they are trained; columns: question, role, layers, width.

``role`` is "predicted" or "neighbour".
"""


def _predicted(
    scale: SequentialScale, shapes: Iterable[LayersWidth], dataset: str | None, seeds: RunSeeds | None
) -> list[RunSpec]:
    return [run for shape in shapes for run in cells(scale, [shape], dataset, seeds or (0, 1))]


def _full_predicted(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """The shapes of ``PREDICTIONS``."""
    if load_results("sequential-grid").empty:
        raise NotYetPlanned("performance-law-predictions needs the committed results of sequential-grid")
    if not PREDICTIONS.exists():
        raise NotYetPlanned(
            "performance-law-predictions needs data/predictions/performance-law.csv, the shapes to test"
        )
    recorded = pd.read_csv(PREDICTIONS)
    shapes = zip(recorded["layers"].tolist(), recorded["width"].tolist(), strict=True)
    return _predicted(SEQUENTIAL_SCALES.full, dict.fromkeys(shapes), dataset, seeds)


_PAPER_BUDGET = ((1, 32), (2, 16), (4, 8))  # H · d = 32

PREDICTIONS_PLAN = Profiles(
    smoke=partial(_predicted, SEQUENTIAL_SCALES.smoke, _PAPER_BUDGET),
    quick=partial(_predicted, SEQUENTIAL_SCALES.quick, _PAPER_BUDGET),
    full=_full_predicted,
)
"""The shapes the fitted law recommends and two neighbours of each, with two seeds."""


def _checkerboard(shapes: Iterable[LayersWidth]) -> list[LayersWidth]:
    """Every second cell of the grid, as on one colour of a chessboard."""
    depths, widths = (1, 2, 4, 8), (16, 32, 64, 96)
    return [(h, d) for h, d in shapes if (depths.index(h) + widths.index(d)) % 2 == 0]
