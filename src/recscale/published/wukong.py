"""Wukong's Table 5, refitted: constants, every model's slope and offset, plateaus, "40 times", PF-days."""

import numpy as np
import pandas as pd

from recscale import laws
from recscale.laws.fit import Fit
from recscale.published.tables import load

_EXAMPLES = 146e9  # training examples of Wukong's internal data set
PF_DAY = 8.64e19  # floating point operations of one PFLOP/s for one day
CONSTANTS = (99.56, -0.00071)  # as printed, the exponent with the sign its table demands
TABLE5_ROUNDING = 0.01  # % of the printed losses


def wukong_points() -> pd.DataFrame:
    """Table 5, one row a model, size and task: model, gflop, parameters (2³⁰), task, y (relative log loss, %), in_fit.

    ``in_fit`` is false for diverged runs and for the DLRM row that defines 0 % (it shares its FLOP count with the next
    row).
    """
    table = load("wukong_table5_internal_scaling")
    table = table.rename(columns={"gflop_per_example": "gflop", "parameters_2^30": "parameters"})
    long = table.melt(
        ["model", "hyperparameters", "gflop", "parameters", "note"],
        [f"relative_logloss_task{k}_percent" for k in (1, 2)],
        var_name="task",
        value_name="y",
    )
    long["task"] = long["task"].str.extract(r"task(\d)").astype(int)
    baseline = (long["model"] == "DLRM") & long["hyperparameters"].str.startswith("TopMLP")
    return long.assign(in_fit=(long["note"] != "diverged") & long["y"].notna() & ~baseline)


def _sizes(model: str, task: int) -> pd.DataFrame:
    points = wukong_points()
    return points[(points["model"] == model) & (points["task"] == task)]


def wukong_law(task: int = 1, **options) -> Fit:
    """Wukong's own law on its seven Table 5 rows; task 1 gives the printed constants 99.56 and 0.00071, unrounded."""
    rows = _sizes("Wukong", task)
    return laws.fit("wukong", rows[["gflop"]], rows["y"], **options)


def wukong_models() -> pd.DataFrame:
    """Every model and task: slope per decade of GFLOP and offset at 1 GFLOP (a line in log compute) with 95 %
    intervals.

    ``gain_at_end``: the largest size that did not diverge less the best smaller one (%; negative is better);
    ``plateau``: whether that gain is within the table's rounding, 0.01 %.
    """
    points = wukong_points()
    rows = []
    for (model, task), sizes in points[points["in_fit"]].groupby(["model", "task"], sort=False):
        sizes = sizes.sort_values("gflop")
        fit = laws.fit("log-linear", sizes[["gflop"]], sizes["y"])
        slope, decade = fit.parameters["β_gflop"], np.log(10)
        low, high = fit.intervals["β_gflop"]
        last = float(sizes["y"].iloc[-1] - sizes["y"].iloc[:-1].min())
        rows.append(
            {
                "model": model,
                "task": task,
                "points": len(sizes),
                "diverged": int((_sizes(model, task)["note"] == "diverged").sum()),
                "slope_per_decade": slope * decade,
                "slope_low": low * decade,
                "slope_high": high * decade,
                "offset_1gflop": fit.parameters["c"],
                "offset_low": fit.intervals["c"][0],
                "offset_high": fit.intervals["c"][1],
                "per_quadrupling": slope * np.log(4),
                "r2": fit.r2,
                "best": float(sizes["y"].min()),
                "gain_at_end": last,
                "plateau": last >= -TABLE5_ROUNDING - 1e-9,
            }
        )
    return pd.DataFrame(rows)


def wukong_forty() -> pd.DataFrame:
    """The claim "40-fold": each DCNv2 size against the smallest Wukong as good, and against Wukong's law inverted.

    One row per DCNv2 size that trained and task: task, dcnv2_gflop, y, wukong_gflop (of the smallest Wukong as good),
    ratio_of_sizes = dcnv2_gflop / wukong_gflop, ratio_by_law = dcnv2_gflop / ((100 + y)/A)^(-1/c).
    """
    rows = []
    for task in (1, 2):
        law, wukong = wukong_law(task).parameters, _sizes("Wukong", task)
        for _, row in _sizes("DCNv2", task).query("in_fit").iterrows():
            match = wukong[wukong["y"] <= row["y"]]["gflop"].min()
            by_law = ((100 + row["y"]) / law["A"]) ** (-1 / law["c"])
            rows.append((task, row["gflop"], row["y"], match, row["gflop"] / match, row["gflop"] / by_law))
    names = ["task", "dcnv2_gflop", "y", "wukong_gflop", "ratio_of_sizes", "ratio_by_law"]
    return pd.DataFrame(rows, columns=names)


def wukong_pf_days() -> pd.DataFrame:
    """Training compute of the seven Wukong sizes: GFLOP per example × 146 billion examples, in PFLOP/s-days."""
    sizes = _sizes("Wukong", 1)[["hyperparameters", "gflop"]]
    return sizes.assign(pf_days=sizes["gflop"] * 1e9 * _EXAMPLES / PF_DAY).reset_index(drop=True)
