"""How sure a fit is: the linearised band, the bootstrap over configurations, and what a searched constant adds.

A scaling grid is designed, and few points hold its ends: redrawing the points themselves loses the largest size in a
third of the resamples and gives bands that are too narrow by a fifth. So the design stays and the residuals of whole
configurations are redrawn, each divided by √(1 - leverage). Both intervals use Student's t, because the noise is
estimated from few degrees of freedom.

A searched constant is not a known one, and where the points hardly tell its values apart no interval is exact at every
true value. By default a band is exact on average over its values: each counts by its weight (``weights``), in
the band as in the bootstrap. The band by profile likelihood holds its level at every true value and is mostly wider.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Real
from scipy.special import stdtr, stdtrit

from recscale.laws.points import Column
from recscale.laws.problem import Problem, Rows, Solutions, Units, evaluate, joined, natural, symbols_of
from recscale.laws.refine import bounds, derivatives, jacobian
from recscale.laws.solve import refit

Limits = tuple[Column, Column]
Parts = Float[np.ndarray, "parts n"]
PerPart = Float[np.ndarray, "parts 1"]


@dataclass(frozen=True)
class Linearised:
    """The curvature at the optimum: ``residuals`` (n,) and ``variance`` of one measurement, on the fit's scale;
    ``leverage`` (n,), the hat values; ``dof`` (degrees of freedom), which counts configurations, not seeds.

    ``shape`` is the covariance of (θ, c), in this order and in the points' natural units, for a variance of 1;
    parameters at a bound have zero rows.
    """

    residuals: Column
    shape: Float[np.ndarray, "k k"]
    leverage: Column
    variance: float
    dof: int


def linearise(problem: Problem, best: Solutions) -> Linearised:
    """Covariance of (θ, c), grid constants held. Under Huber's loss the variance is that of the clipped residuals."""
    units, problem = natural(problem)
    best = units.inward(best)
    residuals, derivative = (part[0] for part in jacobian(problem, problem.rows(), best.theta, best.coef))
    lower, upper = bounds(problem)
    here = np.concatenate([best.theta[0, : len(problem.law.nonlinear)], best.coef[0]])
    norms = np.linalg.norm(derivative, axis=0)
    use = (here > lower) & (here < upper) & (norms > 0)
    searched = sum(len(constant.values) > 1 for constant in problem.law.grid_constants)
    estimated, n = int(use.sum()) + searched, len(residuals)
    dof = len(np.unique(problem.points.configuration)) - estimated
    influence, inside = residuals, 1.0
    if problem.loss == "huber":
        influence = np.clip(residuals, -problem.delta, problem.delta)
        inside = max(float((np.abs(residuals) <= problem.delta).mean()), 1 / n)
    variance = float((influence**2).sum()) / max(n - estimated, 1) / inside**2
    scaled = derivative[:, use] / norms[use]
    inverse = np.linalg.pinv(scaled.T @ scaled, rcond=1e-14, hermitian=True)
    shape = np.zeros((len(here), len(here)))
    shape[np.ix_(use, use)] = inverse / np.outer(norms[use], norms[use])
    leverage = np.clip(np.einsum("ni,ij,nj->n", scaled, inverse, scaled), 0.0, 1.0)
    return Linearised(residuals * np.sqrt(units.squared), shape, leverage, variance * units.squared, dof)


def standard_errors(problem: Problem, best: Solutions) -> dict[str, float]:
    """Standard error of each of the paper's symbols, the covariance carried over by central differences; nan for grid
    constants, which have none."""
    known, k, law = linearise(problem, best), len(problem.law.nonlinear), problem.law
    units = Units.of(problem)
    best = units.inward(best)
    here = np.concatenate([best.theta[0, :k], best.coef[0]])
    step = 1e-6 * np.where(here == 0, 1e-12, np.abs(here))
    moved = here + np.concatenate([np.diag(step), -np.diag(step)])
    grid = np.repeat(best.theta[:, k:], len(moved), axis=0)
    shifted = Solutions(np.concatenate([moved[:, :k], grid], axis=1), moved[:, k:], np.zeros(len(moved)))
    symbols = symbols_of(law, units.outward(shifted))
    errors = dict.fromkeys(law.symbols, np.nan)
    for name in errors.keys() - {constant.name for constant in law.grid_constants}:
        up, down = np.split(symbols[name], 2)
        with np.errstate(invalid="ignore"):  # a symbol may exceed what a float holds
            slope = (up - down) / (2 * step)
        spread = np.sqrt(np.maximum(slope @ known.shape @ slope, 0.0)) if np.isfinite(slope).all() else np.nan
        errors[name] = float(spread * np.sqrt(known.variance / units.squared))
    return errors


def bootstrap_rows(problem: Problem, best: Solutions, resamples: int, seed: int) -> Rows:
    """Data sets with the fitted curve and redrawn residuals, the seeds of one configuration together.

    Every configuration gets the mean residual of one drawn configuration, and its seeds get deviations drawn from that
    one's.
    """
    known, rng = linearise(problem, best), np.random.default_rng(seed)
    scaled = known.residuals / np.sqrt(np.maximum(1 - known.leverage, 0.05))
    groups = np.unique(problem.points.configuration, return_inverse=True)[1].reshape(-1)
    count = int(groups.max()) + 1
    size = np.bincount(groups, minlength=count)
    mean = np.bincount(groups, scaled, count) / size
    order = np.argsort(groups, kind="stable")
    deviation, first = (scaled - mean[groups])[order], np.concatenate([[0], np.cumsum(size)[:-1]])
    donor = rng.integers(0, count, (resamples, count))[:, groups]
    noise = (mean - mean.mean())[donor]
    if (size > 1).any():
        noise = noise + deviation[first[donor] + (rng.random(donor.shape) * size[donor]).astype(int)]
    # The redrawn residuals get the estimated variance, and every resample its own guess of the true one: Student's t.
    spread = float(scaled.std())
    noise *= np.sqrt(known.variance) / spread if spread > 0 else 0.0
    noise *= student_scale(known.dof, resamples, rng)
    fitted = evaluate(problem.law, problem.points.x, best.theta, best.coef)[0] - problem.fixed_offset
    target = fitted * np.exp(noise) if problem.scale == "log" else fitted + noise
    return Rows(target, np.ones((1, len(groups))))


def quantile_t(level: float, dof: int) -> float:
    """Half the width of a ``level`` interval in standard errors; nan without degrees of freedom, which say nothing."""
    return float(-stdtrit(dof, (1 - level) / 2)) if dof > 0 else np.nan


def student_scale(dof: int, draws: int, rng: np.random.Generator) -> Float[np.ndarray, "draws 1"]:
    """(draws, 1) factors √(ν/χ²) that make normal noise Student's t with ν degrees of freedom."""
    return np.sqrt(dof / rng.chisquare(dof, (draws, 1))) if dof > 0 else np.ones((draws, 1))


def percentiles(
    draws: Real[np.ndarray, "B ..."], level: float, dof: int
) -> tuple[Float[np.ndarray, "..."] | float, Float[np.ndarray, "..."] | float]:
    """The middle ``level`` of ``draws`` over its first axis; nan without degrees of freedom, which say nothing."""
    if not len(draws) or dof <= 0:
        return np.full(draws.shape[1:], np.nan), np.full(draws.shape[1:], np.nan)
    # Weibull positions: a new draw lies between them with probability ``level``, however few draws there are.
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0, method="weibull")
    return low, high


def bootstrap_band(
    problem: Problem, best: Solutions, resamples: Solutions, x: tuple, level: float, observation: bool
) -> Limits:
    """Limits of the law's value at ``x`` (or of a new measurement): the middle of what the resamples predict."""
    known = linearise(problem, best)
    draws = evaluate(problem.law, x, resamples.theta, resamples.coef)
    if observation:
        rng = np.random.default_rng(0)
        noise = rng.standard_normal(draws.shape) * np.sqrt(known.variance)
        noise *= student_scale(known.dof, len(draws), rng)
        if problem.scale == "log":
            value, linear, _ = _prediction(problem, best, x)
            draws = (value - linear) + (draws - (value - linear)) * np.exp(noise)
        else:
            draws = draws + noise
    return percentiles(draws, level, known.dof)


def weights(problem: Problem, best: Solutions, optima: Solutions) -> Float[np.ndarray, " Q"]:
    """How much each value of a searched constant counts: w_q ∝ S_q^(-ν/2), all values being equally likely beforehand.

    ``optima`` are the conditional optima, S_q their objectives; ν are the degrees of freedom left for the noise, whose
    size is unknown (for known noise these would be Akaike weights).
    """
    least = optima.cost.min()
    if least <= 0:
        return (optima.cost <= least) / (optima.cost <= least).sum()
    likelihood = (optima.cost / least) ** (-max(linearise(problem, best).dof, 0) / 2)
    return likelihood / likelihood.sum()


def resample(problem: Problem, best: Solutions, optima: Solutions | None, count: int, seed: int) -> Solutions:
    """``count`` bootstrap refits; with ``optima`` each belongs to a value of the searched constant drawn by weight."""
    if optima is None:
        return refit(problem, best, bootstrap_rows(problem, best, count, seed))
    drawn = np.random.default_rng(seed).choice(len(optima.cost), count, p=weights(problem, best, optima))
    (constant,) = problem.law.grid_constants
    parts = []
    for which, times in zip(*np.unique(drawn, return_counts=True), strict=True):
        known = optima.take([which])
        fixed = replace(problem, law=problem.law.with_values(**{constant.name: [known.theta[0, -1]]}))
        parts.append(refit(fixed, known, bootstrap_rows(problem, known, int(times), seed + int(which))))
    return joined(parts)


def conditional(problem: Problem, states: Solutions, x: tuple) -> tuple[Parts, Parts, PerPart, Column]:
    """Linearised predictions at ``x`` of every solution in ``states``, on the fit's scale: their centres (Q, n),
    variances in units of the noise's (Q, n), the variances of one measurement (Q, 1), and what that scale leaves out
    (n,)."""
    centres, shapes, variances = [], [], []
    for row in range(len(states.cost)):
        state = states.take([row])
        value, linear, derivative = _prediction(problem, state, x)
        known = linearise(problem, state)
        centres.append(np.log(linear) if problem.scale == "log" else value)
        shapes.append(np.maximum(np.einsum("nk,kl,nl->n", derivative, known.shape, derivative), 0))
        variances.append([known.variance])
    offset = value - linear if problem.scale == "log" else np.zeros_like(value)
    return np.array(centres), np.array(shapes), np.array(variances), offset


def averaged_band(
    problem: Problem, best: Solutions, optima: Solutions | None, x: tuple, level: float, observation: bool
) -> Limits:
    """Limits of the law's value at ``x`` (or of a new measurement), averaged over the values of a searched constant.

    The limits cut (1 - level)/2 off the tails of Σ_q w_q T_ν((· - centre_q)/error_q), a mixture of Student's t (model-
    averaged tail areas, Turek & Fletcher 2012); without a searched constant that is the usual linearised band.
    """
    states = best if optima is None else optima
    dof = linearise(problem, best).dof
    weight = np.ones(1) if optima is None else weights(problem, best, optima)
    likely = weight > 1e-6
    centre, shape, variance, offset = conditional(problem, states.take(likely), x)
    error, share = np.sqrt((shape + observation) * variance), weight[likely, None] / weight[likely].sum()
    reach = quantile_t(1 - (1 - level) / 2, dof) * error  # the mixture's limits lie within those of its parts
    tails = [(1 - level) / 2, (1 + level) / 2]
    limits = [_mixture_quantile(tail, share, centre, error, reach, dof) for tail in tails]
    return tuple(offset + np.exp(limit) if problem.scale == "log" else limit for limit in limits)


def _mixture_quantile(tail: float, share: PerPart, centre: Parts, error: Parts, reach: Parts, dof: int) -> Column:
    """Where the mixture of Student's t (parts, n) has the probability ``tail`` below it: (n,), by bisection."""
    low, high = (centre - reach).min(axis=0), (centre + reach).max(axis=0)
    for _ in range(60):
        middle = (low + high) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            below = (share * stdtr(dof, (middle - centre) / error)).sum(axis=0) < tail
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def profile_band(
    problem: Problem, best: Solutions, optima: Solutions | None, x: tuple, level: float, observation: bool
) -> Limits:
    """Limits of the law's value at ``x`` (or of a new measurement) from the linearised profile likelihood.

    A value q of a searched constant may hold as far as its least objective S_q affords beside the least of all, S:

        half² = (v_q + 1 [new measurement]) · (σ² t² - (S_q - S)),

    v_q the prediction's variance with q held, in units of σ². The band is the union over q; without searched constants
    it is the usual linearised one (Bates & Watts 1988, chapters 2 and 6).
    """
    known = linearise(problem, best)
    states = best if optima is None else joined([best, optima])
    centre, shape, _, offset = conditional(problem, states, x)
    left = known.variance * quantile_t(level, known.dof) ** 2 - np.maximum(states.cost - best.cost[0], 0.0)[:, None]
    half = np.sqrt(np.where(left < 0, np.nan, left) * (shape + observation))
    limits = np.fmin.reduce(centre - half), np.fmax.reduce(centre + half)
    return tuple(offset + np.exp(limit) if problem.scale == "log" else limit for limit in limits)


def _prediction(problem: Problem, state: Solutions, x: tuple) -> tuple[Column, Column, Float[np.ndarray, "n k"]]:
    """At ``x``: the law's value (n,), its part Σ c φ (n,), and the derivative (n, k + p) on the fit's scale, in natural
    units."""
    units = Units.of(problem)
    x, state = units.columns(x), units.inward(state)
    linear, derivative = (part[0] for part in derivatives(problem.law, x, state.theta, state.coef))
    value = evaluate(problem.law, x, state.theta, state.coef)[0]
    return value * units.y, linear * units.y, derivative / linear[:, None] if problem.scale == "log" else derivative
