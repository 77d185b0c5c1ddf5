"""How sure a fit is: bootstrap over configurations, the linearised band, and profiles of the objective.

Small grids leave few degrees of freedom, so plain percentiles come out too narrow. Both intervals here allow for it:
the linearised one by Student's t, the bootstrap by expanded percentiles (Hesterberg, The American Statistician 69,
2015).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtrit

from recscale.laws.engine import resolve_many
from recscale.laws.polish import bounds, derivatives, jacobian
from recscale.laws.varpro import Problem, State, evaluate

CHUNK = 4000  # residuals held at once while refitting resamples


def bootstrap_weights(configuration: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """(resamples, n) weights: configurations drawn with replacement, the seeds of one configuration always together.

    A resample with fewer distinct configurations than a curve needs would not be a fit of anything, so each
    configuration keeps a fractional weight (the Bayesian bootstrap, Rubin 1981): independent exponential weights,
    scaled to sum to n.
    """
    rng = np.random.default_rng(seed)
    groups = int(configuration.max()) + 1
    weights = rng.standard_exponential((resamples, groups))[:, configuration]
    return weights * (weights.shape[1] / weights.sum(axis=1, keepdims=True))


def refit(problem: Problem, best: State, weights: np.ndarray) -> State:
    """The solution under each row of ``weights``, in pieces small enough for the processor's cache."""
    piece = max(1, CHUNK // len(problem.points))
    parts = [resolve_many(problem, weights[i : i + piece], best) for i in range(0, len(weights), piece)]
    return State(*(np.concatenate([getattr(part, f) for part in parts]) for f in ("theta", "coef", "cost")))


def expanded(level: float, configurations: int, free: int) -> float:
    """The tail probability of a bootstrap percentile that gives ``level`` coverage with ``configurations - free`` degrees of freedom."""
    freedom = configurations - free
    if freedom <= 0:
        return np.nan
    quantile = -stdtrit(freedom, (1 - level) / 2)
    return float(ndtr(-quantile * np.sqrt(configurations / freedom)))


@dataclass(frozen=True)
class Linearised:
    """The curvature of the objective at the optimum. ``names``: (θ, c) in order; ``free``: which of them are not at a bound."""

    derivative: np.ndarray  # (n, K + p), on the fit's scale
    covariance: np.ndarray  # (K + p, K + p), zero rows for parameters at a bound
    variance: float  # of one measurement, on the fit's scale
    free: np.ndarray
    freedom: int


def linearise(problem: Problem, best: State) -> Linearised:
    """Covariance of (θ, c) with listed constants held, clustered freedom = configurations - free parameters.

    Under Huber's loss the variance is the sandwich's, so that outliers don't inflate it.
    """
    residuals, derivative = jacobian(problem, best.theta, best.coef)
    residuals, derivative = residuals[0], derivative[0]
    lower, upper = bounds(problem)
    here = np.concatenate([best.theta[0, : len(problem.law.nonlinear)], best.coef[0]])
    free = ~((here <= lower) | (here >= upper))
    configurations = len(np.unique(problem.points.configuration))
    freedom = configurations - int(free.sum()) - len(problem.law.listed)
    n, k = len(residuals), int(free.sum())
    influence = residuals if problem.loss == "squares" else np.clip(residuals, -problem.delta, problem.delta)
    inside = 1.0 if problem.loss == "squares" else max(float((np.abs(residuals) <= problem.delta).mean()), 1 / n)
    variance = float((influence**2).sum()) / max(n - k - len(problem.law.listed), 1) / inside**2
    covariance = np.zeros((len(free), len(free)))
    norms = np.linalg.norm(derivative, axis=0)
    use = free & (norms > 0)
    scaled = derivative[:, use] / norms[use]
    inverse = np.linalg.pinv(scaled.T @ scaled, rcond=1e-14, hermitian=True)
    covariance[np.ix_(use, use)] = variance * inverse / np.outer(norms[use], norms[use])
    return Linearised(derivative, covariance, variance, free, freedom)


def quantile_t(level: float, freedom: int) -> float:
    """Half the width of a ``level`` interval in standard errors; infinite without degrees of freedom."""
    return float(-stdtrit(freedom, (1 - level) / 2)) if freedom > 0 else np.inf


def band(
    problem: Problem, best: State, resamples: State | None, x: tuple, level: float, observation: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Limits of the law's value at ``x`` (or of one new measurement): by the resamples if there are any, else linearised."""
    if resamples is not None:
        return _bootstrap_band(problem, best, resamples, x, level, observation)
    known = linearise(problem, best)
    linear, derivative = derivatives(problem.law, x, best.theta, best.coef)
    linear, derivative = linear[0], derivative[0]
    if problem.scale == "log":
        derivative = derivative / linear[:, None]
    variance = np.einsum("nk,kl,nl->n", derivative, known.covariance, derivative)
    variance = np.maximum(variance, 0) + (known.variance if observation else 0.0)
    half = quantile_t(level, known.freedom) * np.sqrt(variance)
    value = evaluate(problem.law, x, best.theta, best.coef)[0]
    if problem.scale == "log":
        return value + linear * np.expm1(-half), value + linear * np.expm1(half)
    return value - half, value + half


def _bootstrap_band(problem, best, resamples, x, level, observation):
    draws = evaluate(problem.law, x, resamples.theta, resamples.coef)
    if observation:
        known = linearise(problem, best)
        noise = np.random.default_rng(0).standard_normal(draws.shape) * np.sqrt(known.variance)
        if problem.scale == "log":
            offset = 0.0 if problem.law.offset is None else problem.law.offset(x, ())
            draws = offset + (draws - offset) * np.exp(noise)
        else:
            draws = draws + noise
    return percentiles(draws, level, problem)


def percentiles(draws: np.ndarray, level: float, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Expanded percentiles of ``draws`` over its first axis; nan without degrees of freedom."""
    tail = expanded(level, len(np.unique(problem.points.configuration)), problem.law.free)
    if not len(draws) or not np.isfinite(tail):
        return np.full(draws.shape[1:], np.nan), np.full(draws.shape[1:], np.nan)
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return low, high
