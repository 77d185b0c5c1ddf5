"""The Performance Law on a grid of our own runs: its form and its best shape, each against the noise of seeds.

Seeds of a shape are averaged before anything is fitted. The shapes that have several tell how far one seed moves a run;
without any, tests and intervals are nan.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import stats

from recscale import laws
from recscale.analysis.shape_fits import GRID, SHAPE_FORMS, fit_forms, peaks, shapes
from recscale.laws import Fit
from recscale.stats import FTest, against_noise, least_significant_difference, seed_noise

LAW, LINE, QUADRATIC, CONSTANT = "performance-law", "log-linear", "log-quadratic", "constant"
BOTH_FORMS = (LAW, "performance-law-outside")
"""The law as published twice: the exponent inside and outside the logarithm."""
CONTROLS = tuple(form for form in SHAPE_FORMS if form not in BOTH_FORMS)
NAMES: Mapping[str, str] = {
    LAW: "Performance Law",
    BOTH_FORMS[1]: "law, exponents outside",
    QUADRATIC: "quadratic in logs",
    LINE: "straight line in logs",
    CONSTANT: "constant",
}
AXES = ("layers", "width")
Shape = tuple[int, int]
"""(layers, width)"""
LEAST_SHAPES = 9
SIGNIFICANCE = 0.05
"""A form is rejected where seeds explain what it leaves with less than this probability."""


@dataclass(frozen=True, eq=False)
class ShapeGrid:
    """One metric over (layers, width).

    ``cells``: ``layers, width, value`` (mean), ``seeds``. ``noise``: standard deviation of one run over its seeds, with
    ``dof`` degrees of freedom (0: not known). ``ValueError`` below ``LEAST_SHAPES`` shapes or three sizes of an axis:
    the law has six numbers to fit.
    """

    cells: pd.DataFrame
    noise: float
    dof: int

    def __post_init__(self) -> None:
        sizes = self.cells[list(AXES)].nunique()
        if len(self.cells) < LEAST_SHAPES or sizes.min() < 3:
            raise ValueError(
                f"a grid needs {LEAST_SHAPES} healthy shapes with three depths and three widths, and this one has "
                f"{len(self.cells)} shapes with {sizes['layers']} depths and {sizes['width']} widths"
            )

    @classmethod
    def from_runs(cls, runs: pd.DataFrame, metric: str) -> "ShapeGrid":
        """From a results table: its runs with the settings ``shape_fits.GRID``."""
        table, column = shapes(runs, **GRID), f"test_{metric}"
        grouped = table.groupby(list(AXES))
        cells = grouped[column].agg(value="mean", seeds="count").reset_index()
        return cls(cells, *seed_noise(table.assign(configuration=grouped.ngroup()), column))

    @property
    def mean(self) -> float:
        """Of the metric over the shapes."""
        return float(self.cells["value"].mean())

    @property
    def seeds(self) -> float:
        """Seeds per shape, on average."""
        return float(self.cells["seeds"].mean())

    def least_significant_difference(self, runs: int = 1) -> float:
        """The least significant difference between two means over ``runs`` runs."""
        return least_significant_difference(self.noise, self.dof, runs)

    def with_intervals(self) -> pd.DataFrame:
        """``cells`` with the ``half_width`` of the 95 % interval of every mean over seeds."""
        quantile = stats.t.ppf(0.975, self.dof) if self.dof else np.nan
        return self.cells.assign(half_width=quantile * self.noise / np.sqrt(self.cells["seeds"]))

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """``laws.compare`` of the law in both forms and its three controls."""
        return laws.compare(self.cells[list(AXES)].astype(float), self.cells["value"], list(SHAPE_FORMS))

    @cached_property
    def fits(self) -> Mapping[str, Fit]:
        """Form -> its fit to the means."""
        return dict(zip(self.comparison["law"], self.comparison["fit"], strict=True))

    def lack_of_fit(self, form: str) -> FTest:
        """Lack-of-fit test: do seeds alone leave residuals as large as those of ``form``?

        The form is fitted with a weight of one per run, so that what it leaves is what the test's null expects.
        """
        square, free = self._residual_square(form)
        return against_noise(square, len(self.cells) - free, self.noise, self.dof)

    def extra_sum_of_squares(self, plainer: str) -> FTest:
        """Do seeds alone make the law fit as much better than ``plainer``, a form it contains?"""
        (less, free), (more, fewer) = self._residual_square(LAW), self._residual_square(plainer)
        return against_noise(max(more - less, 0.0), free - fewer, self.noise, self.dof)

    def _residual_square(self, form: str) -> tuple[float, int]:
        """Sum of squares that ``form`` leaves, fitted with a weight of one per run, and its free numbers."""
        runs = self.cells.loc[self.cells.index.repeat(self.cells["seeds"])].reset_index(drop=True)
        fit = fit_forms(runs, "value", forms=[form])[form]
        return float((fit.residuals["residual"] ** 2).sum()), fit.law.free

    def is_rejected(self, form: str) -> bool:
        """Whether ``form`` misses the shapes by more than seeds explain."""
        return self.lack_of_fit(form).rejects(SIGNIFICANCE)

    @property
    def is_flat(self) -> bool:
        """Whether seeds explain all differences between the shapes, so that no form can be told from another."""
        return not self.is_rejected(CONSTANT)

    def leave_one_out(self) -> Iterator[tuple[tuple[int, int], "ShapeGrid"]]:
        """Every shape, with the grid that lacks it; without those that leave too few to fit."""
        for index, cell in self.cells.iterrows():
            rest = self.cells.drop(index=index).reset_index(drop=True)
            with suppress(ValueError):  # too few shapes are left
                yield (int(cell["layers"]), int(cell["width"])), replace(self, cells=rest)


def form_table(grid: ShapeGrid) -> pd.DataFrame:
    """The five forms of one grid, best AICc first, indexed by ``form``.

    free        numbers the form may choose
    p           of its lack-of-fit test (nan without a second seed)
    r2          R² over the means
    delta_aicc  AICc above the best form's
    left_out    root mean square error at shapes predicted from the others
    """
    table = grid.comparison.set_index("law")
    table = table.rename(columns={"leave_one_size_out_rmse": "left_out"}).rename_axis("form")
    p = [grid.lack_of_fit(form).p for form in table.index]
    return table.assign(p=p)[["free", "p", "r2", "delta_aicc", "left_out"]]


def preference(grid: ShapeGrid, rival: str) -> int:
    """1 where the grid prefers the law to ``rival``, -1 where it prefers the rival, 0 where it can't tell.

    The line is contained in the law: it is never preferred, and the law is where seeds don't explain how much better it
    fits. Of two forms that don't contain each other the one is preferred that isn't rejected while the other is. AICc
    doesn't decide: with so few shapes it charges the law's six numbers so dearly that a plainer form wins even where
    the law is the truth.
    """
    if grid.is_flat:
        return 0
    if rival == LINE:
        return int(grid.extra_sum_of_squares(rival).rejects(SIGNIFICANCE))
    return int(grid.is_rejected(rival)) - int(grid.is_rejected(LAW))


def robust_preference(grid: ShapeGrid, rival: str) -> int:
    """``preference``, and 0 where leaving out a single shape would change it."""
    sign = preference(grid, rival)
    if sign and any(preference(rest, rival) != sign for _, rest in grid.leave_one_out()):
        return 0
    return sign


def seeds_to_prefer(grid: ShapeGrid, rival: str) -> float:
    """How many seeds per shape would make ``robust_preference`` other than 0, if all differences stayed as they are."""
    seeds, level = grid.seeds, SIGNIFICANCE
    if rival == LINE:
        grids = [grid, *(rest for _, rest in grid.leave_one_out())]
        return max(one.extra_sum_of_squares(rival).seeds_to_reject(seeds, level) for one in grids)
    return min(grid.lack_of_fit(form).seeds_to_reject(seeds, level) for form in (LAW, rival))


def seeds_to_settle(grid: ShapeGrid) -> float:
    """How many seeds per shape would make ``sole_survivor`` other than 0, if all differences stayed as they are."""
    needed = {form: grid.lack_of_fit(form).seeds_to_reject(grid.seeds, SIGNIFICANCE) for form in SHAPE_FORMS}
    return min(max(needed[form] for form in forms) for forms in (BOTH_FORMS, CONTROLS))


def sole_survivor(grid: ShapeGrid) -> int:
    """1 where the law is the only form left: one of its two forms isn't rejected and every control is.

    -1 where both its forms are rejected; 0 where a control survives too, or the grid is flat.
    """
    if grid.is_flat:
        return 0
    if all(grid.is_rejected(form) for form in BOTH_FORMS):
        return -1
    return int(all(grid.is_rejected(form) for form in CONTROLS))


@dataclass(frozen=True)
class Peak:
    """The law's best size of an axis (nan: none), with the 95 % limits over resampled shapes.

    ``measured``: least and largest size of the grid. ``fall``: how far the law falls from its peak to the largest size.
    ``least_significant``: the least significant fall. ``inside``: ``shape_fits.peaks``.
    """

    value: float
    ci_low: float
    ci_high: float
    measured: tuple[int, int]
    inside: bool
    fall: float
    least_significant: float

    @property
    def is_identified(self) -> bool:
        """Inside the measured range with its whole interval, and followed by a significant fall."""
        return self.inside and self.fall > self.least_significant

    def seeds_to_identify(self, seeds: float) -> float:
        """How many seeds per shape would make the fall significant; inf where the interval leaves the grid."""
        if not self.inside or not self.fall > 0 or np.isnan(self.least_significant):
            return np.inf
        return max(seeds, seeds * (self.least_significant / self.fall) ** 2)


def peak(grid: ShapeGrid, axis: str, resamples: int, seed: int) -> Peak:
    """Where the law fitted to all shapes peaks along ``axis``."""
    first, last, place, low, high, inside = peaks(grid.cells, "value", LAW, resamples=resamples, seed=seed).loc[axis]
    at_end = grid.cells[grid.cells[axis] == last]
    spot = at_end.iloc[[0]][list(AXES)].astype(float)
    top, end = (float(grid.fits[LAW].predict(one)[0]) for one in (spot.assign(**{axis: place}), spot))
    fall = 0.0 if place >= last else top - end
    least = grid.least_significant_difference(int(at_end["seeds"].sum()))
    return Peak(place, low, high, (int(first), int(last)), bool(inside), fall, least)
