"""Sequential runs compared cell by cell: models, lengths of the history, precisions, and the loss next to the metric.

Every comparison is a contrast of ln(metric) over shared cells, with the noise pooled over all cells that have several
seeds (``stats.contrasts``); without any, its interval is nan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats

from recscale.analysis.shape_fits import GRID, Q1, law_at
from recscale.analysis.shape_law import AXES, Shape
from recscale.laws.performance import inside
from recscale.plans.sequential import BASE_MODEL
from recscale.runs.table import healthy, run_table
from recscale.stats import Contrasts, Estimate, Pair, bonferroni_level, covering

SETTING_KEYS = tuple(GRID)
FIXED_Q1 = Q1[1:]
"""At q₁ = 1 the law's peak lies at one layer whatever its exponents."""

OWN_CELLS = 7
"""Cells from which a model has decay exponents of its own: two more than the law has numbers at a fixed q₁."""

Setting = tuple
Cell = tuple[Setting, Shape]
Weights = Mapping[Cell, float]


@dataclass(frozen=True, eq=False)
class CellMeans:
    """All healthy runs of a table as contrasts of one column; a cell is (setting, (layers, width)).

    ``means``: the column's mean by cell (geometric over seeds). ``runs``: how many a cell has.
    """

    contrasts: Contrasts
    means: Mapping[Cell, float]
    runs: Mapping[Cell, float]

    @classmethod
    def from_runs(cls, runs: pd.DataFrame, column: str) -> "CellMeans":
        """From a results table; ``ValueError`` where no run is healthy."""
        table = healthy(run_table(runs))
        if table.empty:
            raise ValueError(f"none of the {len(runs)} runs is healthy: there is nothing to compare by {column}")
        settings = zip(*(table[key] for key in SETTING_KEYS), strict=True)
        names = list(zip(settings, zip(*(table[axis] for axis in AXES), strict=True), strict=True))
        known = Contrasts.of(names, [0] * len(names), table[column])
        means, counts = (dict(zip(known.names, one, strict=True)) for one in (np.exp(known.means), np.diag(known.gram)))
        return cls(known, means, counts)

    def shapes(self, **having: object) -> set[Shape]:
        """The shapes measured in a setting that differs from ``GRID`` by ``having``."""
        return {shape for at, shape in self.means if at == setting(**having)}

    def values(self, shapes: Sequence[Shape], **having: object) -> Float[np.ndarray, " shapes"]:
        """The mean of every one of ``shapes``."""
        return np.array([self.means[setting(**having), shape] for shape in shapes])

    def spread(self, shapes: Sequence[Shape], **having: object) -> Float[np.ndarray, " shapes"]:
        """Standard deviations of ``values`` by seeds, relative to them; nan where no cell has a second seed."""
        return self.contrasts.noise / np.sqrt([self.runs[setting(**having), shape] for shape in shapes])

    def shared(self, first: Mapping[str, object], second: Mapping[str, object]) -> list[Shape]:
        """The shapes that both settings have; ``ValueError`` where there is none."""
        both = sorted(self.shapes(**first) & self.shapes(**second))
        if not both:
            raise ValueError(f"no shape has runs with both {dict(first) or GRID} and {dict(second) or GRID}")
        return both

    def change(
        self, first: Mapping[str, object], second: Mapping[str, object], shapes: Sequence[Shape] | None = None
    ) -> Estimate:
        """Mean of ln(second / first) over ``shapes``, all shared ones by default."""
        over = self.shared(first, second) if shapes is None else shapes
        return self.contrasts.contrast(difference(setting(**second), setting(**first), over))

    def robust_change(self, first: Mapping[str, object], second: Mapping[str, object]) -> Estimate:
        """``change`` with an interval that also covers those without any one of the shapes: no single one decides."""
        shared = self.shared(first, second)
        subsets = [[other for other in shared if other != shape] for shape in shared] if len(shared) > 1 else []
        return covering([self.change(first, second, over) for over in (shared, *subsets)])


def setting(**having: object) -> Setting:
    """The key of a setting that differs from ``GRID`` by ``having``."""
    return tuple({**GRID, **having}.values())


def difference(
    first: Setting, second: Setting, shapes: Sequence[Shape], weights: Float[np.ndarray, " shapes"] | None = None
) -> Weights:
    """Weights whose contrast is ``first`` less ``second``: Σ weight · shape, without ``weights`` the mean of shapes."""
    weights = np.full(len(shapes), 1 / len(shapes)) if weights is None else weights
    pairs = list(zip(shapes, weights, strict=True))
    return {(at, shape): sign * weight for at, sign in ((first, 1), (second, -1)) for shape, weight in pairs}


def metric_and_loss(metric: CellMeans, loss: CellMeans) -> pd.DataFrame:
    """The grid's cells: ``layers, width, metric, loss``, and the half-widths ``metric_half, loss_half`` of their 95 %
    intervals over seeds."""
    shared = sorted(metric.shapes() & loss.shapes())
    table = pd.DataFrame(shared, columns=list(AXES)).assign(metric=metric.values(shared), loss=loss.values(shared))
    for name, cells in (("metric", metric), ("loss", loss)):
        table[f"{name}_half"] = stats.t.ppf(0.975, cells.contrasts.dof) * cells.spread(shared) * table[name]
    return table


def potential_table(potentials: "Sequence[Potential]", q1: int) -> pd.DataFrame:
    """w of each model less the base model's at one q₁, indexed by ``model``.

    shapes             shapes that both models have
    own_exponents      whether they suffice for decay exponents of the model's own
    w1, w2             w₁ and w₂ less the base model's
    same_w1, same_w2   at how many of the tried q₁ that difference has its commoner sign
    """
    rows = {
        one.model: (one.cells, one.own_exponents, *one.w.loc[q1], *(same_order(one, axis) for axis in AXES))
        for one in potentials
    }
    columns = ["shapes", "own_exponents", "w1", "w2", "same_w1", "same_w2"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("model")


def depth_steps(cells: CellMeans) -> list[Weights]:
    """Every step to the next depth at the same width: ln(deeper) - ln(shallower)."""
    here, by_width = setting(), sorted(cells.shapes(), key=lambda shape: shape[::-1])
    return [{(here, more): 1.0, (here, less): -1.0} for less, more in pairwise(by_width) if less[1] == more[1]]


def past_the_peak(metric: CellMeans, loss: CellMeans) -> dict[int, Pair]:
    """Width -> from the shallower depth that is best by ``metric`` to the deepest: do metric and loss both fall?

    An effect is below zero where both are known to (of the two, the one less sure counts), above where one is known to
    rise. Intervals are wider for the best having been picked from several.
    """
    here, effects = setting(), {}
    columns = pd.DataFrame(sorted(metric.shapes()), columns=list(AXES)).groupby("width")["layers"].apply(list)
    columns = columns[columns.map(len) > 1]
    tried = int(columns.map(len).sum()) - len(columns)
    for width, (*before, last) in columns.items():
        best = max(before, key=lambda depth: metric.means[here, (depth, width)])
        step = {(here, (last, width)): 1.0, (here, (best, width)): -1.0}
        effects[width] = tuple(
            Estimate(*map(max, metric.contrasts.contrast(step, at), loss.contrasts.contrast(step, at)))
            for at in (bonferroni_level(len(before)), bonferroni_level(tried))
        )
    return effects


@dataclass(frozen=True)
class Potential:
    """w of ``model`` less w of the base model by axis, at each q₁ (the script's sign), and how much more the model
    gains per factor e of the axis over the same cells (``gain``: weights of the contrast, ln metric)."""

    model: str
    cells: int
    own_exponents: bool
    w: pd.DataFrame
    gain: Mapping[str, Weights]


def potentials(cells: CellMeans) -> list[Potential]:
    """Every model that shares at least four cells with ``BASE_MODEL``, two of each axis."""
    models, result = {at[SETTING_KEYS.index("model")] for at, _ in cells.means}, []
    for model in sorted(models - {BASE_MODEL}):
        shared = sorted(cells.shapes(model=model) & cells.shapes(model=BASE_MODEL))
        if len(shared) < 4 or min(len(set(values)) for values in zip(*shared, strict=True)) < 2:
            continue
        weights = _own_weights if len(shared) >= OWN_CELLS else partial(_weights_with_base_exponents, cells)
        values = [cells.values(shared, model=name) for name in (model, BASE_MODEL)]
        rows = {q1: np.subtract(*(weights(shared, y, q1) for y in values)) for q1 in FIXED_Q1}
        w = pd.DataFrame.from_dict(rows, orient="index", columns=["w1", "w2"])
        result.append(Potential(model, len(shared), len(shared) >= OWN_CELLS, w, _gains(shared, model)))
    return result


def w_limits(cells: CellMeans, one: Potential, q1: int, resamples: int, seed: int) -> dict[str, tuple[float, float]]:
    """95 % interval of w₁ and w₂ of a model with exponents of its own less the base model's, had the cells been
    measured again with as many other seeds; nan where no cell has a second seed."""
    if not cells.contrasts.dof:
        return dict.fromkeys(("w1", "w2"), (np.nan, np.nan))
    shared = sorted(cells.shapes(model=one.model) & cells.shapes(model=BASE_MODEL))
    random = np.random.default_rng(seed)

    def drawn(model: str) -> np.ndarray:
        noise = cells.spread(shared, model=model) * random.standard_normal(len(shared))
        return _own_weights(shared, cells.values(shared, model=model) * np.exp(noise), q1)

    apart = np.array([drawn(one.model) - drawn(BASE_MODEL) for _ in range(resamples)])
    ends = np.quantile(apart, [0.025, 0.975], axis=0)
    return {name: (float(low), float(high)) for name, low, high in zip(("w1", "w2"), *ends, strict=True)}


def _weights_with_base_exponents(cells: CellMeans, shapes: Sequence[Shape], y: np.ndarray, q1: int) -> np.ndarray:
    """``_own_weights`` at the exponents that all shapes of ``BASE_MODEL`` have."""
    every = sorted(cells.shapes(model=BASE_MODEL))
    table = pd.DataFrame(every, columns=list(AXES), dtype=float)
    exponents = law_at(q1, table, cells.values(every, model=BASE_MODEL)).parameters
    x = np.array(shapes, float)
    terms = [inside(x[:, k], exponents[name], 1 / q1) for k, name in enumerate(("w3", "w4"))]
    return -np.linalg.lstsq(np.stack([*terms, np.ones(len(y))], axis=1), y, rcond=None)[0][:2]


def _own_weights(shapes: Sequence[Shape], y: np.ndarray, q1: int) -> np.ndarray:
    """(w₁, w₂), in the script's sign, of the law fitted to ``y`` at a fixed q₁."""
    parameters = law_at(q1, pd.DataFrame(shapes, columns=list(AXES), dtype=float), y).parameters
    return -np.array([parameters["w1"], parameters["w2"]])


def _gains(shared: Sequence[Shape], model: str) -> dict[str, Weights]:
    """By axis, the weights whose contrast is the slope of ln metric in ln axis, of ``model`` less ``BASE_MODEL``."""
    logs = np.log(np.array(shared, float))
    slopes = np.linalg.pinv(np.column_stack([logs, np.ones(len(shared))]))
    here, base = setting(model=model), setting(model=BASE_MODEL)
    return {axis: difference(here, base, shared, slope) for axis, slope in zip(AXES, slopes, strict=False)}


def disagreement(one: Potential, axis: str, q1: int) -> Weights:
    """A contrast that is below zero where w and gain order the two models alike."""
    sign = np.sign(one.w.loc[q1, {"layers": "w1", "width": "w2"}[axis]])
    return {cell: -sign * weight for cell, weight in one.gain[axis].items()}


def same_order(one: Potential, axis: str) -> int:
    """At how many of the q₁ the sign of the difference in w is the commoner one."""
    positive = int((one.w[{"layers": "w1", "width": "w2"}[axis]] > 0).sum())
    return max(positive, len(one.w) - positive)
