"""The pilot of the run protocol (``plans.averaging``): what averaging, batch size and schedule do to loss and noise."""

import numpy as np
import pandas as pd
from scipy import stats

from recscale.runs.table import Columns, run_table
from recscale.stats import Estimate, mean_estimate, mean_half_width

_SETTING = (Columns.FLOP, "batch_size", "schedule")
CELL = (*_SETTING, "share")


def long_form(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per run and averaged share: ``CELL``, ``dense_learning_rate``, ``seed``, ``valid_logloss`` and
    ``test_logloss`` of the averaged weights (of the last ones at share 0)."""
    kept, rows = (*_SETTING, "dense_learning_rate", "seed"), []
    for run in run_table(runs).to_dict("records"):
        for place, share in enumerate(run["averaged"]):
            suffix = f"~{share:g}" if place else ""
            losses = (run[f"{part}_logloss{suffix}"] for part in ("valid", "test"))
            rows.append((*(run[name] for name in kept), share, *losses))
    return pd.DataFrame(rows, columns=[*kept, "share", "valid_logloss", "test_logloss"])


def at_best_rates(runs: pd.DataFrame) -> pd.DataFrame:
    """``long_form``, in every cell at the dense rate with the lowest mean loss on valid."""
    rows = long_form(runs)
    means = rows.groupby([*CELL, "dense_learning_rate"])["valid_logloss"].mean().reset_index()
    best = means.loc[means.groupby(list(CELL))["valid_logloss"].idxmin()]
    return rows.merge(best[[*CELL, "dense_learning_rate"]])


def pilot_table(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per cell of size, batch size, schedule and share.

    training_flop_per_example, batch_size, schedule, share    the cell
    dense_learning_rate                                       the one that is best on valid
    seeds                                                     runs in the cell
    valid_mean, valid_sd, test_mean, test_sd                  log loss over seeds, nats
    gain, ci_low, ci_high                                     how far the loss on test lies below that of the last
                                                              weights of the same setting, %: mean over seeds, paired,
                                                              and its 95 % interval by Student's t
    """
    rows = at_best_rates(runs)
    cells = rows.groupby(list(CELL))
    columns = {"dense_learning_rate": ("dense_learning_rate", "first"), "seeds": ("seed", "nunique")}
    for part in ("valid", "test"):
        columns |= {f"{part}_mean": (f"{part}_logloss", "mean"), f"{part}_sd": (f"{part}_logloss", "std")}
    table = cells.agg(**columns).reset_index()
    last = rows[rows["share"] == 0]
    cells = _paired(rows, last, list(_SETTING)).groupby(list(CELL))["gain"]
    mean, half_width = cells.mean(), cells.apply(lambda sample: mean_half_width(sample.to_numpy()))
    gains = pd.DataFrame({"gain": mean, "ci_low": mean - half_width, "ci_high": mean + half_width})
    return table.merge(gains.reset_index(), on=list(CELL))


def mean_gain(runs: pd.DataFrame, share: float, against: str, level: float = 0.95) -> Estimate:
    """What averaging a ``share`` of the steps at a constant rate takes off the loss on test, %.

    ``against``: the schedule whose last weights it is compared with: "constant" or "linear". The mean over sizes and
    batch sizes, of the seeds that ran in all of them, paired by seed, with its ``level`` interval by Student's t.
    """
    rows, setting = at_best_rates(runs), [Columns.FLOP, "batch_size"]
    averaged = rows[(rows["schedule"] == "constant") & (rows["share"] == share)]
    last = rows[(rows["schedule"] == against) & (rows["share"] == 0)]
    paired = _paired(averaged, last, setting)
    by_seed = paired.pivot(index="seed", columns=setting, values="gain").dropna().mean(axis=1).to_numpy()
    if not len(by_seed):
        raise ValueError("no seed of these runs has run at every size and batch size with both schedules")
    return mean_estimate(by_seed, level)


def _paired(rows: pd.DataFrame, last: pd.DataFrame, setting: list[str]) -> pd.DataFrame:
    """``rows`` with the ``gain`` in % over those of ``last`` that have the same ``setting`` and seed."""
    last = last.rename(columns={"test_logloss": "last"})[[*setting, "seed", "last"]]
    paired = rows.merge(last, on=[*setting, "seed"])
    return paired.assign(gain=100 * (1 - paired["test_logloss"] / paired["last"]))


def noise_ratio(table: pd.DataFrame, share: float, level: float = 0.95) -> Estimate:
    """Standard deviation over seeds with a ``share`` averaged over that of the last weights, at a constant rate.

    ``table``: ``pilot_table``. Relative variances on test are pooled over sizes and batch sizes; the interval is that
    of two independent samples (F), too wide where both rise and fall together.
    """
    cells = table[table["schedule"] == "constant"].assign(dof=table["seeds"] - 1)
    cells["square"] = (cells["test_sd"] / cells["test_mean"]) ** 2 * cells["dof"]
    sums = cells.groupby("share")[["square", "dof"]].sum()
    variance, dof = sums["square"] / sums["dof"], float(sums.loc[0.0, "dof"])
    ratio = float(np.sqrt(variance[share] / variance[0.0]))
    factor = float(np.sqrt(stats.f.ppf((1 + level) / 2, dof, dof)))
    return Estimate(ratio, ratio / factor, ratio * factor)


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
