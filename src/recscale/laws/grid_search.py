"""Variable projection: for fixed nonlinear parameters the best coefficients are a linear solve, so only ``θ`` is
searched.

The Gram matrices of every node of the search grid under every resample come out of one matrix product.
"""

from itertools import chain, combinations, product

import numpy as np
from jaxtyping import Bool, Float, Int

from recscale.laws.law import Law
from recscale.laws.problem import Problem, Rows, columns, split_values

TINY = 1e-250  # squares below this are underflow
PIVOT = 1e-11  # a column whose remainder is below this share of itself is a combination of the columns before it
COMBINATIONS = 128  # with more combinations of grid constants than this, only some are put on the grid
THINNED = 36  # combinations that are left then
BATCH = 200_000  # numbers an array of the grid search may hold at a time: what fits the processor's cache


def grid_of(problem: Problem) -> tuple[Float[np.ndarray, " _"], ...]:
    """The search's axes: nodes of each nonlinear parameter, then values of each grid constant (thinned if many)."""
    law, points = problem.law, problem.points
    axes = []
    for parameter in law.nonlinear:
        nodes = parameter.nodes(points.x, points.y) if callable(parameter.nodes) else parameter.nodes
        axes.append(np.asarray(nodes, dtype=float))
    lists = [np.asarray(constant.values, dtype=float) for constant in law.grid_constants]
    if thinned(law):
        keep = max(2, int(THINNED ** (1 / len(lists))))
        lists = [v[np.unique(np.geomspace(1, len(v), keep).round().astype(int) - 1)] for v in lists]
    return (*axes, *lists)


def thinned(law: Law) -> bool:
    """Whether the grid constants have too many combinations to put all of them on the search grid."""
    return int(np.prod([len(constant.values) for constant in law.grid_constants], initial=1)) > COMBINATIONS


def search_grid(problem: Problem, rows: Rows, starts: int) -> tuple[Int[np.ndarray, " S"], Float[np.ndarray, "S K"]]:
    """Where to start: the row of ``rows`` and the θ of the ``starts`` lowest nodes at every grid value.

    The nodes are local minima of the projected objective on the grid; of the grid constants none is dropped here,
    because their objectives lie close together. On the log scale the projected objective is that of relative errors,
    which only ranks the starts.
    """
    axes = grid_of(problem)
    grams = _Grams(problem, axes)
    piece = max(1, BATCH // max(grams.size, 1))
    row, node = [], []
    own = grams.own(rows) if len(rows.weights) == 1 and problem.scale == "y" else None  # the same for every piece
    for first in range(0, len(rows), piece):
        part = rows.take(slice(first, first + piece))
        cost = solve_gram(*grams.under(part, own), problem.law)
        cost = np.broadcast_to(cost, (len(part), *(len(axis) for axis in axes)))
        best = _lowest(problem.law, cost, starts)
        row.append(np.repeat(np.arange(len(part)), best.shape[1]) + first)
        node.append(best.reshape(-1))
    index = np.unravel_index(np.concatenate(node), tuple(len(axis) for axis in axes)) if axes else ()
    theta = np.empty((sum(map(len, row)), len(axes)))
    for k, axis in enumerate(axes):
        theta[:, k] = axis[index[k]]
    return np.concatenate(row), theta


def _lowest(law: Law, cost: Float[np.ndarray, "B ..."], starts: int) -> Int[np.ndarray, "B S"]:
    """Flat indices (B, starts × grid values) of the lowest local minima at every grid value."""
    lists = int(np.prod(cost.shape[1 + len(law.nonlinear) :], initial=1))
    if starts == 1:
        best = cost.reshape(len(cost), -1, lists).argmin(axis=1)[:, None, :]
    else:
        flat = np.where(_local_minima(cost, len(law.nonlinear)), cost, np.inf).reshape(len(cost), -1, lists)
        keep = min(starts, flat.shape[1])
        best = np.argpartition(flat, keep - 1, axis=1)[:, :keep, :]
    return (best * lists + np.arange(lists)).reshape(len(cost), -1)


class _Grams:
    """Products of the basis columns (and the offset) on an open grid: each keeps only the axes it depends on."""

    def __init__(self, problem: Problem, axes: tuple[Float[np.ndarray, " _"], ...]):
        law, x, n = problem.law, problem.points.x, len(problem.points)
        # Value k has the shape (1, …, len_k, …, 1, 1), the last axis being the points.
        values = tuple(a.reshape((1,) * k + (-1,) + (1,) * (len(axes) - k)) for k, a in enumerate(axes))
        self.size = int(np.prod([len(axis) for axis in axes], initial=1))
        self.relative = problem.scale == "log"
        self.p = len(law.linear)
        with np.errstate(over="ignore"):
            parts = [np.asarray(part, dtype=float) for part in law.basis(x, values)]
            if problem.scale == "y" and law.offset is not None:
                parts.append(np.asarray(law.offset(x, values)))
        parts = [part.reshape((1,) * (len(axes) + 1 - part.ndim) + part.shape) for part in parts]
        self.parts = [np.broadcast_to(part, (*part.shape[:-1], n)) for part in parts]
        self.products = {(i, j): self.parts[i] * self.parts[j] for i in range(len(parts)) for j in range(i + 1)}

    def own(self, rows: Rows) -> dict[tuple[int, int], np.ndarray]:
        """Weighted sums of all products, (B or 1, grid…): they depend on the weights alone (on the y scale)."""
        weights = rows.weights * rows.target**-2.0 if self.relative else rows.weights
        return {ij: _sum(value, weights) for ij, value in self.products.items()}

    def under(self, rows: Rows, own: dict | None = None) -> tuple[dict[tuple[int, int], np.ndarray], np.ndarray]:
        """Gram entries (i, j), j <= i, and the squared target, under every data set: (B or 1, grid…) each.

        The row i = p holds the products with the target less the offset.
        """
        own, p = self.own(rows) if own is None else own, self.p
        weights = rows.weights * rows.target**-2.0 if self.relative else rows.weights
        moments = weights * rows.target
        squares = (moments * rows.target).sum(axis=1).reshape(-1, *(1,) * (self.parts[0].ndim - 1))
        gram = {(i, j): value for (i, j), value in own.items() if i < p}
        gram |= {(p, j): _sum(self.parts[j], moments) for j in range(p)}
        if len(self.parts) > p:
            for j in range(p):
                gram[p, j] = gram[p, j] - own[p, j]
            squares = squares - 2 * _sum(self.parts[p], moments) + own[p, p]
        return gram, squares


def _sum(values: Float[np.ndarray, "... n"], weights: Float[np.ndarray, "B n"]) -> Float[np.ndarray, "B ..."]:
    """Σ_n weights (B, n) × values (grid…, n): (B, grid…)."""
    return (weights @ values.reshape(-1, values.shape[-1]).T).reshape(len(weights), *values.shape[:-1])


def _local_minima(cost: Float[np.ndarray, "B ..."], searched: int) -> Bool[np.ndarray, "B ..."]:
    """Where no neighbour along the first ``searched`` grid axes (after the batch axis) is lower."""
    low = np.isfinite(cost)
    for axis in range(1, searched + 1):
        with np.errstate(invalid="ignore"):  # infinite where no coefficients are feasible
            step = np.diff(cost, axis=axis)
        ahead = [slice(None)] * cost.ndim
        behind = [slice(None)] * cost.ndim
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        low[tuple(ahead)] &= ~(step > 0)
        low[tuple(behind)] &= ~(step < 0)
    return low


def solve_gram(gram: dict, squares: np.ndarray, law: Law) -> np.ndarray:
    """The least remaining sum of squares at every node, coefficients bounded by 0 where the law says so: (B, grid…).

    A bounded problem of a few coefficients is solved exactly by trying every set of coefficients held at 0.
    """
    p = len(law.linear)
    bounded = [j for j in range(p) if law.linear[j].lower == 0]
    best = None
    for at_zero in chain.from_iterable(combinations(bounded, k) for k in range(len(bounded) + 1)):
        # Columns that depend on the fewest axes go first: their part of the work is done on those axes alone.
        free = sorted((j for j in range(p) if j not in at_zero), key=lambda j: gram[j, j].size)
        cost, coef = _eliminate(gram, squares, free, p, [j for j in bounded if j not in at_zero])
        feasible = np.isfinite(cost)
        for value in coef.values():
            feasible = feasible & (value >= 0)
        cost = np.where(feasible, cost, np.inf)
        best = cost if best is None else np.minimum(best, cost)
        if not at_zero and feasible.all():
            break
    return best


def _eliminate(gram: dict, squares: np.ndarray, free: list[int], target: int, wanted: list[int]) -> tuple:
    """Symmetric elimination of the ``free`` columns: the remaining sum of squares, and the coefficients ``wanted``.

    A column that is a combination of earlier ones (pivot below ``PIVOT`` of its own square) gets the coefficient 0.
    """
    order = [*free, target]
    work = {(i, j): gram[max(i, j), min(i, j)] for k, j in enumerate(free) for i in order[k:]}
    rest, inverse = squares, {}
    for k, pivot in enumerate(free):
        value = work[pivot, pivot]
        alive = value > np.maximum(PIVOT * gram[pivot, pivot], TINY)
        inverse[pivot] = np.where(alive, 1.0, 0.0) / np.where(alive, value, 1.0)
        for at, j in enumerate(free[k + 1 :], start=k + 1):
            factor = work[j, pivot] * inverse[pivot]
            for i in order[at:]:
                work[i, j] = work[i, j] - factor * work[i, pivot]
        rest = rest - work[target, pivot] ** 2 * inverse[pivot]
    coef: dict[int, np.ndarray] = {}
    for k in reversed(range(len(free))) if wanted else ():
        pivot = free[k]
        value = work[target, pivot]
        for later in free[k + 1 :]:
            value = value - work[later, pivot] * coef[later]
        coef[pivot] = value * inverse[pivot]
    return np.maximum(rest, 0.0), {j: coef[j] for j in wanted}


def resolve(problem: Problem, theta: Float[np.ndarray, "B K"], rows: Rows) -> Float[np.ndarray, "B p"]:
    """The best coefficients at ``theta`` by orthogonal factorisation, bounds honoured: (B, p).

    Exact for squares on the y scale; on the log scale it minimises relative errors, which is where a refinement starts.
    """
    law, x = problem.law, problem.points.x
    target, weights = rows.target, rows.weights
    if problem.scale == "log":
        weights = weights / target**2
    elif law.offset is not None:
        target = target - law.offset(x, split_values(theta))
    root = np.sqrt(weights)
    with np.errstate(over="ignore", invalid="ignore"):
        basis = columns(law, x, theta) * root[..., None]
    basis[~np.isfinite(basis).all(axis=(1, 2))] = 0.0  # the caller will find the cost infinite and step back
    target = target * root
    coef = _orthogonal(basis, target)
    bounded = [j for j, c in enumerate(law.linear) if c.lower == 0]
    broken = (coef[:, bounded] < 0).any(axis=1)
    if broken.any():
        coef[broken] = _bounded(basis[broken], target[broken], bounded)
    return coef


def _orthogonal(basis: Float[np.ndarray, "B n p"], target: Float[np.ndarray, "B n"]) -> Float[np.ndarray, "B p"]:
    """Batched least squares by QR of the scaled columns; the minimum-norm solution where they are dependent."""
    norms = np.linalg.norm(basis, axis=1)
    norms = np.where(norms > 0, norms, 1.0)
    q, r = np.linalg.qr(basis / norms[:, None, :])
    projected = (q.swapaxes(1, 2) @ target[..., None])[..., 0]
    diagonal = np.abs(np.diagonal(r, axis1=1, axis2=2))
    weak = diagonal.min(axis=1) <= 1e-12 if diagonal.shape[1] else np.zeros(len(basis), dtype=bool)
    coef = np.empty_like(projected)
    if not weak.all():
        coef[~weak] = np.linalg.solve(r[~weak], projected[~weak, :, None])[..., 0]
    if weak.any():
        coef[weak] = (np.linalg.pinv(r[weak], rcond=1e-12) @ projected[weak, :, None])[..., 0]
    return coef / norms


def _bounded(
    basis: Float[np.ndarray, "B n p"], target: Float[np.ndarray, "B n"], bounded: list[int]
) -> Float[np.ndarray, "B p"]:
    """The least-squares coefficients with those of ``bounded`` at least 0: the best of every set held at 0."""
    p = basis.shape[2]
    best, best_cost = np.zeros((len(basis), p)), np.full(len(basis), np.inf)
    for at_zero in product((False, True), repeat=len(bounded)):
        out = [j for j, h in zip(bounded, at_zero, strict=True) if h]
        free = [j for j in range(p) if j not in out]
        coef = np.zeros((len(basis), p))
        if free:
            coef[:, free] = _orthogonal(basis[:, :, free], target)
        cost = ((target - (basis @ coef[..., None])[..., 0]) ** 2).sum(axis=1)
        cost = np.where((coef[:, bounded] >= 0).all(axis=1), cost, np.inf)
        better = cost < best_cost
        best[better], best_cost[better] = coef[better], cost[better]
    return best
