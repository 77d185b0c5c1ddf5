"""The units a search works in: those in which the points are of size one.

An optimiser's path, its tolerances and the correlations of its parameters depend on units; a law doesn't. So every
solver first divides each variable and the size of y by its median, and carries the solution back
by the law's own ``rescaled``. A result is then the same in any unit, up to rounding.
"""

from dataclasses import dataclass, replace

import numpy as np

from recscale.laws.law import Law
from recscale.laws.points import Column
from recscale.laws.problem import Problem, Rows, Solutions


@dataclass(frozen=True)
class Units:
    """What the reader's ``x`` (one number per variable) and ``y`` are divided by; 1 where ``law`` isn't closed
    under it.

    ``squared`` is the unit of the objective.
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
