"""The pilot of the run protocol (``plans.averaging``): what averaging, batch size and schedule do to loss and noise."""

import numpy as np
import pandas as pd

from recscale.runs.table import Columns, run_table
from recscale.stats.seeds import mean_half_width

CELL = (Columns.FLOP, "batch_size", "schedule", "share")


def long_form(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per run and averaged share: ``CELL``, ``dense_learning_rate``, ``seed``, and the loss on both parts."""
    rows = []
    for run in run_table(runs).to_dict("records"):
        for place, share in enumerate(run["averaged"]):
            suffix = f"~{share:g}" if place else ""
            rows.append(
                {
                    Columns.FLOP: run[Columns.FLOP],
                    **{name: run[name] for name in ("batch_size", "schedule", "dense_learning_rate")},
                    "share": share,
                    "seed": run["seed"],
                    **{f"{part}_logloss": run[f"{part}_logloss{suffix}"] for part in ("valid", "test")},
                }
            )
    return pd.DataFrame(rows)


def at_best_rates(runs: pd.DataFrame) -> pd.DataFrame:
    """``long_form``, in every cell at the dense rate with the lowest mean loss on valid."""
    rows = long_form(runs)
    means = rows.groupby([*CELL, "dense_learning_rate"])["valid_logloss"].mean().reset_index()
    best = means.loc[means.groupby(list(CELL))["valid_logloss"].idxmin()]
    return rows.merge(best[[*CELL, "dense_learning_rate"]])


def pilot_table(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per cell of size, batch size, schedule and share.

    seeds                      runs in the cell
    valid_mean, valid_sd       log loss on validation rows over seeds, nats (likewise test_…)
    gain, gain_low, gain_high  loss on valid below that of the last weights (share 0) at the same size, batch size and
                               schedule, %: mean over seeds, paired, and its 95 % interval by Student's t
    """
    rows = at_best_rates(runs)
    cells = rows.groupby(list(CELL))
    table = cells.agg(
        dense_learning_rate=("dense_learning_rate", "first"),
        seeds=("seed", "nunique"),
        valid_mean=("valid_logloss", "mean"),
        valid_sd=("valid_logloss", "std"),
        test_mean=("test_logloss", "mean"),
        test_sd=("test_logloss", "std"),
    ).reset_index()
    last = rows[rows["share"] == 0].rename(columns={"valid_logloss": "last"})
    paired = rows.merge(last[[*CELL[:3], "seed", "last"]])
    paired["gain"] = 100 * (1 - paired["valid_logloss"] / paired["last"])
    gains = paired.groupby(list(CELL))["gain"].agg(["mean", mean_half_width]).reset_index()
    gains = gains.assign(
        gain=gains["mean"],
        gain_low=gains["mean"] - gains["mean_half_width"],
        gain_high=gains["mean"] + gains["mean_half_width"],
    )
    return table.merge(gains[[*CELL, "gain", "gain_low", "gain_high"]])


def protocols(table: pd.DataFrame) -> pd.DataFrame:
    """Every protocol (batch size, schedule, share) over all sizes, best first.

    excess     mean over sizes of its validation loss above the best protocol's of that size, %
    noise      root mean square over sizes of the standard deviation over seeds, % of the loss
    """
    best = table.groupby(Columns.FLOP)["valid_mean"].transform("min")
    shares = table.assign(
        excess=100 * (table["valid_mean"] / best - 1), noise=(100 * table["valid_sd"] / table["valid_mean"]) ** 2
    )
    means = shares.groupby(list(CELL[1:]))[["excess", "noise"]].mean().reset_index()
    return means.assign(noise=np.sqrt(means["noise"])).sort_values("excess", ignore_index=True)
