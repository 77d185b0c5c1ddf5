"""Sequential runs compared cell by cell: models, lengths of the history, precisions, and the loss beside the metric.

Every comparison is a contrast of ln(metric) over shared cells, with the noise pooled over all cells that have several
seeds (``contrasts``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from recscale import laws
from recscale.analysis.shape_fits import GRID, Q1
from recscale.analysis.shape_law import LAW
from recscale.laws.performance import inside
from recscale.runs.table import healthy, run_table
from recscale.stats.contrasts import Contrasts, strict
from recscale.stats.estimate import Estimate

KEYS = tuple(GRID)
FIXED_Q1 = Q1[1:]
"""At q₁ = 1 the law's peak lies at one layer whatever its exponents."""

AXES = ("layers", "width")
OWN_CELLS = 7
"""Cells from which a model has decay exponents of its own: two more than the law has numbers at a fixed q₁."""

Shape = tuple[int, int]
Setting = tuple
Cell = tuple[Setting, Shape]
Weights = Mapping[Cell, float]
Pair = tuple[Estimate, Estimate]
"""An effect at 95 % and at ``strict`` of their number."""


@dataclass(frozen=True, eq=False)
class Cells:
    """All healthy runs of a table as contrasts of one column; a cell is (setting, (layers, width))."""

    contrasts: Contrasts
    means: pd.Series

    @classmethod
    def of(cls, runs: pd.DataFrame, column: str) -> "Cells | None":
        """None where no cell has a second seed."""
        if runs.empty:
            return None
        table = healthy(run_table(runs))
        settings = zip(*(table[key] for key in KEYS), strict=True)
        names = list(zip(settings, zip(*(table[axis] for axis in AXES), strict=True), strict=True))
        known = Contrasts.of(names, [0] * len(names), table[column]) if names else None
        if known is None or not known.dof:
            return None
        return cls(known, pd.Series(np.exp(known.means), index=pd.MultiIndex.from_tuples(known.names)))

    def shapes(self, **having: object) -> set[Shape]:
        """The shapes measured in a setting that differs from ``GRID`` by ``having``."""
        wanted = setting(**having)
        return {shape for at, shape in self.contrasts.names if at == wanted}

    def value(self, shape: Shape, **having: object) -> float:
        return float(self.means[(setting(**having), shape)])

    def effects(self, contrasts: Sequence[Weights]) -> list[Pair]:
        """Each contrast at 95 % and at the level that lets it be named by itself."""
        level = strict(len(contrasts)) if contrasts else 0.95
        return [(self.contrasts.contrast(one), self.contrasts.contrast(one, level)) for one in contrasts]

    def change(self, first: Mapping[str, object], second: Mapping[str, object]) -> tuple[Estimate, int] | None:
        """Mean of ln(second / first) over the shapes both settings have, and how many; None where they share none."""
        shared = sorted(self.shapes(**first) & self.shapes(**second))
        return (self.mean_change(shared, first, second), len(shared)) if shared else None

    def changes(self, first: Mapping[str, object], second: Mapping[str, object]) -> dict[Shape, Estimate]:
        """ln(second / first) of every shape that both settings have."""
        shared = self.shapes(**first) & self.shapes(**second)
        return {shape: self.mean_change([shape], first, second) for shape in shared}

    def mean_change(
        self, shared: Sequence[Shape], first: Mapping[str, object], second: Mapping[str, object]
    ) -> Estimate:
        """Mean of ln(second / first) over the shapes ``shared``."""
        signs = ((setting(**second), 1), (setting(**first), -1))
        return self.contrasts.contrast({(at, shape): sign / len(shared) for at, sign in signs for shape in shared})


def setting(**having: object) -> Setting:
    """The key of a setting that differs from ``GRID`` by ``having``."""
    return tuple({**GRID, **having}.values())


def beside(metric: Cells | None, loss: Cells | None) -> pd.DataFrame:
    """The cells of the grid with ``layers, width, metric, loss``; empty without seeds."""
    columns = [*AXES, "metric", "loss"]
    if metric is None or loss is None:
        return pd.DataFrame(columns=columns)
    shared = sorted(metric.shapes() & loss.shapes())
    return pd.DataFrame([(*shape, metric.value(shape), loss.value(shape)) for shape in shared], columns=columns)


def potential_table(found: "Sequence[Potential]", q1: int) -> pd.DataFrame:
    """w of each model less the base model's at one q₁, and at how many q₁ its sign is the same."""
    rows = {
        one.model: {
            "shared shapes": one.cells,
            "exponents": "its own" if one.own_exponents else "the base model's",
            "w₁ less the base's": one.w.loc[q1, "w1"],
            "w₂ less the base's": one.w.loc[q1, "w2"],
            "q₁ with the same sign of w₁": same_order(one, "layers"),
            "q₁ with the same sign of w₂": same_order(one, "width"),
        }
        for one in found
    }
    return pd.DataFrame(rows).T


def deeper(cells: Cells) -> list[Weights]:
    """Every step to the next depth at the same width: ln(deeper) - ln(shallower)."""
    here = setting()
    return [
        {(here, (more, width)): 1.0, (here, (less, width)): -1.0}
        for width, depths in _depths(cells).items()
        for less, more in pairwise(depths)
    ]


def past_the_peak(metric: Cells, loss: Cells) -> dict[int, Pair]:
    """Width -> from the shallower depth that is best by ``metric`` to the deepest: do metric and loss both fall?

    An effect is below zero where both are known to (of the two, the one less sure counts), above where one is known to
    rise. Intervals are wider for the best having been picked from several.
    """
    here, found = setting(), {}
    columns = {width: depths for width, depths in _depths(metric).items() if len(depths) > 1}
    tried = sum(len(depths) - 1 for depths in columns.values())
    for width, depths in columns.items():
        *before, last = depths
        best = max(before, key=lambda depth: metric.value((depth, width)))
        step = {(here, (last, width)): 1.0, (here, (best, width)): -1.0}
        found[width] = tuple(
            _both(metric.contrasts.contrast(step, at), loss.contrasts.contrast(step, at))
            for at in (strict(len(before)), strict(tried))
        )
    return found


def _both(*effects: Estimate) -> Estimate:
    return Estimate(*(max(values) for values in zip(*((e.value, e.ci_low, e.ci_high) for e in effects), strict=True)))


def _depths(cells: Cells) -> dict[int, list[int]]:
    shapes = pd.DataFrame(sorted(cells.shapes()), columns=list(AXES))
    return {int(width): rows["layers"].tolist() for width, rows in shapes.groupby("width")}


@dataclass(frozen=True)
class Potential:
    """w of ``model`` less w of the base model by axis, at each q₁ (the script's sign), beside how much more the model
    gains per factor e of the axis over the same cells (``gain``: weights of the contrast, ln metric)."""

    model: str
    cells: int
    own_exponents: bool
    w: pd.DataFrame
    gain: Mapping[str, Weights]


def potentials(cells: Cells, base: str = "sasrec", values: Sequence[int] = FIXED_Q1) -> list[Potential]:
    """Every model that shares at least four cells with ``base``, two of each axis."""
    models = sorted({at[KEYS.index("model")] for at, _ in cells.contrasts.names} - {base})
    found = []
    for model in models:
        shared = sorted(cells.shapes(model=model) & cells.shapes(model=base))
        table = pd.DataFrame(shared, columns=list(AXES))
        if len(shared) < 4 or table.nunique().min() < 2:
            continue
        own = len(shared) >= OWN_CELLS
        rows = {}
        for q1 in values:
            first, second = (_weights(cells, name, base, shared, q1, own) for name in (model, base))
            rows[q1] = first - second
        w = pd.DataFrame(rows, index=["w1", "w2"]).T
        found.append(Potential(model, len(shared), own, w, _gains(shared, model, base)))
    return found


def w_limits(
    cells: Cells, one: Potential, q1: int, resamples: int, seed: int, base: str = "sasrec"
) -> dict[str, tuple[float, float]]:
    """95 % interval of w₁ and w₂ of a model with exponents of its own less the base model's, had the cells been
    measured again with as many other seeds."""
    runs = dict(zip(cells.contrasts.names, np.diag(cells.contrasts.gram), strict=True))
    shared = sorted(cells.shapes(model=one.model) & cells.shapes(model=base))
    random = np.random.default_rng(seed)

    def drawn(model: str) -> np.ndarray:
        noise = cells.contrasts.noise / np.sqrt([runs[setting(model=model), shape] for shape in shared])
        y = np.array([cells.value(shape, model=model) for shape in shared])
        return _own_weights(shared, y * np.exp(noise * random.standard_normal(len(y))), q1)

    apart = np.array([drawn(one.model) - drawn(base) for _ in range(resamples)])
    ends = np.quantile(apart, [0.025, 0.975], axis=0)
    return {name: (float(ends[0, k]), float(ends[1, k])) for k, name in enumerate(("w1", "w2"))}


def _weights(cells: Cells, model: str, base: str, shared: Sequence[Shape], q1: int, own: bool) -> np.ndarray:
    """(w₁, w₂) of one model at a fixed q₁ in the script's sign; without ``own`` at the exponents of ``base``."""
    y = np.array([cells.value(shape, model=model) for shape in shared])
    if own:
        return _own_weights(shared, y, q1)
    law = laws.get(LAW).with_values(q1=[q1])
    every = sorted(cells.shapes(model=base))
    whole = [cells.value(shape, model=base) for shape in every]
    exponents = laws.fit(law, pd.DataFrame(every, columns=list(AXES), dtype=float), whole).parameters
    x = np.array(shared, float)
    terms = [inside(x[:, k], exponents[name], 1 / q1) for k, name in enumerate(("w3", "w4"))]
    design = np.stack([*terms, np.ones(len(y))], axis=1)
    return -np.linalg.lstsq(design, y, rcond=None)[0][:2]


def _own_weights(shapes: Sequence[Shape], y: np.ndarray, q1: int) -> np.ndarray:
    """(w₁, w₂), in the script's sign, of the law fitted to ``y`` at a fixed q₁."""
    table = pd.DataFrame(shapes, columns=list(AXES), dtype=float)
    found = laws.fit(laws.get(LAW).with_values(q1=[q1]), table, y).parameters
    return -np.array([found["w1"], found["w2"]])


def _gains(shared: Sequence[Shape], model: str, base: str) -> dict[str, Weights]:
    """By axis, the weights whose contrast is the slope of ln metric in ln axis, of ``model`` less ``base``."""
    logs = np.log(np.array(shared, float))
    slopes = np.linalg.pinv(np.column_stack([logs, np.ones(len(shared))]))
    signs = ((setting(model=model), 1), (setting(model=base), -1))
    return {
        axis: {
            (at, shape): sign * weight for at, sign in signs for shape, weight in zip(shared, slopes[k], strict=True)
        }
        for k, axis in enumerate(AXES)
    }


def disagreement(one: Potential, axis: str, q1: int) -> Weights:
    """A contrast that is below zero where w and gain order the two models alike."""
    sign = np.sign(one.w.loc[q1, {"layers": "w1", "width": "w2"}[axis]])
    return {cell: -sign * weight for cell, weight in one.gain[axis].items()}


def same_order(one: Potential, axis: str) -> int:
    """At how many of the q₁ the sign of the difference in w is the commoner one."""
    positive = int((one.w[{"layers": "w1", "width": "w2"}[axis]] > 0).sum())
    return max(positive, len(one.w) - positive)
