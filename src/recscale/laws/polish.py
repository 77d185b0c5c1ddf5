"""The last digits: from a refined solution to the stationary point, by Newton's method.

Levenberg–Marquardt stops where the objective can no longer be told from its least value. A parameter is then known to
half the digits it could have, because the objective is flat there. The gradient isn't: its zero gives them all.
"""

import numpy as np
from jaxtyping import Float, Int

from recscale.laws.points import Column
from recscale.laws.problem import Problem, Rows, Solutions, joined
from recscale.laws.refine import bounds, jacobian

_STEPS = 20
SHIFT = 1e-5  # relative, of the central difference
_EXACT = 1e-12  # residuals of this share of y are rounding, and their gradient says nothing


def polish(problem: Problem, found: Solutions, rows: Rows) -> Solutions:
    """Each of ``found`` taken to its stationary point, parameters at a bound held; steps must shrink the gradient."""
    return joined([_polish(problem, found.take([row]), rows.take([row])) for row in range(len(rows))])


def _polish(problem: Problem, here: Solutions, rows: Rows) -> Solutions:
    if not (_EXACT * problem.unit) ** 2 * rows.weights.sum() < here.cost[0] < np.inf:
        return here
    lower, upper = bounds(problem)
    slopes, norms = _slopes(problem, here, rows)
    z = _values(problem, here)
    free = np.flatnonzero((z > lower) & (z < upper) & (norms > 0))
    if not len(free):
        return here
    for _ in range(_STEPS):
        move = _newton(problem, here, rows, free)
        if move is None:
            break
        z = _values(problem, here)
        z[free] = np.clip(z[free] + move, lower[free], upper[free])
        there = _placed(problem, here, z, rows)
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


def _placed(problem: Problem, at: Solutions, z: Float[np.ndarray, " k"], rows: Rows) -> Solutions:
    theta, coef = _split(problem, at, z)
    residuals, _ = jacobian(problem, rows, theta, coef)
    return Solutions(theta, coef, problem.cost(residuals, rows.weights))
