"""What is minimised: a law, its points, a scale and a loss; batches of data and of solutions; and their natural units.

Everything downstream is batched. A bootstrap resample is a row of targets, a left-out size a row of weights, so a
thousand refits are one set of array operations.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from numbers import Real

import numpy as np
from jaxtyping import Float, Inexact

from recscale.laws.law import SCALES, Law
from recscale.laws.points import Column, Points

Theta = Float[np.ndarray, "B K"]
Coef = Float[np.ndarray, "B p"]
PerPoint = Float[np.ndarray, "B n"]
_LOSSES = ("squares", "huber")


@dataclass(frozen=True)
class Rows:
    """Data sets side by side: ``target`` (B, n), what Σ c φ (and an offset, on the y scale) must meet.

    ``weights`` is (B, n), or (1, n) where all share them.
    """

    target: PerPoint
    weights: Float[np.ndarray, "#B n"]

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows) -> "Rows":
        """The data sets at ``rows``."""
        return Rows(self.target[rows], self.weights if len(self.weights) == 1 else self.weights[rows])


@dataclass(frozen=True)
class Solutions:
    """Solutions side by side: ``theta`` (B, K), nonlinear parameters, then grid constants;
    ``coef`` (B, p); ``cost`` (B,)."""

    theta: Theta
    coef: Coef
    cost: Float[np.ndarray, " B"]

    def take(self, rows) -> "Solutions":
        """The solutions at ``rows``."""
        return Solutions(self.theta[rows], self.coef[rows], self.cost[rows])


@dataclass(frozen=True)
class Problem:
    """A law, the points, and what "best" means: the least ``Σ_i w_i ρ(r_i)``.

    The residuals r are on ``scale``; ρ is r², or Huber's with threshold ``delta``.
    """

    law: Law
    points: Points
    scale: str = "y"
    loss: str = "squares"
    delta: float = 1e-3

    def __post_init__(self):
        if self.loss not in _LOSSES:
            raise ValueError(f"loss {self.loss!r} is not known; choose from {', '.join(_LOSSES)}")
        if self.scale not in SCALES:
            raise ValueError(f"scale {self.scale!r} is not known; choose from {', '.join(SCALES)}")
        if not (isinstance(self.delta, Real) and 0 < self.delta < np.inf):
            raise ValueError(f"the Huber threshold must be a positive number, got {self.delta!r}")
        if self.scale == "log" and self.law.nonlinear_offset:
            raise ValueError(
                f"the law {self.law.name!r} has a data term without a weight and can't be fitted on the log scale"
            )
        if self.scale == "log" and (self.target <= 0).any():
            raise ValueError(f"the law {self.law.name!r} is fitted to log(y), and y has values that are not positive")

    @property
    def target(self) -> Column:
        """(n,) y, on the log scale less the law's fixed offset."""
        return self.points.y - self.fixed_offset

    @property
    def fixed_offset(self) -> Column | float:
        """What is taken off y before its logarithm; 0 on the y scale, where the offset is part of the fitted value."""
        return self.law.offset(self.points.x, ()) if self.scale == "log" and self.law.offset is not None else 0.0

    @property
    def unit(self) -> float:
        """The size of a residual that means 100 %: 1 on the log scale, else the root mean square of the target."""
        return 1.0 if self.scale == "log" else float(np.sqrt(np.mean(self.target**2)))

    @property
    def exactly_linear(self) -> bool:
        """Whether the coefficients solve a linear least-squares problem once θ is fixed."""
        return self.scale == "y" and self.loss == "squares"

    def rows(self, weights: PerPoint | None = None) -> Rows:
        """The points as one data set, or as many as ``weights`` (B, n) has rows."""
        weights = np.ones((1, len(self.points))) if weights is None else weights
        return Rows(np.broadcast_to(self.target, weights.shape), weights)

    def residuals(self, rows: Rows, theta: Theta, linear: PerPoint) -> PerPoint:
        """(B, n) residuals on the fit's scale, ``linear`` being Σ c φ; infinite where the logarithm doesn't exist."""
        if self.scale == "log":
            positive = linear > 0
            return np.where(positive, np.log(rows.target) - np.log(np.where(positive, linear, 1.0)), np.inf)
        if self.law.offset is None:
            return rows.target - linear
        return rows.target - linear - self.law.offset(self.points.x, split_values(theta))

    def residuals_of(self, solutions: Solutions) -> PerPoint:
        """(B, n) residuals of the points themselves."""
        linear = (columns(self.law, self.points.x, solutions.theta) @ solutions.coef[..., None])[..., 0]
        return self.residuals(self.rows(), solutions.theta, linear)

    def cost(self, residuals: PerPoint, weights: Float[np.ndarray, "#B n"]) -> Float[np.ndarray, " B"]:
        """(B,) objective: the weighted sum of squares, or of twice Huber's loss (small residuals count as squares)."""
        if self.loss == "squares":
            return (weights * residuals**2).sum(axis=-1)
        size = np.abs(residuals)
        huber = np.where(size <= self.delta, size**2, 2 * self.delta * size - self.delta**2)
        return (weights * huber).sum(axis=-1)


def split_values(theta: Inexact[np.ndarray, "B K"]) -> tuple[Inexact[np.ndarray, "B 1"], ...]:
    """(B, K) -> K arrays (B, 1), as a law's basis takes them."""
    return tuple(theta[:, k, None] for k in range(theta.shape[1]))


def columns(law: Law, x: tuple[Column, ...], theta: Theta) -> Float[np.ndarray, "B n p"]:
    """The basis at ``theta`` (B, K): (B, n, p)."""
    parts = law.basis(x, split_values(theta))
    stacked = np.empty((len(theta), len(x[0]), len(parts)))
    for j, part in enumerate(parts):
        stacked[..., j] = part
    return stacked


def evaluate(law: Law, x: tuple[Column, ...], theta: Theta, coef: Coef) -> PerPoint:
    """The law's value: (B, n)."""
    value = (columns(law, x, theta) @ coef[..., None])[..., 0]
    return value if law.offset is None else value + law.offset(x, split_values(theta))


def evaluate_each(law: Law, x: tuple[Column, ...], solutions: Solutions) -> Column:
    """The value of solution i at point i: (n,)."""
    values = tuple(solutions.theta.T)
    value = sum(solutions.coef[:, j] * part for j, part in enumerate(law.basis(x, values)))
    return value if law.offset is None else value + law.offset(x, values)


def joined(parts: Sequence[Solutions]) -> Solutions:
    """Batches of solutions, one after the other."""
    return Solutions(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Solutions)))


def symbols_of(law: Law, solutions: Solutions) -> dict[str, Float[np.ndarray, " B"]]:
    """The paper's symbols of every solution: name -> (B,)."""
    names = (*law.linear, *law.nonlinear, *law.grid_constants)
    values = np.concatenate([solutions.coef, solutions.theta], axis=1)
    raw = {parameter.name: values[:, j] for j, parameter in enumerate(names)}
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return law.present(raw)


def optimum_of(law: Law, names: tuple[str, ...], solutions: Solutions) -> dict[str, Float[np.ndarray, " B"]] | None:
    """The best x per variable of every solution, nan where it has no peak; None for laws that never have one."""
    return law.optimum(symbols_of(law, solutions), names) if law.optimum else None


@dataclass(frozen=True)
class Units:
    """The units a search works in, those in which the points are of size one: what the reader's ``x`` (one number per
    variable) and ``y`` are divided by, their medians; 1 where ``law`` isn't closed under it.

    An optimiser's path, its tolerances and the correlations of its parameters depend on units; a law doesn't. So every
    solver works in these and carries the solution back by the law's own ``rescaled``. A result is then the same in any
    unit, up to rounding. ``squared`` is the unit of the objective.
    """

    law: Law
    x: tuple[float, ...]
    y: float
    squared: float

    @classmethod
    def of(cls, problem: Problem) -> "Units":
        """The natural units of the points of ``problem``."""
        law, points = problem.law, problem.points
        x = tuple(float(np.median(c)) if law.rescaled is not None else 1.0 for c in points.x)
        y = points.size if law.homogeneous else 1.0
        return cls(law, x, y, y**2 if problem.scale == "y" else 1.0)

    def columns(self, x: tuple[Column, ...]) -> tuple[Column, ...]:
        """The reader's variables in these units."""
        return tuple(column / unit for column, unit in zip(x, self.x, strict=True))

    def problem(self, problem: Problem) -> Problem:
        """The reader's problem in these units."""
        points = replace(problem.points, x=self.columns(problem.points.x), y=problem.points.y / self.y)
        return replace(problem, points=points, delta=problem.delta / np.sqrt(self.squared))

    def rows(self, rows: Rows) -> Rows:
        """The reader's data sets in these units."""
        return Rows(rows.target / self.y, rows.weights)

    def inward(self, solutions: Solutions) -> Solutions:
        """The reader's solutions in these units."""
        return self._carried(solutions, tuple(1 / unit for unit in self.x), 1 / self.y, 1 / self.squared)

    def outward(self, solutions: Solutions) -> Solutions:
        """Solutions in these units as the reader's."""
        return self._carried(solutions, self.x, self.y, self.squared)

    def _carried(self, solutions: Solutions, x: tuple[float, ...], y: float, squared: float) -> Solutions:
        law, coef = self.law, solutions.coef * y
        names = [p.name for p in (*law.linear, *law.nonlinear, *law.grid_constants)]
        if law.rescaled is None:
            return Solutions(solutions.theta, coef, solutions.cost * squared)
        values = np.concatenate([coef, solutions.theta], axis=1)
        moved = law.rescaled(dict(zip(names, values.T, strict=True)), x)
        values = np.stack([moved[name] for name in names], axis=1)
        return Solutions(values[:, len(law.linear) :], values[:, : len(law.linear)], solutions.cost * squared)


def natural(problem: Problem) -> tuple[Units, Problem]:
    """The natural units of a problem, and the problem in them."""
    units = Units.of(problem)
    return units, units.problem(problem)
