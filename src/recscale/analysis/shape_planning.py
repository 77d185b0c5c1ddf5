"""What a shape is planned with: grids of measured points, laws fitted to them, what a shape costs, budgets.

A *grid* holds the measured points of one metric on one data set, and what is needed to price a shape there. Published
grids are priced as our HSTU-style model trained with ``NEGATIVES`` sampled items: the paper says neither its parameters
nor its compute.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from recscale import laws, published
from recscale.analysis.shape_fits import GRID, shapes
from recscale.laws.planner import Planner, shapes_within
from recscale.models import SEQUENTIAL_MODELS, account_sequential
from recscale.runs.spec import RunSpec
from recscale.runs.table import load_results, run_table, settings_of
from recscale.training.sequential import SequentialTraining

KINDS: Mapping[str, str] = {
    "none": "no budget",
    "product": "H · d, at most",
    "parameters": "parameters with tables, at most",
    "flop": "training FLOP per position, at most",
    "layers": "layers, exactly",
}
"""What a budget may limit -> its name. ``product`` (H · d, layers times width) is the paper's size of a model."""

LAW_NAMES = {"performance-law": "Performance Law", "log-quadratic": "quadratic in logs"}
METRICS = ("NDCG@10", "HR@10")
_DATASETS = {
    "ml-1m": ("MovieLens-1M", 3706),
    "kuairand-pure": ("KuaiRand-Pure", 7551),
    "amazon-books": ("Books", 686_623),
    "industrial": ("Industrial", 234_488),
}
"""The published data sets: what they are called, and their items (P-Law, NeurIPS 2025, Table 3)."""
NEGATIVES = 128
LEVELS, DIGITS = 9, (1, 1.5, 2, 3, 5, 7)
"""How many budgets of one kind are offered, and how a round one begins."""


@dataclass(frozen=True, eq=False)
class Grid:
    """``points``: columns ``layers``, ``width``, ``value``. The rest prices a shape (``shape_costs``)."""

    title: str
    metric: str
    points: pd.DataFrame
    n_items: int
    max_length: int
    model: str = "hstu"
    loss: str = "sampled-softmax"
    negatives: int = NEGATIVES
    step: int = 1


def title_of(dataset: str, length: int) -> str:
    """What the grid of a published data set at a maximum length is called."""
    return f"{_DATASETS[dataset][0]}, {length}"


def published_grids() -> list[Grid]:
    """The paper's 20 panels."""
    grids = []
    for (metric, dataset, length), panel in published.panels().items():
        points = panel.rename(columns={"embedding_dim": "width"})[["layers", "width", "value"]]
        grids.append(Grid(title_of(dataset, length), metric, points, _DATASETS[dataset][1], length))
    return grids


def measured_grids(title: str, runs: pd.DataFrame, spec: RunSpec, n_items: int, step: int = 1) -> list[Grid]:
    """Both metrics of the runs of one sweep (``shape_fits.shapes``); ``spec`` is any of them."""
    training, grids = spec.training, []
    price = (n_items, training.max_length, spec.model.model, training.loss, training.negatives, step)
    for metric in METRICS:
        points = runs[["layers", "width"]].assign(value=runs[f"test_{metric.lower()}"]).astype(float)
        grids.append(Grid(title, metric, points, *price))
    return grids


def full_grids() -> list[Grid]:
    """The committed full grid of SASRec-style models on MovieLens-1M, both metrics."""
    return recorded_grids("MovieLens-1M, our full grid", shapes(load_results("sequential-grid"), **GRID))


def recorded_grids(title: str, runs: pd.DataFrame, step: int = 1) -> list[Grid]:
    """``measured_grids`` of recorded runs, whose records alone tell the rest: a reader may lack the data.

    Items are the rows of the item table, learned positions left out.
    """
    first = run_table(runs).iloc[0]
    model, training = SEQUENTIAL_MODELS[first["model"]](), settings_of(SequentialTraining, first)
    spec = RunSpec(first["dataset"], "leave-one-out", model, training, int(first["seed"]))
    positions = first["max_length"] if model.learned_positions else 0
    return measured_grids(title, runs, spec, int(first["embedding_parameters"] // first["width"] - positions), step)


def shape_planner(grid: Grid, law: str, *, resamples: int = 300, seed: int = 0) -> Planner:
    """The law fitted to the grid, ready to choose among the whole-number shapes inside it."""
    points = grid.points
    fit = laws.fit(law, points[["layers", "width"]].astype(float), points["value"], bootstrap=resamples, seed=seed)
    return Planner.of(fit, shapes_within(points["layers"], points["width"], grid.step))


def shape_costs(grid: Grid, table: pd.DataFrame) -> pd.DataFrame:
    """What each shape costs: ``layers``, ``product``, ``parameters`` and ``flop`` (of training, per position), by the
    closed forms of ``accounting``."""
    setting = (grid.model, grid.n_items, grid.max_length, grid.loss, grid.negatives)
    rows = []
    for layers, width in table[["layers", "width"]].itertuples(index=False):
        # Both grow by the same amount with every layer.
        one, two = _priced(setting, int(width), 1), _priced(setting, int(width), 2)
        parameters, flop = (a + (layers - 1) * (b - a) for a, b in zip(one, two, strict=True))
        rows.append((layers, layers * width, parameters, flop))
    return pd.DataFrame(rows, columns=["layers", "product", "parameters", "flop"], index=table.index)


@lru_cache(maxsize=20_000)
def _priced(setting: tuple, width: int, layers: int) -> tuple[int, int]:
    model, n_items, max_length, loss, negatives = setting
    config = SEQUENTIAL_MODELS[model](layers=layers, width=width)
    account = account_sequential(config, n_items, max_length, loss, negatives)
    return account.parameters, account.training_flop_per_example


def metric_levels(values: ArrayLike, kind: str, count: int = LEVELS) -> list[float]:
    """At most ``count`` round budgets between the cheapest and the dearest shape.

    For ``product`` powers of two and what lies halfway (so that the paper's 512 is among them), else numbers that begin
    with one of ``DIGITS``.
    """
    low, high = float(np.min(values)), float(np.max(values))
    if kind == "product":
        steps = [part * 2.0**k for k in range(int(np.log2(low)) + 1, int(np.log2(high)) + 1) for part in (1, 1.5)]
        steps = [step for step in steps if low <= step <= high]
        return steps[max(0, (len(steps) - count) // 2) :][:count] or [high]
    wished = np.geomspace(low, high, count + 2)[1:-1]
    steps = [digit * 10.0**k for k in range(int(np.log10(low)), int(np.log10(high)) + 1) for digit in DIGITS]
    steps = [step for step in steps if low <= step <= high]
    nearest = {min(steps, key=lambda step: abs(np.log(step / wish))) for wish in wished} if steps else {high}
    return sorted(nearest)


def budgets(grid: Grid, price: pd.DataFrame) -> dict[str, list[float]]:
    """Kind -> the budgets offered; ``none`` has one that everything fits, ``layers`` the measured depths."""
    offered = {"none": [np.inf], "layers": sorted(set(grid.points["layers"].astype(float)))}
    return {kind: offered.get(kind) or metric_levels(price[kind], kind) for kind in KINDS}


def within(price: pd.DataFrame, kind: str, budget: float) -> np.ndarray:
    """Which shapes cost at most ``budget``; for ``layers``, which have exactly so many."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of budget {kind!r}; allowed are {', '.join(KINDS)}")
    if kind == "none":
        return np.ones(len(price), bool)
    return (price[kind] == budget if kind == "layers" else price[kind] <= budget).to_numpy()
