"""From a problem to its global optimum: grid search, refinement, a sweep over grid constants with many values, and the
last digits."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from recscale.laws.grid_search import grid_of, search_grid, thinned
from recscale.laws.points import Column
from recscale.laws.problem import Problem, Rows, Solutions, joined, natural
from recscale.laws.refine import bounds, jacobian, refine

_STARTS = 64  # local minima of the search grid that are refined
LEAST_STARTS = 8  # at every value of a grid constant
FIRST_LOOK = {"squares": 12, "huber": 40}  # iterations after which only the ``FINALISTS`` best starts go on
FINALISTS = 12
GLANCE = 4  # the same for refits, which start closer
REFIT_FINALISTS = 3
REFIT_ITERATIONS = 60
SCATTERED = 32  # starts spread over the whole grid, to say how easy the optimum is to miss
SCATTERED_ITERATIONS = 200
AGREEMENT = 1e-3  # a start agrees when its objective is within this share of the best
TIED = 1e-12  # objectives within this share are equal but for rounding
_EXACT = 1e-10  # and where residuals of this share of y are left: the fit is exact
NEWTON_STEPS = 20
SHIFT = 1e-5  # relative, of the central difference
_ROUNDED = 1e-12  # residuals of this share of y are rounding, and their gradient says nothing
REFITTED = 500  # groups of points that are left out by refitting, one by one
PIECE = 12_000  # points of all data sets refitted together: what fits the processor's cache


def solve(problem: Problem, rows: Rows) -> Solutions:
    """The global optimum for every data set of ``rows``: B solutions."""
    units, problem = natural(problem)
    rows = units.rows(rows)
    values = int(np.prod([len(axis) for axis in grid_of(problem)[len(problem.law.nonlinear) :]], initial=1))
    row, theta = search_grid(problem, rows, max(LEAST_STARTS, _STARTS // values))
    row, candidates = _triage(row, refine(problem, theta, rows.take(row), FIRST_LOOK[problem.loss]), FINALISTS)
    best = best_of(row, refine(problem, candidates.theta, rows.take(row), coef=candidates.coef), len(rows))
    best = _sweep(problem, best, rows) if thinned(problem.law) else best
    return units.outward(polish(problem, best, rows))


def conditional_optima(problem: Problem) -> Solutions:
    """The optimum at every value of the law's only grid constant, in the order of its values: Q solutions.

    ValueError for a law with none or several.
    """
    if len(problem.law.grid_constants) != 1:
        raise ValueError(
            f"{problem.law.name} has {len(problem.law.grid_constants)} grid constants; this takes laws with one"
        )
    units, problem = natural(problem)
    row, theta = search_grid(problem, problem.rows(), 3)
    values = list(problem.law.grid_constants[0].values)
    which = np.array([values.index(value) for value in theta[:, -1]])
    return units.outward(best_of(which, refine(problem, theta, problem.rows().take(row)), len(values)))


def refit(problem: Problem, known: Solutions, rows: Rows) -> Solutions:
    """Refits to many variants of the data (resamples, left-out sizes), from the best nodes and the known solution.

    Grid constants with too many combinations for the grid keep their known values.
    """
    if thinned(problem.law):
        k = len(problem.law.nonlinear)
        values = {c.name: [known.theta[0, k + j]] for j, c in enumerate(problem.law.grid_constants)}
        problem = replace(problem, law=problem.law.with_values(**values))
    units, problem = natural(problem)
    known, rows = units.inward(known), units.rows(rows)
    step, parts = max(1, PIECE // len(problem.points)), []
    for first in range(0, len(rows), step):
        part = rows.take(slice(first, first + step))
        row, theta = search_grid(problem, part, 1)
        row = np.concatenate([row, np.arange(len(part))])
        theta = np.concatenate([theta, np.repeat(known.theta, len(part), axis=0)])
        row, candidates = _triage(row, refine(problem, theta, part.take(row), GLANCE), REFIT_FINALISTS)
        done = refine(problem, candidates.theta, part.take(row), REFIT_ITERATIONS, candidates.coef)
        parts.append(best_of(row, done, len(part)))
    return units.outward(joined(parts))


def without(problem: Problem, known: Solutions, groups: Int[np.ndarray, " n"]) -> Solutions:
    """The solutions without each group of points in turn; ``groups`` (n,) numbers them from 0.

    Above ``REFITTED`` groups, where refits would take n² steps, one Gauss–Newton step from ``known`` stands for each:
    exact where the law is linear, off by O(1/n²) elsewhere. Its cost is nan.
    """
    count = int(groups.max()) + 1
    if count <= REFITTED:
        weights = (groups[None, :] != np.arange(count)[:, None]).astype(float)
        return refit(problem, known, problem.rows(weights))
    units, problem = natural(problem)
    known, k = units.inward(known), len(problem.law.nonlinear)
    residuals, derivative = (part[0] for part in jacobian(problem, problem.rows(), known.theta, known.coef))
    slope = curvature = np.ones(len(residuals))
    if problem.loss == "huber":
        curvature = (np.abs(residuals) <= problem.delta).astype(float)
        slope = np.minimum(1.0, problem.delta / np.maximum(np.abs(residuals), problem.delta))
    here, (lower, upper) = np.concatenate([known.theta[0, :k], known.coef[0]]), bounds(problem)
    size = np.linalg.norm(derivative, axis=0)
    size = np.where((here > lower) & (here < upper) & (size > 0), size, np.inf)
    scaled, order = derivative / size, np.argsort(groups, kind="stable")
    first = np.searchsorted(groups[order], np.arange(count))
    own = np.add.reduceat((curvature[:, None, None] * scaled[:, :, None] * scaled[:, None, :])[order], first)
    pull = np.add.reduceat(((slope * residuals)[:, None] * scaled)[order], first)
    inverse = np.linalg.pinv(own.sum(axis=0) - own, rcond=1e-14, hermitian=True)
    moved = np.clip(here + (inverse @ (pull.sum(axis=0) - pull)[..., None])[..., 0] / size, lower, upper)
    theta = np.concatenate([moved[:, :k], np.repeat(known.theta[:, k:], count, axis=0)], axis=1)
    return units.outward(Solutions(theta, moved[:, k:], np.full(count, np.nan)))


def best_of(row: Int[np.ndarray, " S"], solutions: Solutions, rows: int) -> Solutions:
    """The cheapest solution of every row; of equals (terms that may change places) the one with the least θ."""
    least = np.full(rows, np.inf)
    np.minimum.at(least, row, solutions.cost)
    behind = solutions.cost > least[row] * (1 + TIED)
    order = np.lexsort((solutions.cost, *solutions.theta.round(3).T[::-1], behind, row))
    return solutions.take(order[np.searchsorted(row[order], np.arange(rows))])


def share_of_agreeing_starts(problem: Problem, best: Solutions) -> tuple[float, float]:
    """The share of scattered starts, grid constants kept, that reach ``best``; and the lowest objective of all."""
    k = len(problem.law.nonlinear)
    if k == 0:
        return 1.0, float(best.cost[0])
    units, problem = natural(problem)
    best = units.inward(best)
    theta = np.repeat(best.theta, SCATTERED, axis=0)
    for position, axis in enumerate(grid_of(problem)[:k]):
        # An additive recurrence with irrational steps (powers of the plastic number) fills a box evenly.
        fraction = (0.5 + np.arange(1, SCATTERED + 1) * 1.32471795724474602596 ** -(position + 1)) % 1.0
        theta[:, position] = np.interp(fraction, np.linspace(0, 1, len(axis)), axis)
    rows = problem.rows().take(np.zeros(SCATTERED, dtype=int))
    cost = refine(problem, theta, rows, SCATTERED_ITERATIONS).cost
    lowest = min(float(cost.min()), float(best.cost[0]))
    near = cost <= lowest * (1 + AGREEMENT) + (_EXACT * problem.unit) ** 2 * len(problem.points)
    return float(near.mean()), lowest * units.squared


def _triage(
    row: Int[np.ndarray, " S"], solutions: Solutions, finalists: int
) -> tuple[Int[np.ndarray, " T"], Solutions]:
    """The ``finalists`` cheapest starts of every row."""
    order = np.lexsort((solutions.cost, row))
    rank = np.arange(len(row)) - np.searchsorted(row[order], row[order])
    keep = order[rank < finalists]
    return row[keep], solutions.take(keep)


def _sweep(problem: Problem, best: Solutions, rows: Rows) -> Solutions:
    """Sweep each grid constant over all its values from the best solution so far, until no sweep improves it."""
    k, every = len(problem.law.nonlinear), np.arange(len(rows))
    while True:
        before = best.cost
        for position, constant in enumerate(problem.law.grid_constants):
            row = np.repeat(every, len(constant.values))
            theta = best.theta[row]
            theta[:, k + position] = np.tile(constant.values, len(rows))
            tried = refine(problem, theta, rows.take(row), REFIT_ITERATIONS)
            best = best_of(np.concatenate([every, row]), joined([best, tried]), len(rows))
        if (best.cost >= before * (1 - 1e-9)).all():
            return best


def polish(problem: Problem, found: Solutions, rows: Rows) -> Solutions:
    """Each of ``found`` taken to its stationary point by Newton's method, parameters at a bound held.

    Levenberg–Marquardt stops where the objective can no longer be told from its least value. A parameter is then known
    to half the digits it could have, because the objective is flat there. The gradient isn't: its zero gives them all.
    Steps must shrink it.
    """
    return joined([_polish(problem, found.take([row]), rows.take([row])) for row in range(len(rows))])


def _polish(problem: Problem, here: Solutions, rows: Rows) -> Solutions:
    if not (_ROUNDED * problem.unit) ** 2 * rows.weights.sum() < here.cost[0] < np.inf:
        return here
    lower, upper = bounds(problem)
    slopes, norms = _slopes(problem, here, rows)
    z = _values(problem, here)
    free = np.flatnonzero((z > lower) & (z < upper) & (norms > 0))
    if not len(free):
        return here
    for _ in range(NEWTON_STEPS):
        move = _newton(problem, here, rows, free)
        if move is None:
            break
        z = _values(problem, here)
        z[free] = np.clip(z[free] + move, lower[free], upper[free])
        theta, coef = _split(problem, here, z)
        there = Solutions(theta, coef, problem.cost(jacobian(problem, rows, theta, coef)[0], rows.weights))
        moved, sizes = _slopes(problem, there, rows)
        shrinks = np.abs(moved[free] / sizes[free]).max() < np.abs(slopes[free] / norms[free]).max()
        if not (shrinks and there.cost[0] <= here.cost[0] * (1 + 1e-9)):
            break
        here, slopes, norms = there, moved, sizes
    return here


def _newton(
    problem: Problem, here: Solutions, rows: Rows, free: Int[np.ndarray, " m"]
) -> Float[np.ndarray, " m"] | None:
    """The step of the parameters ``free``; None where the objective isn't convex.

    The second derivatives are exact but for their part Σ ψ ∂²r, a central difference of exact slopes.
    """
    residuals, derivative = (part[0] for part in jacobian(problem, rows, here.theta, here.coef))
    influence, inner = _influence(problem, residuals)
    influence, inner = influence * rows.weights[0], inner * rows.weights[0]
    derivative = derivative[:, free]
    norms = np.linalg.norm(derivative, axis=0)
    z = _values(problem, here)
    bent = np.empty((len(free), len(free)))
    for column, j in enumerate(free):
        shift = SHIFT * (abs(z[j]) or problem.unit / norms[column])
        ends = []
        for side in (shift, -shift):
            theta, coef = _split(problem, here, z + side * (np.arange(len(z)) == j))
            ends.append(influence @ jacobian(problem, rows, theta, coef)[1][0][:, free])
        bent[:, column] = (ends[0] - ends[1]) / (2 * shift)
    matrix = ((derivative * inner[:, None]).T @ derivative - (bent + bent.T) / 2) / np.outer(norms, norms)
    try:
        np.linalg.cholesky(matrix)
        return np.linalg.solve(matrix, influence @ derivative / norms) / norms
    except np.linalg.LinAlgError:
        return None


def _slopes(problem: Problem, at: Solutions, rows: Rows) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Minus half the gradient by (θ, c), and the length of each column of the Jacobian."""
    residuals, derivative = (part[0] for part in jacobian(problem, rows, at.theta, at.coef))
    return (_influence(problem, residuals)[0] * rows.weights[0]) @ derivative, np.linalg.norm(derivative, axis=0)


def _influence(problem: Problem, residuals: Column) -> tuple[Column, Column]:
    """Half of ρ′ and half of ρ″ of every residual."""
    if problem.loss == "squares":
        return residuals, np.ones_like(residuals)
    return np.clip(residuals, -problem.delta, problem.delta), (np.abs(residuals) <= problem.delta).astype(float)


def _values(problem: Problem, at: Solutions) -> Float[np.ndarray, " k"]:
    return np.concatenate([at.theta[0, : len(problem.law.nonlinear)], at.coef[0]])


def _split(
    problem: Problem, at: Solutions, z: Float[np.ndarray, " k"]
) -> tuple[Float[np.ndarray, "1 K"], Float[np.ndarray, "1 p"]]:
    k = len(problem.law.nonlinear)
    return np.concatenate([z[:k], at.theta[0, k:]])[None, :], z[None, k:]
