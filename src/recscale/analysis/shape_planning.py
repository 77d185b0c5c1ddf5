"""The Performance Law applied: grids to plan on, what a shape costs, budgets, and the paper's own applications.

A *grid* holds the measured points of one metric on one data set, and what is needed to price a shape there. Published
grids are priced as our HSTU-style model trained with ``NEGATIVES`` sampled items: the paper says neither its parameters
nor its compute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from recscale import laws, published
from recscale.analysis.shape_fits import GRID, shapes
from recscale.claims.card import counted
from recscale.laws.planner import Choice, Planner, shapes_within
from recscale.models.accounting_sequential import account_sequential
from recscale.models.sequential import SEQUENTIAL_MODELS
from recscale.published.shapes import CLAIMS
from recscale.runs.spec import RunSpec
from recscale.runs.store import load_results
from recscale.runs.table import run_table, settings_of
from recscale.training.sequential import SequentialTraining

KINDS: Mapping[str, str] = {
    "none": "no budget",
    "product": "layers × width",
    "parameters": "parameters, tables included",
    "flop": "training FLOP a position",
}
"""What a budget may limit -> its name. ``product`` is the paper's size of a model."""

LAW_NAMES = {"performance-law": "Performance Law", "log-quadratic": "quadratic in logs"}
METRICS = ("NDCG@10", "HR@10")
ITEMS = {"ml-1m": 3706, "kuairand-pure": 7551, "amazon-books": 686_623, "industrial": 234_488}
"""Items of the published data sets (P-Law, NeurIPS 2025, Table 3)."""
NAMES = {"ml-1m": "MovieLens-1M", "kuairand-pure": "KuaiRand-Pure", "amazon-books": "Books", "industrial": "Industrial"}
NEGATIVES = 128
RESAMPLES = 300
LEVELS = 5
"""Budgets of one kind that are offered."""


@dataclass(frozen=True, eq=False)
class Grid:
    """``points``: columns ``layers``, ``width``, ``value``. The rest prices a shape (``costs``)."""

    title: str
    metric: str
    points: pd.DataFrame
    n_items: int
    max_length: int
    model: str = "hstu"
    loss: str = "sampled-softmax"
    negatives: int = NEGATIVES
    step: int = 1


def published_grids() -> list[Grid]:
    """The paper's 20 panels."""
    return [
        Grid(
            f"{NAMES[dataset]}, {length}",
            metric,
            points.rename(columns={"embedding_dim": "width"})[["layers", "width", "value"]],
            ITEMS[dataset],
            length,
        )
        for (metric, dataset, length), points in published.panels().items()
    ]


def measured_grids(title: str, runs: pd.DataFrame, spec: RunSpec, n_items: int, step: int = 1) -> list[Grid]:
    """Both metrics of the runs of one sweep (``shape_laws.shapes``); ``spec`` is any of them."""
    training = spec.training
    price = (n_items, training.max_length, spec.model.model, training.loss, training.negatives, step)
    return [
        Grid(
            title,
            metric,
            runs.rename(columns={f"test_{metric.lower()}": "value"})[["layers", "width", "value"]].astype(float),
            *price,
        )
        for metric in METRICS
    ]


def full_grids() -> list[Grid]:
    """The committed full grid of SASRec-style models on MovieLens-1M; none before it is there."""
    runs = load_results("sequential-grid")
    if runs.empty:
        return []
    return recorded_grids("MovieLens-1M, our full grid", shapes(runs, **GRID))


def recorded_grids(title: str, runs: pd.DataFrame, step: int = 1) -> list[Grid]:
    """``measured_grids`` of recorded runs, whose records alone tell the rest."""
    return measured_grids(title, runs, recorded_spec(runs), recorded_items(runs), step)


def recorded_spec(runs: pd.DataFrame) -> RunSpec:
    """Model and training of recorded runs (the first one's), told by their records alone: a reader may lack the data.

    The model's shape is left at its default.
    """
    first = run_table(runs).iloc[0]
    training = settings_of(SequentialTraining, first)
    return RunSpec(first["dataset"], "leave-one-out", SEQUENTIAL_MODELS[first["model"]](), training, int(first["seed"]))


def recorded_items(runs: pd.DataFrame) -> int:
    """Items of the data set that recorded runs were trained on: rows of the item table, learned positions left out."""
    first = runs.iloc[0]
    positions = first["max_length"] if SEQUENTIAL_MODELS[first["model"]].learned_positions else 0
    return int(first["embedding_parameters"] // first["width"] - positions)


def full_in_words(grids: Sequence[Grid]) -> str:
    """Whether the full grid is among those to plan on."""
    if not grids:
        return "The full grid of our own is not committed yet; it will stand in the menu once it is."
    return f"Our own grid is among them too, {len(grids[0].points)} runs on MovieLens-1M."


def planner(grid: Grid, law: str, *, resamples: int = RESAMPLES, seed: int = 0) -> Planner:
    """The law fitted to the grid, ready to choose among the whole-number shapes inside it."""
    points = grid.points
    fit = laws.fit(law, points[["layers", "width"]].astype(float), points["value"], bootstrap=resamples, seed=seed)
    return Planner.of(fit, shapes_within(points["layers"], points["width"], grid.step))


def costs(grid: Grid, table: pd.DataFrame) -> pd.DataFrame:
    """What each shape costs: ``product``, ``parameters`` and ``flop``, by the closed forms of ``accounting``."""
    setting = (grid.model, grid.n_items, grid.max_length, grid.loss, grid.negatives)
    rows = []
    for layers, width in table[["layers", "width"]].itertuples(index=False):
        # Both grow by the same amount with every layer.
        one, two = _priced(setting, int(width), 1), _priced(setting, int(width), 2)
        parameters, flop = (a + (layers - 1) * (b - a) for a, b in zip(one, two, strict=True))
        rows.append((layers * width, parameters, flop))
    return pd.DataFrame(rows, columns=["product", "parameters", "flop"], index=table.index)


@lru_cache(maxsize=20_000)
def _priced(setting: tuple, width: int, layers: int) -> tuple[int, int]:
    model, n_items, max_length, loss, negatives = setting
    config = SEQUENTIAL_MODELS[model](layers=layers, width=width)
    account = account_sequential(config, n_items, max_length, loss, negatives)
    return account.parameters, account.training_flop_per_example


def levels(values: Sequence[float], kind: str, count: int = LEVELS) -> list[float]:
    """At most ``count`` round budgets between the cheapest and the dearest shape.

    Powers of two for ``product`` (so that the paper's 512 is among them), else the first digit is 1, 2 or 5.
    """
    low, high = float(np.min(values)), float(np.max(values))
    if kind == "product":
        # Around the middle, as many to both sides.
        powers = [2.0**k for k in range(int(np.ceil(np.log2(low))), int(np.floor(np.log2(high))) + 1)]
        return powers[max(0, (len(powers) - count) // 2) :][:count] or [high]
    wished = np.geomspace(low, high, count + 2)[1:-1]
    steps = [digit * 10.0**k for k in range(int(np.log10(low)), int(np.log10(high)) + 1) for digit in (1, 2, 5)]
    steps = [step for step in steps if low <= step <= high]
    nearest = {min(steps, key=lambda step: abs(np.log(step / wish))) for wish in wished} if steps else {high}
    return sorted(nearest)


def budgets(price: pd.DataFrame) -> dict[str, list[float]]:
    """Kind -> the budgets offered; ``none`` has one that everything fits."""
    return {"none": [float("inf")]} | {kind: levels(price[kind], kind) for kind in price.columns}


def within(price: pd.DataFrame, kind: str, budget: float) -> np.ndarray:
    """Which shapes cost at most ``budget``."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of budget {kind!r}; allowed are {', '.join(KINDS)}")
    return np.ones(len(price), bool) if kind == "none" else (price[kind] <= budget).to_numpy()


@dataclass(frozen=True, eq=False)
class Planned:
    """One law on one grid with its choice in every budget: ``choices`` (kind, budget, choice), ``price`` per shape."""

    grid: Grid
    law: str
    plan: Planner
    price: pd.DataFrame
    choices: tuple[tuple[str, float, Choice], ...]

    @property
    def key(self) -> tuple[str, str, str]:
        return self.grid.title, self.grid.metric, self.law


def prepare(grids: Sequence[Grid], names: Sequence[str] = tuple(LAW_NAMES), **options: int) -> list[Planned]:
    """Every law on every grid, within every budget offered; budgets that no shape meets are left out."""
    prepared = []
    for grid in grids:
        for law in names:
            plan = planner(grid, law, **options)
            price = costs(grid, plan.shapes)
            allowed = [(kind, b, within(price, kind, b)) for kind, offered in budgets(price).items() for b in offered]
            choices = tuple((kind, b, plan.best(mask)) for kind, b, mask in allowed if mask.any())
            prepared.append(Planned(grid, law, plan, price, choices))
    return prepared


def agreement(prepared: Sequence[Planned]) -> pd.DataFrame:
    """The unlimited best of every grid, a row each and law: ``depth``, ``width`` in words, and what is as good.

    "edge": the best lies at the end of the measured range, with the other axis as it is, so that the law's peak, if
    any, is not inside.
    ``flat`` is the share of shapes in the flat region.
    """
    rows = []
    for one in prepared:
        choice = next(choice for kind, _, choice in one.choices if kind == "none")
        row = dict(zip(("grid", "metric", "law"), one.key, strict=True))
        for axis, best in (("layers", choice.layers), ("width", choice.width)):
            low, high = getattr(choice, f"{axis}_interval")
            row |= {axis: best, f"{axis}_low": low, f"{axis}_high": high}
            row |= {f"{axis}_edge": axis in edges(one, choice)}
        rows.append(row | {"predicted": choice.predicted, "flat": float(choice.flat.mean())})
    return pd.DataFrame(rows)


def _ends(table: pd.DataFrame, axis: str, choice: Choice) -> tuple[int, int]:
    """Least and largest ``axis`` among the shapes that share the choice's other axis: a grid may lack a corner."""
    other = "width" if axis == "layers" else "layers"
    line = table.loc[table[other] == getattr(choice, other), axis]
    return int(line.min()), int(line.max())


def agreement_in_words(table: pd.DataFrame) -> str:
    """How sure the best shapes of all grids are, and how far the two laws agree on them."""
    counts = {axis: int(table[f"{axis}_edge"].sum()) for axis in ("layers", "width")}
    spans = {axis: float((table[f"{axis}_high"] / table[f"{axis}_low"]).median()) for axis in ("layers", "width")}
    pairs = table.groupby(["grid", "metric"], sort=False)
    apart = sum(_disjoint(rows, "layers") or _disjoint(rows, "width") for _, rows in pairs)
    return (
        f"Over {len(table)} fits to {len(pairs)} grids, the 95 % interval of the best depth spans a factor of "
        f"{spans['layers']:.1f} and that of the best width {spans['width']:.1f} (medians). The best depth lies at an "
        f"end of the measured range in {counts['layers']} fits, the best width in {counts['width']}. A median of "
        f"{table['flat'].median():.0%} of all shapes lies within the band of the best one's level. The two laws' "
        f"intervals for the best shape exclude each other in {apart} grids."
    )


def _disjoint(rows: pd.DataFrame, axis: str) -> bool:
    return bool(rows[f"{axis}_low"].max() > rows[f"{axis}_high"].min())


def recommendations(prepared: Sequence[Planned], kind: str, budget: float) -> pd.DataFrame:
    """The best shape of every grid and law within one budget; a grid whose every shape costs more is left out."""
    rows = []
    for one in prepared:
        allowed = within(one.price, kind, budget)
        if allowed.any():
            choice = one.plan.best(allowed)
            row = dict(zip(("grid", "metric", "law"), one.key, strict=True))
            row |= {"layers": choice.layers, "width": choice.width, "predicted": choice.predicted}
            rows.append(row | {"low": choice.low, "high": choice.high, "flat": float(choice.flat.mean())})
    columns = ["grid", "metric", "law", "layers", "width", "predicted", "low", "high", "flat"]
    return pd.DataFrame(rows, columns=columns)


def budget_in_words(kind: str, budget: float) -> str:
    """What one budget allows."""
    return "without a budget" if kind == "none" else f"with at most {budget:,.0f} of {KINDS[kind]}"


def edges(one: Planned, choice: Choice) -> tuple[str, ...]:
    """The axes along which a choice lies at an end of the measured range: no optimum is known there, however well the
    refits agree."""
    return tuple(axis for axis in ("layers", "width") if getattr(choice, axis) in _ends(one.plan.shapes, axis, choice))


def summary(choice: Choice, metric: str, at_end: Sequence[str] = ()) -> str:
    """A choice in one sentence, its uncertainty with it; ``at_end``: ``edges``."""
    depth, width = (_span(getattr(choice, f"{axis}_interval"), axis in at_end) for axis in ("layers", "width"))
    known = f"95 % of refits: layers {depth}, width {width}" if depth else "too few points for an interval"
    band = f" ({choice.low:.4f} to {choice.high:.4f})" if np.isfinite(choice.low) else ""
    count = int(choice.flat.sum())
    return (
        f"Best: {counted(choice.layers, 'layer')}, width {choice.width}; {metric} {choice.predicted:.4f}{band}. "
        f"{known}. Within the band of its level: {counted(count, 'shape')}."
    )


def _span(interval: tuple[float, float], at_end: bool) -> str:
    low, high = interval
    note = " (best at the end of what was measured, so no optimum is known)" if at_end else ""
    return f"{low:.0f} to {high:.0f}{note}" if np.isfinite(low) else ""


def claims(names: Sequence[str] = tuple(LAW_NAMES), **options: int) -> pd.DataFrame:
    """The paper's three applications, a row each, metric and law: claimed shape, ours with intervals, and the loss.

    ``loss``, ``loss_low``, ``loss_high``: how much worse the fitted law holds the claimed shape than its own best.
    ``equally_good``: is the claimed shape in the flat region? ``d = 512 / H`` is rounded; the third claim's data set is
    not named, and taken as MovieLens-1M at 200, in whose range its values lie.
    """
    grids = {(g.title, g.metric): g for g in published_grids()}
    rows = []
    for dataset, length, held, layers, width in CLAIMS:
        for metric in METRICS:
            for law in names:
                plan = planner(grids[f"{NAMES[dataset]}, {length}", metric], law, **options)
                choice = plan.best(_held(plan.shapes, held))
                loss, low, high = plan.loss_of(choice, layers, width)
                row = {"constraint": held, "metric": metric, "law": law}
                row |= {"claimed_layers": layers, "claimed_width": width, "layers": choice.layers}
                row |= {"width": choice.width, "predicted": choice.predicted, "low": choice.low, "high": choice.high}
                for axis, interval in (("layers", choice.layers_interval), ("width", choice.width_interval)):
                    row |= {f"{axis}_low": interval[0], f"{axis}_high": interval[1]}
                row |= {"loss": loss, "loss_low": low, "loss_high": high}
                rows.append(row | {"equally_good": bool(choice.predicted - loss >= choice.low)})
    return pd.DataFrame(rows)


def _held(table: pd.DataFrame, constraint: str) -> np.ndarray:
    """Which shapes meet one of the constraints of ``CLAIMS``."""
    if constraint == "none":
        return np.ones(len(table), bool)
    value = int(constraint.rpartition("= ")[2])
    if constraint.startswith("layers ×"):
        return (table["width"] == (value / table["layers"]).round().astype(int)).to_numpy()
    return (table["layers"] == value).to_numpy()


def claimed_shapes() -> list[tuple[str, int, int]]:
    """(grid's title, layers, width) of the claims whose data set the paper names: all but those at H · d = 512."""
    return [
        (f"{NAMES[dataset]}, {length}", layers, width)
        for dataset, length, held, layers, width in CLAIMS
        if not held.startswith("layers ×")
    ]


def held_in_words(choices: Mapping[tuple[str, str], Choice], width: int) -> str:
    """In which grids the interval of the best width holds ``width``; ``choices``: (grid, metric) -> choice."""
    inside = {key: c.width_interval[0] <= width <= c.width_interval[1] for key, c in choices.items()}
    named = {
        yes: [f"{grid} ({metric})" for (grid, metric), held in inside.items() if held == yes] for yes in (True, False)
    }
    parts = [
        f"The interval {verb} {width} in: {', '.join(named[yes])}."
        for yes, verb in ((True, "holds"), (False, "excludes"))
        if named[yes]
    ]
    return " ".join(parts)


def claims_in_words(table: pd.DataFrame) -> str:
    """In how many refits each claimed shape is inside both intervals and the best one's band, and how often the paired
    interval tells the two apart."""
    sentences = []
    for constraint, rows in table.groupby("constraint", sort=False):
        inside = np.ones(len(rows), bool)
        for axis in ("layers", "width"):
            inside &= (rows[f"{axis}_low"] <= rows[f"claimed_{axis}"]) & (
                rows[f"claimed_{axis}"] <= rows[f"{axis}_high"]
            )
        first, held = rows.iloc[0], "without a constraint" if constraint == "none" else f"with {constraint}"
        sentences.append(
            f"({first['claimed_layers']}, {first['claimed_width']}), {held}: within the intervals of the best shape in "
            f"{int(inside.sum())} of {len(rows)} refits, inside the band of its prediction in "
            f"{int(rows['equally_good'].sum())}, told from it by the paired interval in "
            f"{int((rows['loss_low'] > 0).sum())}."
        )
    return " ".join(sentences)
