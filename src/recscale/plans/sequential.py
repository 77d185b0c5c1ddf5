"""The sequential studies: which models are trained on which data to measure, and to test, the Performance Law.

Every function takes ``(profile, dataset, seeds)`` and returns a ``Study`` whose runs stand in the order of their use:
stopped anywhere, the finished ones are already a table worth fitting. ``smoke`` runs on a synthetic Markov chain in
seconds, ``quick`` on MovieLens-100K in about a minute, ``full`` is what ``data/results/`` holds. The names of smoke and
quick studies end in the profile's name.

A cell of the law is (layers, width): a transformer's depth H and the width d of its item embeddings and hidden states.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from recscale.datasets import load_sequences
from recscale.models.sequential import SEQUENTIAL_MODELS
from recscale.runs.spec import RunSpec
from recscale.runs.store import load_results
from recscale.runs.study import NotYetPlanned, Study
from recscale.settings import DATA
from recscale.training.sequential import SequentialTraining

EXACT_ITEMS = 10_000
"""Up to so many items the softmax runs over all of them; above, over a sample of ``NEGATIVES``, in batches of at least
``LEAST_TOKENS`` positions, since there the update of the item table, once a batch, costs most."""
LEAST_TOKENS = 2048
NEGATIVES = 1024

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
SMALL_SHAPES = {"smoke": (1, 8), "quick": (2, 32)}
"""A good size, as far as the small profiles go."""
SMOKE_CELLS = tuple((h, d) for h in (1, 2, 3) for d in (4, 8, 16))

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

_LONG = {"max_length": 200, "batch_tokens": 1024, "epochs": 25, "learning_rate": 3e-3}
_LARGE_BATCHES = {"max_length": 200, "batch_tokens": 8192, "epochs": 60, "learning_rate": 2e-3}
_BEAUTY = {"shape": (2, 64), "max_length": 50, "epochs": 50}
QUALITY_SEARCH: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "movielens-1m": (
        {"shape": (4, 64), "dropout": 0.2, **_LONG},
        {"shape": (2, 64), "dropout": 0.2, **_LONG},
        {"shape": (2, 64), "dropout": 0.2, **_LARGE_BATCHES},
        {"shape": (4, 64), "dropout": 0.3, **_LONG},
    ),
    "amazon-beauty": (
        {**_BEAUTY, "learning_rate": 3e-3, "dropout": 0.5},
        {**_BEAUTY, "learning_rate": 1e-3, "dropout": 0.5},
        {**_BEAUTY, "learning_rate": 3e-3, "dropout": 0.3},
        {**_BEAUTY, "learning_rate": 1e-3, "dropout": 0.3},
    ),
}
"""Tried where public numbers are to be reached, with the longest histories that those have; the rate falls to 0 in all.
On MovieLens-1M the grid's way, deeper, and longer in larger batches: 1,024 positions are but six long histories. At two
layers the larger batches brought nothing in three times the time, so four layers weren't trained with them."""
QUALITY_TUNED = {name: settings[0] for name, settings in QUALITY_SEARCH.items()}
"""The best of them by validation NDCG@10; a test holds that."""

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

FRACTIONS, REPEATS = (1.0, 0.3, 0.1), (1.0, 0.5, 0.25)
"""Shares of MovieLens-1M's users, and of every history written a second time, at ``full``."""
OTHER_DATASETS = {"amazon-beauty": 50, "wikipedia": 100, "kuairand-pure": 9, "amazon-books": 20, "food": 25}
"""Data set -> epochs at ``full``: as many positions as 25 epochs of MovieLens-1M have, within a tenth or so."""


@dataclass(frozen=True)
class Scale:
    """What a profile decides about one run."""

    dataset: str
    max_length: int
    epochs: int
    batch_tokens: int
    warmup_steps: int
    patience: int = 8
    """Where the rate is constant; one that falls to 0 is always let do so."""
    evaluate_every: int = 2
    users: int | None = None
    """At most about so many users (None: all)."""
    learning_rate: float | None = None
    """In place of the tuned one, for runs of too few steps."""
    schedule: str = "constant"


SCALES = {
    "smoke": Scale(
        "synthetic-markov",
        max_length=20,
        epochs=5,
        batch_tokens=256,
        warmup_steps=5,
        patience=3,
        users=300,
        learning_rate=2e-2,
    ),
    "quick": Scale("movielens-100k", max_length=50, epochs=10, batch_tokens=2048, warmup_steps=20, patience=3),
    "full": Scale(
        "movielens-1m",
        max_length=50,
        epochs=25,
        batch_tokens=1024,
        warmup_steps=100,
        evaluate_every=1,
        schedule="linear",
    ),
}
"""Small batches at ``full``: two layers of width 32 are after 18 epochs of 1024 positions a batch (rate 3e-3) where 70
epochs of 4096 (rate 1e-3) bring them, at the same time an epoch (valid NDCG@10 of MovieLens-1M, seed 1000). And a rate
that falls to 0 within 25 epochs, the best of which counts: see ``AT_CONSTANT_RATE``."""


def cell(
    profile: str,
    shape: tuple[int, int],
    seed: int,
    *,
    dataset: str | None = None,
    model: str = "sasrec",
    **changes: Any,
) -> RunSpec:
    """One run of the law's grid: ``shape`` is (layers, width).

    ``changes`` replace fields of the training (``max_length``, ``loss``, …), the model's ``dropout``, or the run's
    ``fraction`` and ``repeated``. The loss is the exact softmax where the data set has at most ``EXACT_ITEMS`` items.
    """
    scale, (layers, width) = SCALES[profile], shape
    name = dataset or scale.dataset
    data = load_sequences(name)
    share = min(1.0, scale.users / data.n_users) if scale.users else 1.0
    learning_rate, dropout = tuned(width)
    config = SEQUENTIAL_MODELS[model](layers=layers, width=width, dropout=changes.pop("dropout", dropout))
    run = {"fraction": share * changes.pop("fraction", 1.0), "repeated": changes.pop("repeated", 0.0)}
    exact = data.n_items <= EXACT_ITEMS
    epochs, schedule = changes.pop("epochs", scale.epochs), changes.pop("schedule", scale.schedule)
    training = SequentialTraining(
        max_length=scale.max_length,
        loss="softmax" if exact else "sampled-softmax",
        negatives=NEGATIVES,
        epochs=epochs,
        batch_tokens=scale.batch_tokens if exact else max(scale.batch_tokens, LEAST_TOKENS),
        learning_rate=scale.learning_rate or learning_rate,
        warmup_steps=scale.warmup_steps,
        patience=epochs if schedule == "linear" else scale.patience,
        evaluate_every=scale.evaluate_every,
        schedule=schedule,
    )
    return RunSpec(name, "leave-one-out", config, replace(training, **changes), seed, **run)


def tuned(width: int) -> tuple[float, float]:
    """(learning rate, dropout) of the tuned width nearest to ``width`` in ratio."""
    nearest = min(TUNED, key=lambda known: max(known / width, width / known))
    return TUNED[nearest]


def sequential_learning_rate(profile: str, dataset: str | None, seeds: tuple[int, ...] | None) -> Study:
    """Every width of ``SEARCH``: the stated search behind ``TUNED``. Then those at a constant rate."""
    small = ((1e-3, 0.2), (5e-3, 0.2))
    tried = {"smoke": {8: small}, "quick": {16: small, 32: small}, "full": SEARCH}[profile]
    ways = [(tried, {})]
    if profile == "full":
        ways.append((AT_CONSTANT_RATE, {"schedule": "constant", "epochs": 100}))
    runs = [
        cell(profile, (SEARCH_LAYERS, width), seed, dataset=dataset, learning_rate=rate, dropout=dropout, **changes)
        for settings, changes in ways
        for seed in seeds or (SEARCH_SEED,)
        for width, pairs in settings.items()
        for rate, dropout in pairs
    ]
    return _study("sequential-learning-rate", profile, runs)


def sequential_quality_search(profile: str, dataset: str | None, seeds: tuple[int, ...] | None) -> Study:
    """The stated search behind ``QUALITY_TUNED``: the SASRec-style model at a good size, one seed."""
    searched = {dataset: tuple({"shape": SMALL_SHAPES.get(profile), "dropout": dropout} for dropout in (0.1, 0.3))}
    if profile == "full":
        searched = {dataset: _own(QUALITY_SEARCH, dataset)} if dataset else QUALITY_SEARCH
    runs = [
        cell(profile, seed=seed, dataset=name, **setting)
        for seed in seeds or (SEARCH_SEED,)
        for name, settings in searched.items()
        for setting in settings
    ]
    return _study("sequential-quality-search", profile, runs)


def sequential_quality(profile: str, dataset: str | None, seeds: tuple[int, ...] | None) -> Study:
    """Each model at a good size, three seeds, on MovieLens-1M and on Amazon Beauty; the other losses before the last.

    At ``full`` trained as ``sequential-quality-search`` found best for the SASRec-style model, with fresh seeds.
    """
    full = profile == "full"
    models, chosen = (_models(), seeds or (1, 2, 3)) if full else (("sasrec",), seeds or (0,))
    losses = ("sampled-softmax", "gbce", "bce") if full else ("sampled-softmax",)
    _, *others = QUALITY_TUNED
    setting = _own(QUALITY_TUNED, dataset) if full else {"shape": SMALL_SHAPES[profile]}
    ways = [(dataset, setting), *((name, QUALITY_TUNED[name]) for name in others if full and dataset is None)]

    def trained(models: Iterable[str]) -> list[RunSpec]:
        return [
            cell(profile, seed=seed, dataset=name, model=model, **way)
            for name, way in ways
            for seed in chosen
            for model in models
        ]

    runs = trained(models[:2])
    runs += [cell(profile, seed=chosen[0], dataset=dataset, loss=loss, negatives=256, **setting) for loss in losses]
    runs += trained(models[2:])
    return _study("sequential-quality", profile, runs)


def sequential_grid(profile: str, dataset: str | None, seeds: tuple[int, ...] | None) -> Study:
    """HR and NDCG over layers × width: the table the law is fitted to.

    At ``full``: SASRec-style everywhere, two more seeds on the diagonal, a checkerboard for the HSTU-style model, the
    corners for the LLaMA-style one, then histories of 100 and 200, then two cells in bfloat16.
    """
    if profile != "full":
        cells = SMOKE_CELLS if profile == "smoke" else QUICK_CELLS
        runs = [cell(profile, shape, seed, dataset=dataset) for seed in seeds or (0,) for shape in cells]
        return _study("sequential-grid", profile, runs)
    order = (*SKELETON, *(shape for shape in CELLS if shape not in SKELETON))
    first, *further = seeds or (0, 1, 2)
    runs = [cell(profile, shape, unsearched(shape, first), dataset=dataset) for shape in order]
    runs += [cell(profile, shape, seed, dataset=dataset) for shape in DIAGONAL for seed in further]
    others = {"hstu": _checkerboard(order), "llama": CORNERS}
    runs += [
        cell(profile, shape, first, dataset=dataset, model=model) for model in _models()[1:] for shape in others[model]
    ]
    runs += [
        cell(profile, shape, first, dataset=dataset, max_length=length)
        for length, shapes in LONGER.items()
        for shape in shapes
    ]
    runs += [cell(profile, shape, first, dataset=dataset, precision="bf16") for shape in BFLOAT16]
    return _study("sequential-grid", profile, runs)


def sequential_data(profile: str, dataset: str | None, seeds: tuple[int, ...] | None) -> Study:
    """The same few cells on data that differs: fewer users, repeated histories, other data sets.

    The cells on all of MovieLens-1M are those of ``sequential-grid``, and are not trained twice. At ``full`` a share f
    of its users is trained for 25/√f epochs: fewer steps than all users get, more turns of each. ``OTHER_DATASETS`` get
    as many positions as MovieLens-1M.
    """
    shapes = {"smoke": ((1, 8),), "quick": ((1, 8), (2, 16)), "full": SKELETON}[profile]
    fractions, repeats = (FRACTIONS, REPEATS) if profile == "full" else (FRACTIONS[:2], REPEATS[:1])
    names = OTHER_DATASETS if profile == "full" and dataset is None else {}
    seed, *_ = seeds or (0,)
    epochs = SCALES[profile].epochs
    longer = {share: round(epochs / share**0.5) if profile == "full" else epochs for share in fractions}
    variants = [
        *({"dataset": dataset, "fraction": share, "epochs": turns} for share, turns in longer.items()),
        *({"dataset": dataset, "repeated": repeated} for repeated in repeats),
        *({"dataset": name, "epochs": turns} for name, turns in names.items()),
    ]
    runs = [cell(profile, shape, seed, **variant) for variant in variants for shape in shapes]
    return _study("sequential-data", profile, runs)


PREDICTIONS = DATA / "predictions" / "performance-law.csv"
"""Shapes the law recommends, written down before they are trained; columns: question, role, layers, width.

``role`` is "predicted" or "neighbour".
"""


def performance_law_predictions(profile: str, dataset: str | None, seeds: tuple[int, ...] | None) -> Study:
    """The shapes the fitted law recommends and two neighbours of each, with two seeds.

    ``full`` trains the shapes of ``PREDICTIONS``; the small ones three with H · d = 32, the paper's budget.
    """
    shapes = [(1, 32), (2, 16), (4, 8)]
    if profile == "full":
        if load_results("sequential-grid").empty:
            raise NotYetPlanned("performance-law-predictions needs the committed results of sequential-grid")
        if not PREDICTIONS.exists():
            raise NotYetPlanned(
                "performance-law-predictions needs data/predictions/performance-law.csv, the shapes to test"
            )
        recorded = pd.read_csv(PREDICTIONS)
        shapes = list(dict.fromkeys(zip(recorded["layers"].tolist(), recorded["width"].tolist(), strict=True)))
    runs = [cell(profile, shape, seed, dataset=dataset) for shape in shapes for seed in seeds or (0, 1)]
    return _study("performance-law-predictions", profile, runs)


PLANS = {
    "sequential-learning-rate": sequential_learning_rate,
    "sequential-quality-search": sequential_quality_search,
    "sequential-quality": sequential_quality,
    "sequential-grid": sequential_grid,
    "sequential-data": sequential_data,
    "performance-law-predictions": performance_law_predictions,
}
"""Study name -> plan."""


def _study(name: str, profile: str, runs: Iterable[RunSpec]) -> Study:
    return Study(name if profile == "full" else f"{name}-{profile}", tuple(runs))


def unsearched(shape: tuple[int, int], seed: int) -> int:
    """``seed``, or another one where the search has chosen by it."""
    return FRESH_SEED if (shape[0], seed) == (SEARCH_LAYERS, SEARCH_SEED) else seed


def _own(found: Mapping[str, Any], dataset: str | None) -> Any:
    """What was ``found`` for ``dataset``; for one that isn't in it, what was for the first."""
    return found.get(dataset or "", next(iter(found.values())))


def _models() -> tuple[str, ...]:
    """The models there are, the SASRec-style one first."""
    return tuple(name for name in ("sasrec", "hstu", "llama") if name in SEQUENTIAL_MODELS)


def _checkerboard(shapes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Every second cell of the grid, as on one colour of a chessboard."""
    depths, widths = (1, 2, 4, 8), (16, 32, 64, 96)
    return [(h, d) for h, d in shapes if (depths.index(h) + widths.index(d)) % 2 == 0]
