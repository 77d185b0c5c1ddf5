"""Fitting a law to points: the one entry, and everything a fit can be asked afterwards."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Integral

import numpy as np
import pandas as pd
from jaxtyping import Float

from recscale.laws import checks, diagnostics, uncertainty
from recscale.laws.law import Law, get
from recscale.laws.points import Column, PointDiagnostics, Points, diagnose, read_columns, read_points
from recscale.laws.problem import Problem, Solutions, evaluate, optimum_of, symbols_of
from recscale.laws.solve import conditional_optima, share_of_agreeing_starts, solve

LEVEL = 0.95
BANDS = {"averaged": uncertainty.averaged_band, "profiled": uncertainty.profile_band}


@dataclass(frozen=True)
class Fit:
    """A fitted law. Metrics are on the scale of y whatever scale was fitted."""

    law: Law
    problem: Problem = field(repr=False)
    best: Solutions = field(repr=False)
    unseen: Points = field(repr=False)
    resamples: Solutions | None = field(default=None, repr=False)

    @property
    def n_points(self) -> int:
        """Points the parameters rest on (held-out ones don't count)."""
        return len(self.problem.points)

    @property
    def objective(self) -> float:
        """The minimised sum of squares, or of twice Huber's loss, on the fit's scale."""
        return float(self.best.cost[0])

    @cached_property
    def parameters(self) -> dict[str, float]:
        """The paper's symbols at full precision."""
        values = symbols_of(self.law, self.best)
        return {name: float(values[name][0]) for name in self.law.symbols}

    @cached_property
    def optimum(self) -> dict[str, float | None] | None:
        """Best x per variable: None for a law that never peaks, a None inside where this fit doesn't."""
        peaks = optimum_of(self.law, self.problem.points.names, self.best)
        return None if peaks is None else {n: float(v[0]) if np.isfinite(v[0]) else None for n, v in peaks.items()}

    @cached_property
    def _quality(self) -> dict[str, float]:
        return diagnostics.quality(self.problem, self.best)

    @property
    def r2(self) -> float:
        """1 - residual over total sum of squares of y, in sample; nan where y is constant."""
        return self._quality["r2"]

    @property
    def r2_adjusted(self) -> float:
        """R² corrected for all free parameters, searched constants among them."""
        return self._quality["r2_adjusted"]

    @property
    def aicc(self) -> float:
        """Corrected Akaike criterion, comparable between laws fitted on y and on log y."""
        return self._quality["aicc"]

    @cached_property
    def leave_one_size_out_rmse(self) -> float:
        """RMSE of each distinct x predicted from all others."""
        return diagnostics.leave_one_size_out(self.problem, self.best)

    @cached_property
    def held_out(self) -> dict | None:
        """Errors at the largest sizes, which the fit has not seen (``held_out_errors``); None without any."""
        if not len(self.unseen):
            return None
        x = dict(zip(self.unseen.names, self.unseen.x, strict=True))
        return diagnostics.held_out_errors(
            self.problem.points, self.unseen, self.predict(x), *self.band(x, observation=True)
        )

    @property
    def held_out_rmse(self) -> float:
        """RMSE at the largest sizes, which the fit has not seen; nan without any."""
        return self.held_out["rmse"] if self.held_out else np.nan

    @cached_property
    def point_diagnostics(self) -> PointDiagnostics:
        """Repeats, collinear variables and short spans of the points."""
        return diagnose(self.problem.points)

    @cached_property
    def identifiability(self) -> diagnostics.Identifiability:
        """The parameters that the points can't tell apart."""
        return diagnostics.identifiability(self.problem, self.best)

    @property
    def parameters_at_bound(self) -> dict[str, float]:
        """The parameters of the search that lie at a limit of theirs, with their values: the points alone would push
        them beyond."""
        parameters = (*self.law.nonlinear, *self.law.linear)
        values = (*self.best.theta[0, : len(self.law.nonlinear)], *self.best.coef[0])
        pairs = zip(parameters, map(float, values), strict=True)
        return {p.name: value for p, value in pairs if not p.lower < value < p.upper}

    @property
    def constants_at_edge(self) -> dict[str, tuple[float, float, float]]:
        """The grid constants whose best value is an end of their grid: (best value, least, largest tried)."""
        constants, values = self.law.grid_constants, self.best.theta[0, len(self.law.nonlinear) :]
        edges = {c.name: (float(v), min(c.values), max(c.values)) for c, v in zip(constants, values, strict=True)}
        return {name: edge for name, edge in edges.items() if edge[1] < edge[2] and edge[0] in edge[1:]}

    @property
    def optimum_outside(self) -> dict[str, tuple[float, float, float]]:
        """The variables whose best value lies outside the measured range: (best value, least, largest measured)."""
        columns = zip(self.problem.points.names, self.problem.points.x, strict=True)
        ranges = {name: (float(column.min()), float(column.max())) for name, column in columns}
        peaks = {name: peak for name, peak in (self.optimum or {}).items() if peak is not None}
        return {n: (p, *ranges[n]) for n, p in peaks.items() if not ranges[n][0] <= p <= ranges[n][1]}

    @property
    def configurations(self) -> int:
        """Configurations the parameters rest on; the seeds of one count once."""
        return len(np.unique(self.problem.points.configuration))

    @property
    def few_configurations(self) -> bool:
        """Whether there are fewer than ``PER_PARAMETER`` configurations per free parameter."""
        return self.configurations < diagnostics.PER_PARAMETER * self.law.free

    @property
    def dof(self) -> int:
        """Degrees of freedom left for the noise, counted in configurations; at 0 or below there are no bands."""
        return self.linearised.dof

    @property
    def exact(self) -> bool:
        """Whether the law meets every point up to rounding."""
        return self.objective <= (diagnostics.EXACT_FIT * self.problem.unit) ** 2 * self.n_points

    @cached_property
    def gradient(self) -> float:
        """The largest cosine between the residuals and a free column of the Jacobian: 0 at an optimum."""
        return diagnostics.gradient(self.problem, self.best)

    @property
    def starts_agreeing(self) -> float:
        """Share of starts scattered over the whole search range that reach this optimum."""
        return self._agreement[0]

    @property
    def lowest_objective(self) -> float:
        """The lowest objective any start reached: below ``objective`` only if the search failed."""
        return self._agreement[1]

    @cached_property
    def _agreement(self) -> tuple[float, float]:
        return share_of_agreeing_starts(self.problem, self.best)

    @cached_property
    def linearised(self) -> uncertainty.Linearised:
        """Covariance and leverage at the optimum."""
        return uncertainty.linearise(self.problem, self.best)

    @cached_property
    def standard_errors(self) -> dict[str, float]:
        """Standard error of each symbol from the covariance; nan for grid constants, which have none."""
        return uncertainty.standard_errors(self.problem, self.best)

    @cached_property
    def _conditional_optima(self) -> Solutions | None:
        """The optima at every value of a searched constant; None without one (several are held at their best)."""
        return _conditional_optima(self.problem)

    @cached_property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """95 % interval of every parameter."""
        if self.resamples is not None:
            return self._percentiles(symbols_of(self.law, self.resamples), self.parameters)
        half = {name: uncertainty.quantile_t(LEVEL, self.dof) * error for name, error in self.standard_errors.items()}
        return {name: (value - half[name], value + half[name]) for name, value in self.parameters.items()}

    @cached_property
    def optimum_intervals(self) -> dict[str, tuple[float, float]] | None:
        """95 % interval of the best x per variable over the resamples with a peak (None without bootstrap or peak)."""
        if self.resamples is None or self.optimum is None:
            return None
        peaks = optimum_of(self.law, self.problem.points.names, self.resamples)
        return self._percentiles(peaks, [name for name, value in self.optimum.items() if value is not None])

    def peaked(self, name: str) -> float:
        """Share of the resamples in which the law has a best ``name`` at all; needs a bootstrap."""
        if self.resamples is None:
            raise ValueError("only a fit with bootstrap > 0 has resamples to count")
        peaks = optimum_of(self.law, self.problem.points.names, self.resamples)
        return float(np.isfinite(peaks[name]).mean()) if peaks else 0.0

    def predict(self, x) -> Column:
        """The law's value at ``x`` (same columns as the fit, by position): (n,)."""
        return evaluate(self.law, self._columns(x), self.best.theta, self.best.coef)[0]

    def band(
        self, x, level: float = LEVEL, observation: bool = False, searched: str = "averaged"
    ) -> tuple[Column, Column]:
        """Limits of the law's value at ``x``, or, with ``observation``, of one new measurement there: (n,), (n,).

        ``searched`` says what a constant tried from a list does to them: ``"averaged"``, exact on average over its
        values (also in the bootstrap), or ``"profiled"``, wide enough at every one of them.
        """
        if not 0 < level < 1:
            raise ValueError(f"the level of a band lies between 0 and 1, got {level:g}")
        columns = self._columns(x)
        if searched not in BANDS:
            raise ValueError(f"a band is {' or '.join(BANDS)} over a searched constant, not {searched!r}")
        if self.resamples is not None and searched == "averaged":
            return uncertainty.bootstrap_band(self.problem, self.best, self.resamples, columns, level, observation)
        return BANDS[searched](self.problem, self.best, self._conditional_optima, columns, level, observation)

    def curve(
        self, points: int = 100, reach: float = 1.0, along: str | None = None, level: float = LEVEL
    ) -> pd.DataFrame:
        """The line to draw: x, predicted, low, high on ``points`` sizes along one variable, the others at their
        geometric mean.

        ``reach`` extends the largest measured size by that factor (10 is one decade).
        """
        names, columns = self.problem.points.names, self.problem.points.x
        along = along or names[0]
        if along not in names:
            raise ValueError(f"the fit has no variable {along!r}; it has {', '.join(names)}")
        moving = columns[names.index(along)]
        table = {n: np.full(points, np.exp(np.log(c).mean())) for n, c in zip(names, columns, strict=True)}
        table[along] = np.geomspace(moving.min(), moving.max() * reach, points)
        frame = pd.DataFrame(table)
        low, high = self.band(frame, level)
        return frame.assign(predicted=self.predict(frame), low=low, high=high)

    @property
    def residuals(self) -> pd.DataFrame:
        """The fitted points: x, y, predicted and y - predicted."""
        points = self.problem.points
        frame = pd.DataFrame(dict(zip(points.names, points.x, strict=True)))
        frame["y"], frame["predicted"] = points.y, self.predict(frame)
        return frame.assign(residual=frame["y"] - frame["predicted"])

    def profile(self, name: str, values=None) -> pd.DataFrame:
        """The objective with one parameter held at each of ``values``, all others refitted (``checks.profile``)."""
        return checks.profile(self.problem, self.best, name, values)

    def residual_tests(self) -> dict[str, float]:
        """p-values of the residuals being noise (``checks.residual_tests``)."""
        return checks.residual_tests(self.problem, self.best)

    def sensitivity(self) -> pd.DataFrame:
        """Prediction and parameters under other losses and without each configuration (``checks.sensitivity``)."""
        return checks.sensitivity(self.problem, self.best)

    def _columns(self, x) -> tuple[Column, ...]:
        names = self.problem.points.names
        columns, labels = read_columns(x, names)
        if len(columns) != len(names):
            raise ValueError(
                f"the fit has {len(names)} variable(s) ({', '.join(names)}), got {len(columns)}: {', '.join(labels)}"
            )
        return columns

    def _percentiles(self, draws: dict[str, Float[np.ndarray, " B"]], names) -> dict[str, tuple[float, float]]:
        limits = {n: uncertainty.percentiles(draws[n][np.isfinite(draws[n])], LEVEL, self.dof) for n in names}
        return {name: (float(low), float(high)) for name, (low, high) in limits.items()}


def fit(
    law: str | Law,
    x,
    y,
    *,
    groups=None,
    seeds=None,
    hold_out_largest: int = 0,
    loss: str = "squares",
    delta: float = 1e-3,
    scale: str | None = None,
    bootstrap: int = 0,
    seed: int = 0,
) -> Fit:
    """Fit a law to points: the global optimum, with everything that says how far to trust it.

    law: a registered name (``laws.LAWS``) or a ``Law``. x, y: the points (a DataFrame's columns, a mapping or an array;
    by position). groups: each row's configuration (default: rows with equal x). seeds: each row's seed, to find
    repeats. hold_out_largest: so many of the largest sizes (product of the variables) are kept out of the fit and
    predicted. loss: ``"squares"`` or ``"huber"``, always summed. delta: Huber's threshold, without a unit: a difference
    of logs, or on the y scale a share of the median size of y. scale: ``"y"`` or ``"log"``; the law's own by default.
    bootstrap: resamples of the configurations (0: linearised intervals). seed: of the resamples.

    ValueError: values that can't be used, too few points, a law that doesn't take these columns.
    """
    for name, value in (("hold_out_largest", hold_out_largest), ("bootstrap", bootstrap), ("seed", seed)):
        if not isinstance(value, Integral) or value < 0:
            raise ValueError(f"{name} must be a whole number from 0 on, got {value!r}")
    law = get(law) if isinstance(law, str) else law
    points = read_points(x, y, law.variables, groups, seeds)
    law = law.for_columns(points.names)
    fitted, unseen = diagnostics.hold_out_largest(points, hold_out_largest)
    problem = Problem(law, fitted, scale or law.scale, loss, delta)
    if problem.scale == "y":
        problem = replace(problem, delta=delta * fitted.size)
    diagnostics.enough(problem)
    best = solve(problem, problem.rows())
    optima = _conditional_optima(problem) if bootstrap else None
    resamples = uncertainty.resample(problem, best, optima, bootstrap, seed) if bootstrap else None
    return Fit(law, problem, best, unseen, resamples)


def _conditional_optima(problem: Problem) -> Solutions | None:
    constants = problem.law.grid_constants
    return conditional_optima(problem) if len(constants) == 1 and len(constants[0].values) > 1 else None
