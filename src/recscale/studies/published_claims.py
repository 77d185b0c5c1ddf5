"""Readings of the papers' own tables that need no fit of a new form: who leads by how much, what was left unsaid."""

import numpy as np
import pandas as pd

from recscale.laws import LAWS, Fit, published
from recscale.laws.entropy_experiments import exchanged

FORMS = ("power-law", "log-linear", "power-law-floor")


def wukong_sizes(task: int, drop_smallest: int = 0) -> pd.DataFrame:
    """Wukong's rows of Table 5, ascending, without the smallest few: ``gflop, y, loss`` with loss = 100 + y."""
    points = published.wukong_points()
    rows = points[(points["model"] == "Wukong") & (points["task"] == task)].sort_values("gflop")
    return rows[["hyperparameters", "gflop", "y"]].iloc[drop_smallest:].assign(loss=lambda t: 100 + t["y"])


def rival_forms(sizes: pd.DataFrame, held: int) -> dict[str, Fit]:
    """Power law, line in logs and power law with a floor, fitted to 100 + y without the ``held`` largest sizes."""
    kept = sizes.iloc[: len(sizes) - held]
    x = kept[["gflop"]].rename(columns={"gflop": "x"})
    return {name: LAWS[name].fit(x, kept["loss"]) for name in FORMS}


def forecast(sizes: pd.DataFrame, held: int) -> pd.DataFrame:
    """Errors at the ``held`` largest sizes of laws fitted to the others, beside "no further gain": ``rmse`` in %."""
    rows = {}
    for name in FORMS:
        found = LAWS[name].fit(sizes[["gflop"]], sizes["loss"], hold_out_largest=held).held_out
        rows[name] = found["rmse"]
    rows["no further gain"] = found["rmse_no_further_gain"]
    return pd.DataFrame({"rmse": rows})


def wukong_leads() -> pd.DataFrame:
    """Every rival point inside Wukong's range: its y less Wukong's at the same compute, interpolated in log compute.

    Columns ``task, model, gflop, y, lead`` (%; positive: Wukong is better). Diverged points are left out.
    """
    points = published.wukong_points()
    parts = []
    for _, rows in points[points["kept"]].groupby("task"):
        wukong = rows[rows["model"] == "Wukong"].sort_values("gflop")
        inside = rows["gflop"].between(wukong["gflop"].min(), wukong["gflop"].max())
        others = rows[(rows["model"] != "Wukong") & inside]
        same = np.interp(np.log(others["gflop"]), np.log(wukong["gflop"]), wukong["y"])
        parts.append(others[["task", "model", "gflop", "y"]].assign(lead=others["y"] - same))
    return pd.concat(parts, ignore_index=True)


def public_ranks() -> pd.DataFrame:
    """Wukong in the paper's public table, one row a data set: AUC, best rival's AUC, rank by AUC and by log loss."""
    table = published.load("wukong_table2_table3_public")
    rows = []
    for dataset, part in table.groupby("dataset", sort=False):
        own, others = part[part["model"] == "Wukong"].iloc[0], part[part["model"] != "Wukong"]
        row = {"dataset": dataset, "auc": own["auc"], "best_rival_auc": others["auc"].max()}
        row["margin"] = row["auc"] - row["best_rival_auc"]
        row["auc_rank"] = 1 + int((others["auc"] > own["auc"]).sum())
        rows.append(row | {"logloss_rank": 1 + int((others["logloss"] < own["logloss"]).sum())})
    return pd.DataFrame(rows)


def round_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Disagreements of the log-linear R² and whether each is a whole number of hundredths to six decimals."""
    part = published.disagreements(table).query("law == 'scaling law'").reset_index(drop=True)
    hundredths = 100 * part["difference"]
    return part.assign(round=(hundredths - hundredths.round()).abs() < 1e-4)


def data_terms(swap: bool = True) -> dict[str, pd.Series]:
    """1/(tokens × S′) and 1/tokens as printed and, with ``swap``, with the tokens of ML-1M and KR-Pure exchanged."""
    table = published.load("performance_law_datasets")
    quality = table["inverse_real_entropy"]
    terms = {
        "1/(tokens · S′), as printed": 1 / (table["tokens"] * quality),
        "1/tokens, as printed": 1 / table["tokens"],
    }
    if swap:
        tokens = exchanged(table, "ml-1m", "kuairand-pure")
        terms |= {"1/(tokens · S′), exchanged": 1 / (tokens * quality), "1/tokens, exchanged": 1 / tokens}
    return terms


def joint_beside_means(metric: str = "HR@10") -> dict[str, float]:
    """R² over all settings of one metric: the joint law with D′ as a column, and a free mean for every setting."""
    points = published.joint_points(metric)
    means = points.groupby(["dataset", "max_length"])["value"].transform("mean")
    total = ((points["value"] - points["value"].mean()) ** 2).sum()
    fit = published.joint_law(metric)
    return {
        "joint": fit.r2,
        "means": 1 - float(((points["value"] - means) ** 2).sum() / total),
        "w5": fit.parameters["w5"],
    }
