"""Simulations with a known truth that show how a fit goes wrong, and how to see it: tables for "Fitting honestly".

Nothing here is needed to fit well; ``recscale.laws`` is. These are the bad habits, each isolated so that it can be
measured: a stopping rule that depends on the unit of the loss, one start, too short a range, parameters that the
points can't tell apart, one seed.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import OptimizeWarning, curve_fit, minimize
from scipy.special import huber

from recscale import laws
from recscale.analysis.shape_fits import law_at
from recscale.laws import Fit
from recscale.laws.fit import symbols_of
from recscale.laws.problem import evaluate
from recscale.plans.profiles import Profiles
from recscale.stats.estimate import wilson

CHINCHILLA = {"E": 1.8172, "A": 482.01, "B": 2085.43, "α": 0.3478, "β": 0.3658}
"""Besiroglu et al.'s refit of the Chinchilla law (arXiv 2404.10102): the truth of the simulations with N and D."""

FLOOR = {"E": 0.44, "A": 0.025, "α": 0.25}
"""A log loss against relative compute, of the size CTR models show: the truth of the simulations with one variable."""

HUBER = 1e-3
_STARTS = (  # (ln A, ln B, ln E, α, β): five of the 4,500 corners of Hoffmann et al.'s start grid, good and bad
    (5.0, 5.0, 0.5, 0.5, 0.5),
    (10.0, 10.0, 0.5, 1.0, 1.0),
    (20.0, 20.0, 0.0, 1.5, 1.5),
    (0.0, 0.0, 0.0, 0.0, 0.0),
    (5.0, 10.0, 1.0, 0.5, 0.5),
)


@dataclass(frozen=True)
class Size:
    """How much to simulate.

    ``grid``: sizes in N and D; ``resamples`` of the bootstrap; ``repeats`` of an experiment; ``simulations`` behind a
    coverage; ``q1``: the values tried of the searched constant; ``data_starts``: where the search for D starts;
    ``spans``: decades whose coverage is counted.
    """

    grid: tuple[int, int]
    resamples: int
    repeats: int
    simulations: int
    q1: tuple[int, ...] = (2, 4, 8, 12, 16, 20, 24, 32)
    data_starts: tuple[float, ...] = (0.03, 0.1, 5.0, 8.0, 50.0, 200.0)
    spans: tuple[float, ...] = (0.5, 1.0, 1.5, 2.0)


def size(profile: str) -> Size:
    """The sizes of a profile: "smoke" (seconds), "quick" (under half a minute) or "full" (minutes)."""
    smoke, quick = Size((6, 4), 50, 5, 10, (4, 12), (0.1, 5.0), (0.5,)), Size((12, 10), 400, 100, 400)
    return Profiles(smoke, quick, full=Size((16, 15), 4000, 1000, 2000))[profile]


def chinchilla_points(grid: tuple[int, int], noise: float, seed: int) -> pd.DataFrame:
    """Losses of the Chinchilla truth on a grid of parameters N and tokens D, with log-normal noise: ``N, D, loss``."""
    counts = np.geomspace(5e7, 1.5e10, grid[0]), np.geomspace(3e9, 5e11, grid[1])
    n, d = (axis.ravel() for axis in np.meshgrid(*counts))
    wobble = np.random.default_rng(seed).standard_normal(len(n))
    return pd.DataFrame({"N": n, "D": d, "loss": _chinchilla(n, d) * np.exp(noise * wobble)})


def _chinchilla(n, d):
    return CHINCHILLA["E"] + CHINCHILLA["A"] / n ** CHINCHILLA["α"] + CHINCHILLA["B"] / d ** CHINCHILLA["β"]


def recovered(fit: Fit, truth: dict[str, float]) -> pd.DataFrame:
    """A fit and its known truth: ``truth, fitted, low, high, relative error, covered`` by symbol."""
    table = pd.DataFrame({"truth": truth, "fitted": fit.parameters})
    table[["low", "high"]] = [fit.intervals[name] for name in table.index]
    table["relative error"] = table["fitted"] / table["truth"] - 1
    return table.assign(covered=(table["low"] <= table["truth"]) & (table["truth"] <= table["high"]))


def _huber_objective(points: pd.DataFrame):
    """(ln A, ln B, ln E, α, β) -> Huber's loss of the log residuals, summed, and its gradient (log-sum-exp form)."""
    log_n, log_d, log_y = (np.log(points[name].to_numpy()) for name in ("N", "D", "loss"))

    def objective(p: np.ndarray) -> tuple[float, np.ndarray]:
        terms = np.stack([p[0] - p[3] * log_n, p[1] - p[4] * log_d, np.full(len(log_y), p[2])])
        fitted = np.logaddexp.reduce(terms)
        residual = fitted - log_y
        pull = np.clip(residual, -HUBER, HUBER) * np.exp(terms - fitted)
        gradient = [*pull.sum(axis=1), -(pull[0] * log_n).sum(), -(pull[1] * log_d).sum()]
        return float(huber(HUBER, residual).sum()), np.array(gradient)

    return objective


def early_stopping(points: pd.DataFrame, factors: Sequence[float], best: Fit) -> pd.DataFrame:
    """The same problem and starts, the objective multiplied by each of ``factors``, SciPy's default tolerances.

    A factor changes no optimum, only where the default rule stops. ``factors`` are relative to the *sum* over the
    points, so ``1 / len(points)`` is the mean. One row per factor and start: ``converged`` as SciPy reports it,
    ``iterations``, ``objective`` relative to that of ``best`` (Huber's loss), and the reported E, α and β.
    """
    objective, found = _huber_objective(points), best.parameters
    logs = [np.log(found[name]) for name in ("A", "B", "E")]
    optimum, _ = objective(np.array([*logs, found["α"], found["β"]]))
    rows = []
    for factor, (index, start) in product(factors, enumerate(_STARTS, 1)):
        scaled = minimize(
            lambda p, s=factor: tuple(s * part for part in objective(p)), start, jac=True, method="L-BFGS-B"
        )
        _, _, log_e, *exponents = scaled.x
        ratio = objective(scaled.x)[0] / optimum
        rows.append((factor, index, bool(scaled.success), int(scaled.nit), ratio, np.exp(log_e), *exponents))
    return pd.DataFrame(rows, columns=["factor", "start", "converged", "iterations", "objective", "E", "α", "β"])


def script_fit(panel: pd.DataFrame, q1: float, data_start: float = 1.0) -> dict[str, float] | None:
    """One panel fitted as the released script does: seven parameters, ``curve_fit`` from a vector of ones.

    ``panel``: ``layers, embedding_dim, value``. ``data_start`` replaces the 1 of the data term D. Returns the
    parameters, ``r2`` and ``constant`` (all that D, w5, q₂ and b add to the prediction); None where the search gave up.
    """
    x, y = panel[["layers", "embedding_dim"]].to_numpy(float).T, panel["value"].to_numpy(float)
    names = ("w1", "w2", "w3", "w4", "D", "w5", "b")
    lower = np.array([-np.inf] * 4 + [0.0] + [-np.inf] * 2)
    start = [data_start if name == "D" else 1.0 for name in names]
    options = {"bounds": (lower, np.inf), "ftol": 1e-10, "xtol": 1e-10, "maxfev": 5000}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)  # the covariance is singular: that is the lesson
            solution, _ = curve_fit(lambda x, *p: _script_law(x, q1, *p), x, y, p0=start, **options)
    except RuntimeError:
        return None
    values = dict(zip(names, map(float, solution), strict=True))
    constant = _data_term(values["D"], values["w5"]) + values["b"]
    residual = y - _script_law(x, q1, *solution)
    r2 = 1 - float(residual @ residual) / float(((y - y.mean()) ** 2).sum())
    return values | {"constant": constant, "r2": r2}


def _data_term(d, w5, q2: float = 2.0):
    return -1 / (q2 * d**w5) - w5 * np.log(d)


def _script_law(x, q1, w1, w2, w3, w4, d, w5, b):
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        depth, width = (-1 / (q1 * v**w) - w * np.log(v) for v, w in zip(x, (w3, w4), strict=True))
        return np.nan_to_num(w1 * depth + w2 * width + _data_term(d, w5) + b, nan=1e6, posinf=1e6, neginf=-1e6)


def one_start(panel: pd.DataFrame, q1: Sequence[int]) -> pd.DataFrame:
    """At every q₁ the R² that one start from ones reaches, and the best of many starts: ``q1, one_start, best``."""
    x, y = panel[["layers", "embedding_dim"]], panel["value"]
    rows = [(q, (script_fit(panel, q) or {"r2": np.nan})["r2"], law_at(q, x, y).r2) for q in q1]
    return pd.DataFrame(rows, columns=["q1", "one_start", "best"])


def data_term_starts(panel: pd.DataFrame, q1: int, starts: Sequence[float]) -> pd.DataFrame:
    """``script_fit`` from each of ``starts`` of D: ``start``, parameters and R², one row per start that ends."""
    rows = [{"start": start} | fit for start in starts if (fit := script_fit(panel, q1, start)) is not None]
    return pd.DataFrame(rows)


def equal_data_terms(panel: pd.DataFrame, q1: int, values: Sequence[float]) -> pd.DataFrame:
    """Fits of one panel with D held at each of ``values`` (and w₅ = 1): ``D, b, r2``.

    Within a panel the data term is a constant, so that the offset b makes up for any D: the R² are equal.
    """
    x, y, rows = panel[["layers", "embedding_dim"]], panel["value"].to_numpy(float), []
    best = law_at(q1, x, y).parameters
    weights = [sign * best[name] for name, sign in (("w1", -1), ("w2", -1), ("w3", 1), ("w4", 1))]
    for d in values:
        rest = y - _script_law(x.to_numpy(float).T, q1, *weights, d, 1.0, 0.0)
        rows.append((d, float(rest.mean()), 1 - float(rest.var() / y.var())))
    return pd.DataFrame(rows, columns=["D", "b", "r2"])


def floor_points(decades: float, sizes: int, seeds: int, noise: float, seed: int) -> pd.DataFrame:
    """Losses of the floor truth at ``sizes`` budgets over ``decades``, the largest at 1: ``x, y, size, seed``."""
    size, replicate = np.divmod(np.arange(sizes * seeds), seeds)
    x = np.geomspace(10.0**-decades, 1.0, sizes)[size]
    y = floor_truth(x) * np.exp(noise * np.random.default_rng(seed).standard_normal(len(x)))
    return pd.DataFrame({"x": x, "y": y, "size": size, "seed": replicate})


def floor_truth(x: np.ndarray) -> np.ndarray:
    """E + A x^(-α) with the constants of ``FLOOR``."""
    return FLOOR["E"] + FLOOR["A"] * np.asarray(x) ** -FLOOR["α"]


def spans(decades: Sequence[float], noise: float, seed: int) -> dict[float, tuple[pd.DataFrame, Fit]]:
    """Eight sizes spread over each of ``decades`` below x = 1 and the fitted floor law: decades -> (points, fit)."""
    points = {span: floor_points(span, 8, 1, noise, seed) for span in decades}
    return {span: (own, laws.fit("power-law-floor", own[["x"]], own["y"])) for span, own in points.items()}


def seed_noise(seeds: Sequence[int], decades: float, noise: float, repeats: int, seed: int) -> pd.DataFrame:
    """What repeats of one experiment report, for each number of seeds per size: ``seeds, repeat, α, E``."""
    rows = []
    for count, repeat in product(seeds, range(repeats)):
        points = floor_points(decades, 8, count, noise, seed + 7919 * (repeat + 1) + count)
        state = laws.fit("power-law-floor", points[["x"]], points["y"]).best
        rows.append((count, repeat, float(state.theta[0, 0]), float(state.coef[0, 0])))
    return pd.DataFrame(rows, columns=["seeds", "repeat", "α", "E"])


def coverage(levels: Sequence[float], decades: float, noise: float, simulations: int, seed: int) -> pd.DataFrame:
    """How often a band holds the truth, inside the measured range and ten times beyond: ``where, level, share``.

    ``low, high``: the 95 % (Wilson) interval of the share for that many simulations.
    """
    places = {"inside the range": np.array([10.0 ** (-decades / 2)]), "ten times beyond": np.array([10.0])}
    law = laws.get("power-law-floor")
    hits = {(where, level): 0 for where in places for level in levels}
    for simulation in range(simulations):
        points = floor_points(decades, 10, 1, noise, seed + 104729 * (simulation + 1))
        fit = laws.fit(law, points[["x"]], points["y"])
        for where, level in hits:
            low, high = fit.band({"x": places[where]}, level)
            hits[where, level] += bool(low[0] <= floor_truth(places[where])[0] <= high[0])
    rows = [(*key, *wilson(count, simulations)) for key, count in hits.items()]
    return pd.DataFrame(rows, columns=["where", "level", "share", "low", "high"]).assign(simulations=simulations)


def coverage_by_span(spans: Sequence[float], noise: float, simulations: int, seed: int) -> pd.DataFrame:
    """``coverage`` of 95 % bands for sizes over so many decades: one row per span, shares inside and ten times beyond.

    Over few decades exponent and floor can hardly be told apart, the law is far from linear in both, and a linearised
    band promises more than it keeps where it extrapolates.
    """
    tables = {span: coverage([0.95], span, noise, simulations, seed).set_index("where")["share"] for span in spans}
    return pd.DataFrame(tables).T.rename_axis("decades measured")


def draws(fit: Fit, ends: pd.DataFrame) -> pd.DataFrame:
    """Every bootstrap refit of a Chinchilla law: ``ln A, α``, and the losses ``near, far`` at the rows of ``ends``."""
    state, x = fit.resamples, tuple(ends[name].to_numpy() for name in ("N", "D"))
    near, far = evaluate(fit.law, x, state.theta, state.coef).T
    symbols = symbols_of(fit.law, state)
    return pd.DataFrame({"ln A": np.log(symbols["A"]), "α": symbols["α"], "near": near, "far": far})


def truth_of_draws(ends: pd.DataFrame) -> dict[str, float]:
    """What ``draws`` scatters around."""
    near, far = map(float, _chinchilla(ends["N"], ends["D"]))
    return {"ln A": float(np.log(CHINCHILLA["A"])), "α": CHINCHILLA["α"], "near": near, "far": far}


def coverage_ranges(searched: pd.DataFrame) -> pd.DataFrame:
    """Lowest and highest coverage over the true q₁ of ``searched`` on its grid: columns ``low, high, drawn`` (the
    latter for a q₁ drawn anew every time, the band of the law), one row per kind of band and place."""
    drawn = searched["q1"].astype(str) == "drawn"
    table = searched[~drawn].groupby(["kind", "at"])["coverage"].agg(low="min", high="max")
    of_law = searched[drawn & (searched["band"] == "law")].set_index(["kind", "at"])["coverage"]
    return table.join(of_law.rename("drawn"))
