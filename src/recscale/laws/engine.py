"""From a problem to its global optimum: grid, polish, and the refinement of constants that are tried from a list."""

import numpy as np

from recscale.laws.polish import polish
from recscale.laws.varpro import Problem, State, grid_of, resolve, search, thinned

STARTS = 64  # local minima of the search grid that are polished
FIRST_LOOK = 20  # iterations after which only the ``FINALISTS`` best starts go on
FINALISTS = 8
RESTARTS = 2  # grid minima polished in a refit, besides the solution on all data
REFIT_ITERATIONS = 60
SCATTERED = 64  # starts spread over the whole grid, to say how easy the optimum is to miss
AGREEMENT = 1e-3  # a start agrees when its objective is within this share of the best


def solve(problem: Problem, weights: np.ndarray) -> State:
    """The global optimum under each row of ``weights`` (B, n): a State of B solutions."""
    row, found = search(problem, weights, STARTS, each_listed=True)
    row, found = _triage(row, polish(problem, found, weights[row], FIRST_LOOK))
    best = best_of(row, polish(problem, found, weights[row]), len(weights))
    return _refine(problem, best, weights) if thinned(problem.law) else best


def resolve_many(problem: Problem, weights: np.ndarray, known: State) -> State:
    """Refits under many rows of weights (resamples, left-out sizes): few starts each, the solution on all data among them."""
    row, found = search(problem, weights, RESTARTS, each_listed=False)
    row, found = (
        np.concatenate([row, np.arange(len(weights))]),
        _join(found, known.take(np.zeros(len(weights), dtype=int))),
    )
    return best_of(row, polish(problem, found, weights[row], REFIT_ITERATIONS), len(weights))


def _triage(row: np.ndarray, state: State) -> tuple[np.ndarray, State]:
    """The ``FINALISTS`` cheapest starts of every row."""
    order = np.lexsort((state.cost, row))
    rank = np.arange(len(row)) - np.searchsorted(row[order], row[order])
    keep = order[rank < FINALISTS]
    return row[keep], state.take(keep)


def best_of(row: np.ndarray, state: State, rows: int) -> State:
    """The cheapest solution of every row."""
    order = np.lexsort((state.cost, row))
    return state.take(order[np.searchsorted(row[order], np.arange(rows))])


def agreement(problem: Problem, best: State, weights: np.ndarray) -> tuple[float, State]:
    """The share of scattered starts that reach ``best`` (one solution, its listed constants kept), and the best of all of them."""
    k = len(problem.law.nonlinear)
    if k == 0:
        return 1.0, best
    theta = np.repeat(best.theta, SCATTERED, axis=0)
    for position, axis in enumerate(grid_of(problem)[:k]):
        # An additive recurrence with irrational steps (powers of the plastic number) fills a box evenly, whatever its
        # dimension.
        fraction = (0.5 + np.arange(1, SCATTERED + 1) * 1.32471795724474602596 ** -(position + 1)) % 1.0
        theta[:, position] = np.interp(fraction, np.linspace(0, 1, len(axis)), axis)
    many = np.repeat(weights, SCATTERED, axis=0)
    start = State(theta, resolve(problem, theta, many), np.full(SCATTERED, np.inf))
    ends = _join(polish(problem, start, many, REFIT_ITERATIONS), best)
    winner = best_of(np.zeros(SCATTERED + 1, dtype=int), ends, 1)
    floor = 1e-20 * float((weights * problem.target**2).sum())
    return float((ends.cost[:-1] <= winner.cost * (1 + AGREEMENT) + floor).mean()), winner


def _join(first: State, second: State) -> State:
    return State(*(np.concatenate([getattr(first, f), getattr(second, f)]) for f in ("theta", "coef", "cost")))


def _refine(problem: Problem, best: State, weights: np.ndarray) -> State:
    """Sweep each listed constant over all its values from the best solution so far, until no sweep improves it."""
    k = len(problem.law.nonlinear)
    while True:
        before = best.cost
        for position, constant in enumerate(problem.law.listed):
            values = np.asarray(constant.values)
            row = np.repeat(np.arange(len(weights)), len(values))
            start = best.take(row)
            start.theta[:, k + position] = np.tile(values, len(weights))
            tried = polish(problem, start, weights[row])
            best = best_of(np.concatenate([np.arange(len(weights)), row]), _join(best, tried), len(weights))
        if (best.cost >= before * (1 - 1e-9)).all():
            return best
