"""What learners on planted worlds say of a law that is known: excess over Bayes, and exponents beside derived ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy import optimize
from scipy.special import entr, expit

from recscale.datasets.planted_world import PLANTED, WORLD, PlantedWorld
from recscale.runs.table import Columns, curve_rows, run_table
from recscale.stats import Estimate, mean_estimate

TEST_ROWS = 2**13
"""Rows on which ``ideal_learner`` is judged."""


def posterior_mode(
    functions: Float[np.ndarray, "rows J"],
    labels: Float[np.ndarray, " rows"],
    variances: Float[np.ndarray, " J"],
    steps: int = 30,
) -> Float[np.ndarray, " J"]:
    """The logistic ridge estimate of strengths s_j that are N(0, ``variances``) a priori, by Newton's method:

    max Σ_rows ln P(label | σ(Σ_j s_j χ_j)) - ½ Σ_j s_j² / variance_j
    """
    strengths = np.zeros(functions.shape[1])
    for _ in range(steps):
        p = expit(functions @ strengths)
        curvature = (functions * (p * (1 - p))[:, None]).T @ functions + np.diag(1 / variances)
        step = np.linalg.solve(curvature, functions.T @ (labels - p) - strengths / variances)
        strengths += step
        if np.abs(step).max() < 1e-8:
            break
    return strengths


def mean_excess(p: ArrayLike, logits: ArrayLike) -> float:
    """Mean KL(p ‖ σ(logits)) in nats: log loss above that of the true probabilities ``p``."""
    p, logits = np.asarray(p, float), np.asarray(logits, float)
    return float(np.mean(np.logaddexp(0, logits) - p * logits - entr(p) - entr(1 - p)))


def ideal_learner(world: PlantedWorld, rows: Sequence[int], seeds: Iterable[int]) -> pd.DataFrame:
    """The learner that is told every χ_j and |s_j|, on worlds like ``world``: one row per seed and number of rows.

    seed      of the world: its interactions, signs and rows
    rows      D, the first ones of that world's stream
    excess    on ``TEST_ROWS`` test rows, nats above Bayes
    bayes     log loss of the true probabilities on these rows, nats
    logloss   their sum
    derived   ``PlantedWorld.excess`` after as many rows
    """
    table = []
    for seed in seeds:
        one = replace(world, seed=seed)
        seen, labels = one.rows("train", max(rows))
        unseen, p = one.rows("test", TEST_ROWS)
        functions, tested, p = one.functions(seen), one.functions(unseen), p.astype(np.float64)
        bayes = float(np.mean(entr(p) + entr(1 - p)))
        for count in rows:
            strengths = posterior_mode(functions[:count], labels[:count], one.strengths**2)
            excess = mean_excess(p, tested @ strengths)
            table.append((seed, count, excess, bayes, bayes + excess, one.excess(rows=count)))
    return pd.DataFrame(table, columns=["seed", "rows", "excess", "bayes", "logloss", "derived"])


def mean_slope(table: pd.DataFrame, column: str = "excess", level: float = 0.95) -> Estimate:
    """Mean over seeds of minus the slope of ln ``column`` in ln rows, with its ``level`` interval by Student's t."""
    return mean_estimate([_slope(one["rows"], one[column]) for _, one in table.groupby("seed")], level)


def truncated(world: PlantedWorld, held: Iterable[int]) -> pd.DataFrame:
    """A model that holds the N strongest interactions exactly and no other, one row per N.

    capacity   N
    excess     on ``TEST_ROWS`` test rows, nats above Bayes
    derived    ``PlantedWorld.excess``
    """
    values, p = world.rows("test", TEST_ROWS)
    functions = world.functions(values)
    rows = [(n, mean_excess(p, functions[:, :n] @ world.strengths[:n]), world.excess(n)) for n in held]
    return pd.DataFrame(rows, columns=["capacity", "excess", "derived"])


def excess_table(runs: pd.DataFrame) -> pd.DataFrame:
    """``runs`` with what the law speaks of.

    rows    D, fresh training rows
    width   of the embeddings
    excess  test log loss above Bayes, nats
    ideal   that of the ideal learner of all interactions from as many rows
    """
    runs = run_table(runs)
    worlds = [PLANTED[name][0] for name in runs["dataset"]]
    return runs.assign(
        rows=runs["examples_seen"],
        width=runs[Columns.EMBEDDING_WIDTH],
        excess=runs["test_logloss"] - [world.bayes_logloss for world in worlds],
        ideal=[world.excess(rows=rows) for world, rows in zip(worlds, runs["examples_seen"], strict=True)],
    )


def curve_table(runs: pd.DataFrame) -> pd.DataFrame:
    """The points of the runs' curves as ``excess_table``: one row per run and point."""
    return excess_table(curve_rows(runs))


def data_exponents(table: pd.DataFrame, *, least_rows: float = 0, level: float = 0.95) -> pd.DataFrame:
    """Exponents of the excess in rows, by model, at its largest size on pairs: slopes of log excess on log rows.

    seeds            that have at least two numbers of rows of ``least_rows`` or more
    exponent         mean of the seeds' slopes; ``ci_low`` and ``ci_high`` are its ``level`` interval by Student's t,
                     nan of one seed
    derived          a/(1+a)
    kappa            times the ideal learner's rows: ``fitted_kappa`` of all the points
    derived_finite   the slope over the same rows of ``excess_found`` with this κ, which knows that J is finite
    """
    rows = []
    for name, group, world, kappa in _largest(table[table["rows"] >= least_rows]):
        of_seeds = [one for _, one in group.groupby("seed") if one["rows"].nunique() > 1]
        found = mean_estimate([_slope(one["rows"], one["excess"]) for one in of_seeds], level)
        slopes_derived = [
            _slope(one["rows"], [world.excess_found(count, kappa) for count in one["rows"]]) for one in of_seeds
        ]
        rows.append((name, len(of_seeds), *found, world.data_exponent, kappa, np.mean(slopes_derived)))
    names = ["model", "seeds", "exponent", "ci_low", "ci_high", "derived", "kappa", "derived_finite"]
    return pd.DataFrame(rows, columns=names)


def excess_by_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The largest size of every contestant: excess and its interval by rows.

    fitted   ``excess_found`` with the κ of all its points
    ideal    excess of the ideal learner
    """
    parts = []
    for name, group, world, kappa in _largest(table):
        fitted = partial(world.excess_found, kappa=kappa)
        part = _beside(group, "rows", fitted=fitted, ideal=lambda rows, world=world: world.excess(rows=rows))
        parts.append(part.assign(model=name))
    return pd.concat(parts, ignore_index=True)


def fitted_kappa(world: PlantedWorld, rows: Iterable[float], excess: Iterable[float]) -> float:
    """The κ with which ``world.excess_found`` comes closest to the ``excess`` after ``rows``: least squares of logs."""
    points = list(zip(rows, np.log(list(excess)), strict=True))

    def misfit(log_kappa: float) -> float:
        return sum(
            (np.log(world.excess_found(count, np.exp(log_kappa))) - log_excess) ** 2 for count, log_excess in points
        )

    return float(np.exp(optimize.minimize_scalar(misfit, bounds=(-2, 14), method="bounded").x))


def size_table(table: pd.DataFrame) -> pd.DataFrame:
    """CrossNet's ladder on the most rows: one row per rank, beside what a model loses that has room for as much.

    rank                        r
    capacity                    N = 2 r, the interactions that it has room for
    excess, ci_low, ci_high     mean over seeds, with its interval by Student's t
    derived                     excess(N): they are known exactly, from rows without end
    """
    most, world = _ladder_of_crossnet(table)
    return _beside(most, "rank", capacity=lambda rank: 2 * rank, derived=lambda rank: world.excess(2 * int(rank)))


def size_exponent(table: pd.DataFrame) -> tuple[Estimate, float]:
    """CrossNet's exponent in size with its interval over seeds, and that of the derived sum.

    Both are slopes of log excess on log N over the ranks with room for at most half of all interactions: beyond, the
    missing end of the sum bends the law.
    """
    most, world = _ladder_of_crossnet(table)
    below = most[4 * most["rank"] <= world.interactions].astype({"rank": int})
    slopes = [_slope(one["rank"], one["excess"]) for _, one in below.groupby("seed") if one["rank"].nunique() > 1]
    ranks = sorted(below["rank"].unique())
    return mean_estimate(slopes), _slope(ranks, [world.excess(2 * int(rank)) for rank in ranks])


def floors(table: pd.DataFrame) -> pd.DataFrame:
    """CrossNets whose tables are too narrow, on the most rows: one row per width d.

    capacity                    N = d F / 2, the interactions for whose features there is room
    excess, ci_low, ci_high     as in ``size_table``
    derived                     excess(N)
    """
    narrow = table[(table["width"] < WORLD.values) & (table["rows"] == table["rows"].max())]
    room = WORLD.n_fields // 2
    return _beside(narrow, "width", capacity=lambda d: d * room, derived=lambda d: WORLD.excess(int(d) * room))


def by_order(table: pd.DataFrame) -> pd.DataFrame:
    """Models before interactions of several orders: one row per model and its number of layers.

    layers                      of the part that multiplies; none of DLRM
    highest                     order that a CrossNet of l layers can hold: l + 1; none where an MLP may hold any
    excess, ci_low, ci_high     as in ``size_table``
    derived                     excess without the orders above ``highest``, the others known exactly
    """
    worlds = {name: world for name, (world, _) in PLANTED.items() if len(world.orders) > 1}
    of_orders = table[table["dataset"].isin(worlds)]
    parts = []
    for model, runs in of_orders.groupby("model", sort=False):
        (world,) = (worlds[name] for name in runs["dataset"].unique())
        named = runs.assign(layers=runs["l"].fillna(runs["cross_layers"]).fillna(0).astype(int))
        part = _beside(named, "layers").assign(highest=np.nan, derived=np.nan)
        if model == "crossnet":
            highest = part["layers"] + 1
            part = part.assign(highest=highest, derived=[world.excess(world.order <= order) for order in highest])
        parts.append(part.assign(model=model))
    return pd.concat(parts, ignore_index=True)


def size_ladders(table: pd.DataFrame) -> pd.DataFrame:
    """Every contestant's sizes on the rows on which its ladder was trained: excess and interval by FLOP per example."""
    pairs, parts = _of_pairs(table), []
    for model, runs in pairs.groupby("model", sort=False):
        sizes = runs.groupby("rows")[Columns.FLOP].nunique()
        on_ladder = runs[runs["rows"] == sizes.idxmax()]
        parts.append(_beside(on_ladder, Columns.FLOP).assign(model=model, rows=sizes.idxmax()))
    return pd.concat(parts, ignore_index=True)


def _largest(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, PlantedWorld, float]]:
    """Every model, the runs of its largest size on pairs, their world, and the κ of all their points."""
    for name, group in _of_pairs(table).groupby("model", sort=False):
        largest = group[group["dense_parameters"] == group["dense_parameters"].max()]
        world = _world_of(largest)
        yield name, largest, world, fitted_kappa(world, largest["rows"], largest["excess"])


def _ladder_of_crossnet(table: pd.DataFrame) -> tuple[pd.DataFrame, PlantedWorld]:
    """CrossNet's runs on the most rows of pairs, and their world."""
    cross = _of_pairs(table)[lambda row: row["model"] == "crossnet"]
    most = cross[cross["rows"] == cross["rows"].max()]
    return most, _world_of(most)


def _world_of(runs: pd.DataFrame) -> PlantedWorld:
    return PLANTED[runs["dataset"].iloc[0]][0]


def _beside(runs: pd.DataFrame, by: str, **columns: Callable[[float], float]) -> pd.DataFrame:
    """Seeds, mean excess and its interval by ``by``, and further ``columns``, functions of it."""
    groups = [(key, len(one), *mean_estimate(one)) for key, one in runs.groupby(by)["excess"]]
    table = pd.DataFrame(groups, columns=[by, "seeds", "excess", "ci_low", "ci_high"])
    return table.assign(**{name: table[by].map(of) for name, of in columns.items()})


def _of_pairs(table: pd.DataFrame) -> pd.DataFrame:
    """The runs whose tables hold every function of a field, on worlds of pairs."""
    worlds = [name for name, (world, _) in PLANTED.items() if world.orders == (2,)]
    return table[table["dataset"].isin(worlds) & (table["width"] >= WORLD.values)]


def _slope(rows: Iterable[float], excess: Iterable[float]) -> float:
    return float(-np.polyfit(np.log(rows), np.log(excess), 1)[0])
