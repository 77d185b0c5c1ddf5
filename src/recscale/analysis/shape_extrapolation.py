"""The Performance Law beyond its points: the largest depth, or width, of a grid predicted from the other shapes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from recscale import laws
from recscale.analysis.shape_fits import Q1, fit_forms
from recscale.analysis.shape_law import AXES, BOTH_FORMS, LAW, LINE, NAMES, QUADRATIC, ShapeGrid
from recscale.stats.estimate import Estimate

_CONSTANTS: Mapping[str, tuple[int, ...]] = {LAW: Q1, BOTH_FORMS[1]: (*(-q for q in Q1), *Q1)}
"""Values of q₁ (exponent inside) and of p₁ (outside, either sign) over which a prediction is profiled."""
NO_GAIN = "no further gain"


@dataclass(frozen=True)
class HeldOut:
    """Root mean square errors at the largest size of an axis, which no fit has seen.

    ``mean``: of the metric there. ``errors``: by form, and of ``NO_GAIN``, the value at the next smaller size.
    ``ranges``: for the law in both forms the least and the largest error over those of its ``_CONSTANTS`` that the
    fitted shapes don't reject. ``least_significant``: the least significant difference between two errors.
    """

    mean: float
    errors: Mapping[str, float]
    ranges: Mapping[str, tuple[float, float]]
    least_significant: float

    @property
    def gain(self) -> Estimate:
        """By how much the law errs less than "no further gain", in % of the metric: the form that errs less.

        The interval covers the constants and the seeds. It lies above 0 only if one form wins whatever its constant,
        and below only if both lose whatever theirs.
        """
        flat = self.errors[NO_GAIN]
        value = max(flat - self.errors[form] for form in BOTH_FORMS)
        low = max(flat - self.ranges[form][1] for form in BOTH_FORMS) - self.least_significant
        high = max(flat - self.ranges[form][0] for form in BOTH_FORMS) + self.least_significant
        return Estimate(*(100 * number / self.mean for number in (value, low, high)))

    def seeds_to_decide(self, seeds: float) -> float:
        """How many seeds per shape would take 0 out of the interval of ``gain``; inf where the constants, which seeds
        don't settle, let the law win and lose."""
        flat = self.errors[NO_GAIN]
        worst, best = (max(flat - self.ranges[form][end] for form in BOTH_FORMS) for end in (1, 0))
        edge = worst if worst > 0 else min(best, 0.0)
        if not edge or np.isnan(self.least_significant):
            return np.inf
        return max(seeds, seeds * (self.least_significant / edge) ** 2)


def error_table(unseen: HeldOut) -> pd.DataFrame:
    """Errors at a held-out size, indexed by ``form``: ``error``, and for the law the ``least`` and ``largest`` over the
    constants that the seen shapes don't reject (elsewhere ``error`` again)."""
    rows = {
        NAMES.get(form, form): (error, *unseen.ranges.get(form, (error,) * 2)) for form, error in unseen.errors.items()
    }
    return pd.DataFrame.from_dict(rows, "index", columns=["error", "least", "largest"]).rename_axis("form")


def hold_out(grid: ShapeGrid, axis: str) -> HeldOut:
    """The shapes at the largest ``axis`` predicted from all others; ``ValueError`` where too few are left."""
    cells, size = grid.cells, grid.cells[axis].max()
    seen, unseen = cells[cells[axis] < size], cells[cells[axis] == size]
    other = "width" if axis == "layers" else "layers"
    nearest = seen.sort_values(axis).drop_duplicates(other, keep="last").set_index(other)["value"]
    flat = nearest.reindex(unseen[other]).to_numpy()
    if len(seen) < laws.get(LAW).free or seen[list(AXES)].nunique().min() < 2 or np.isnan(flat).any():
        raise ValueError(
            f"{axis} = {size} can't be predicted from the {len(seen)} other shapes: it takes {laws.get(LAW).free} of "
            "them, two sizes of each axis, and a smaller neighbour of every shape predicted"
        )
    fits = fit_forms(seen, "value", forms=(*BOTH_FORMS, QUADRATIC, LINE))
    x = unseen[list(AXES)].astype(float)
    errors = {form: _error(unseen, fit.predict(x)) for form, fit in fits.items()} | {NO_GAIN: _error(unseen, flat)}
    ranges = {form: _error_range(form, seen, unseen) for form in BOTH_FORMS}
    least = grid.least_significant_difference(int(unseen["seeds"].sum()))
    return HeldOut(float(unseen["value"].mean()), errors, ranges, least)


def _error_range(form: str, seen: pd.DataFrame, unseen: pd.DataFrame) -> tuple[float, float]:
    """Least and largest error of ``form`` at ``unseen``, refitted to ``seen`` at every one of ``_CONSTANTS`` but those
    that ``seen`` rejects at 5 %: whose sum of squares exceeds the least by the factor 1 + t²/(n - free)."""
    law, name = laws.get(form), laws.get(form).grid_constants[0].name
    x, x_unseen = (part[list(AXES)].astype(float) for part in (seen, unseen))
    fits = [laws.fit(law.with_values(**{name: [value]}), x, seen["value"]) for value in _CONSTANTS[form]]
    squares = np.array([(fit.residuals["residual"] ** 2).sum() for fit in fits])
    dof = max(len(seen) - law.free, 1)
    kept = squares <= squares.min() * (1 + stats.t.ppf(0.975, dof) ** 2 / dof)
    errors = [_error(unseen, fit.predict(x_unseen)) for fit, keep in zip(fits, kept, strict=True) if keep]
    return min(errors), max(errors)


def _error(unseen: pd.DataFrame, predicted: np.ndarray) -> float:
    return float(np.sqrt(np.mean((unseen["value"].to_numpy() - predicted) ** 2)))
