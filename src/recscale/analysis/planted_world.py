"""What the runs on planted worlds say of a law that is known: excess over Bayes, and exponents beside derived ones."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy import optimize, stats

from recscale.datasets.planted_world import PLANTED, WORLD, PlantedWorld
from recscale.runs.table import Columns, curve_rows, run_table


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
    large = _of_pairs(table)[lambda row: row["rows"] >= least_rows]
    for name, group in large.groupby("model", sort=False):
        group = group[group["dense_parameters"] == group["dense_parameters"].max()]
        of_seeds = [one for _, one in group.groupby("seed") if one["rows"].nunique() > 1]
        slopes = np.array([_slope(one["rows"], one["excess"]) for one in of_seeds])
        half = np.nan
        if len(slopes) > 1:
            half = stats.t.ppf((1 + level) / 2, len(slopes) - 1) * slopes.std(ddof=1) / np.sqrt(len(slopes))
        world, _ = PLANTED[group["dataset"].iloc[0]]
        kappa = fitted_kappa(world, group["rows"], group["excess"])
        slopes_derived = [
            _slope(one["rows"], [world.excess_found(count, kappa) for count in one["rows"]]) for one in of_seeds
        ]
        rows.append(
            {
                "model": name,
                "seeds": len(slopes),
                "exponent": slopes.mean(),
                "ci_low": slopes.mean() - half,
                "ci_high": slopes.mean() + half,
                "derived": world.data_exponent,
                "kappa": kappa,
                "derived_finite": np.mean(slopes_derived),
            }
        )
    return pd.DataFrame(rows)


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

    rank        r
    capacity    N = 2 r, the interactions that it has room for
    excess      mean over seeds
    derived     excess(N): they are known exactly, from rows without end
    """
    cross = _of_pairs(table)[lambda row: row["model"] == "crossnet"]
    most = cross[cross["rows"] == cross["rows"].max()]
    means = most.groupby("rank", as_index=False).agg(excess=("excess", "mean"))
    world, _ = PLANTED[most["dataset"].iloc[0]]
    capacity = 2 * means["rank"]
    return means.assign(capacity=capacity, derived=[world.excess(int(count)) for count in capacity])


def _of_pairs(table: pd.DataFrame) -> pd.DataFrame:
    """The runs whose tables hold every function of a field, on worlds of pairs."""
    worlds = [name for name, (world, _) in PLANTED.items() if world.orders == (2,)]
    return table[table["dataset"].isin(worlds) & (table["width"] >= WORLD.values)]


def _slope(rows: Iterable[float], excess: Iterable[float]) -> float:
    return float(-np.polyfit(np.log(rows), np.log(excess), 1)[0])
