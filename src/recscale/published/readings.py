"""Readings of the papers' own tables that need no fit of a new form: who leads by how much, what was left unsaid."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import t as student

from recscale import laws, published
from recscale.entropy.experiments import exchanged
from recscale.laws import Fit
from recscale.laws.compare import TIE
from recscale.laws.diagnostics import charge

PRINTED_FORMS = ("power-law", "log-linear", "power-law-floor")


def wukong_sizes(task: int, drop_smallest: int = 0) -> pd.DataFrame:
    """Wukong's rows of Table 5, ascending, without the smallest few: ``gflop, y, loss`` with loss = 100 + y."""
    points = published.wukong_points()
    rows = points[(points["model"] == "Wukong") & (points["task"] == task)].sort_values("gflop")
    return rows[["hyperparameters", "gflop", "y"]].iloc[drop_smallest:].assign(loss=lambda t: 100 + t["y"])


def curvature_p(sizes: pd.DataFrame) -> float:
    """Probability of so large a quadratic term of y in ln(GFLOP) if there is none (Student's t); ``wukong_sizes``."""
    x = np.log(sizes["gflop"].to_numpy(float))
    coefficients, covariance = np.polyfit(x - x.mean(), sizes["y"].to_numpy(float), 2, cov=True)
    return float(2 * student.sf(abs(coefficients[0]) / np.sqrt(covariance[0, 0]), len(x) - 3))


def rival_forms(sizes: pd.DataFrame, hold_out: int) -> dict[str, Fit]:
    """Power law, line in logs and power law with a floor, fitted to 100 + y without the ``hold_out`` largest sizes."""
    fitted = sizes.iloc[: len(sizes) - hold_out]
    x = fitted[["gflop"]].rename(columns={"gflop": "x"})
    return {name: laws.fit(name, x, fitted["loss"]) for name in PRINTED_FORMS}


def forecast(sizes: pd.DataFrame, hold_out: int) -> pd.DataFrame:
    """Errors at the ``hold_out`` largest sizes of laws fitted to the others, and of "no further gain": ``rmse`` in %,
    indexed by the name of the law."""
    fits = {name: laws.fit(name, sizes[["gflop"]], sizes["loss"], hold_out_largest=hold_out) for name in PRINTED_FORMS}
    rmse = {name: fit.held_out_rmse for name, fit in fits.items()}
    no_gain = fits[PRINTED_FORMS[0]].held_out["rmse_no_further_gain"]
    return pd.DataFrame({"rmse": rmse | {"no further gain": no_gain}})


def plateaus(model: str, beyond: float | None) -> pd.DataFrame:
    """How much a model of Table 5 gains at its largest size that trained, one row per task.

    Columns ``task``; ``over_best``: y of the largest size less the best smaller one; ``over_named``: less that of the
    size nearest to ``beyond`` GFLOP (None: the smallest). In %, negative is better.
    """
    points = published.wukong_points()
    points = points[(points["model"] == model) & points["in_fit"]].sort_values("gflop")
    rows = []
    for task, part in points.groupby("task"):
        named = 0 if beyond is None else int((part["gflop"] - beyond).abs().argmin())
        y = part["y"].to_numpy()
        rows.append((task, y[-1] - y[:-1].min(), y[-1] - y[named]))
    return pd.DataFrame(rows, columns=["task", "over_best", "over_named"]).round(6)


def wukong_leads() -> pd.DataFrame:
    """Every rival point inside Wukong's range: its y less Wukong's at the same compute, interpolated in log compute.

    Columns ``task, model, gflop, y, lead`` (%; positive: Wukong is better). Diverged points are left out.
    """
    points = published.wukong_points()
    parts = []
    for _, rows in points[points["in_fit"]].groupby("task"):
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


def borrowed(table: pd.DataFrame) -> pd.DataFrame:
    """Panels whose printed R² of the Performance Law is not reached at any q₁, but is the straight line's recomputed R²
    plus a whole number of hundredths to six decimals; ``published.panel_r2``."""
    part = table[table["q1_printed"] == ""]
    hundredths = 100 * (part["performance_law_printed"] - part["scaling_law_recomputed"])
    return part[(hundredths - hundredths.round()).abs() < 1e-4].reset_index(drop=True)


def reciprocal_terms() -> dict[str, pd.Series]:
    """1/(tokens × S′) and 1/tokens, as printed and with the tokens of ML-1M and KR-Pure exchanged."""
    table = published.load("performance_law_datasets")
    quality, tokens = table["inverse_real_entropy"], exchanged(table, "ml-1m", "kuairand-pure")
    return {
        "1/(tokens · S′), as printed": 1 / (table["tokens"] * quality),
        "1/tokens, as printed": 1 / table["tokens"],
        "1/(tokens · S′), exchanged": 1 / (tokens * quality),
        "1/tokens, exchanged": 1 / tokens,
    }


def joint_and_means(metric: str = "HR@10") -> dict[str, float]:
    """R² over all settings of one metric: ``joint``, one law with D′ as a column, and ``means``, a free mean for every
    setting; ``w5``, the joint law's exponent of D′."""
    points = published.joint_points(metric)
    means = points.groupby(["dataset", "max_length"])["value"].transform("mean")
    total = ((points["value"] - points["value"].mean()) ** 2).sum()
    fit = published.joint_law(metric)
    return {
        "joint": fit.r2,
        "means": 1 - float(((points["value"] - means) ** 2).sum() / total),
        "w5": fit.parameters["w5"],
    }


def peak_profile(points: pd.DataFrame, axis: str) -> tuple[float, float]:
    """95 % profile interval of the Performance Law's peak along ``axis``: every peak the points don't reject.

    At a given q₁ the law peaks along an axis where v^w = 1/q₁, so a peak at v fixes that axis's exponent; the other
    exponent and q₁ are searched and the weights follow by least squares. A peak stays in as long as its residual sum
    of squares is below SSR·(1 + t²/(n - 6)). No resampling, hence no seed. The search goes from the smallest size to
    four times the largest; an interval that ends there is open.
    """
    y, n = points["value"].to_numpy(float), len(points)
    other = next(name for name in published.AXES if name != axis)
    own, cross = (np.log(points[name].to_numpy(float)) for name in (axis, other))
    peaks = np.geomspace(max(points[axis].min(), 2), 4 * points[axis].max(), 800)
    crossed = np.geomspace(max(points[other].min() / 4, 2), 8 * points[other].max(), 100)
    best = np.full(len(peaks), np.inf)
    for log_q1 in np.log([2, 3, 4, 6, 8, 12, 16, 24, 32]):
        first, second = (_bends(v, log_q1, np.log(at)) for v, at in ((own, peaks), (cross, crossed)))
        best = np.minimum(best, _residuals(first, second, y).min(axis=1))
    limit = best.min() * (1 + student.ppf(0.975, n - 6) ** 2 / (n - 6))
    middle, outside = best.argmin(), np.flatnonzero(best > limit)
    first, last = outside[outside < middle], outside[outside > middle]
    low = first.max() + 1 if len(first) else 0
    return float(peaks[low]), float(peaks[last.min() - 1 if len(last) else -1])


@cache
def claimed_peaks() -> pd.DataFrame:
    """``published.claimed_optima`` with one set of intervals for the whole book: profiles for the Performance Law,
    400 resamples for the quadratic, none along a constraint.
    """
    table, panels = published.claimed_optima(bootstrap=400), published.panels()
    for k, row in table[table["law"] == "performance-law"].iterrows():
        points = panels[row["metric"], row["dataset"], row["max_length"]]
        for name, axis in (("layers", "layers"), ("width", "embedding_dim")):
            if pd.notna(row[f"{name}_low"]):
                table.loc[k, [f"{name}_low", f"{name}_high"]] = peak_profile(points, axis)
    return table


class Score(NamedTuple):
    """How often one law beats another."""

    wins: int
    ties: int
    losses: int


def score(models: pd.DataFrame, rival: str) -> Score:
    """Panels in which the Performance Law wins, ties and loses against ``rival`` by AICc; within ``TIE`` is a tie.

    ``models``: ``published.panel_models``.
    """
    aicc = models.pivot_table(index=published.SETTING, columns="law", values="aicc")
    gap = aicc["performance-law"] - aicc[rival]
    return Score(int((gap < -TIE).sum()), int((gap.abs() <= TIE).sum()), int((gap > TIE).sum()))


def uncharged(models: pd.DataFrame, q1: int | None = None) -> pd.DataFrame:
    """``models`` with the Performance Law's AICc as it is where q₁ counts as no free number.

    With ``q1`` the law is refitted at that value, given in advance; without, q₁ stays the searched one.
    """
    table, panels = models.copy(), published.panels()
    for k, row in models[models["law"] == "performance-law"].iterrows():
        fit = row["fit"]
        if q1 is not None:
            points = panels[row["metric"], row["dataset"], row["max_length"]]
            at_q1 = laws.get("performance-law").with_values(q1=[q1])
            fit = laws.fit(at_q1, points[published.AXES], points["value"])
        free = fit.law.free
        table.loc[k, "aicc"] = fit.aicc - charge(fit.n_points, free) + charge(fit.n_points, free - 1)
    return table


def _bends(log_v: np.ndarray, log_q1: float, log_peak: np.ndarray) -> np.ndarray:
    """The law's term w ln v + 1/(q₁ v^w) with its peak at each of ``log_peak``, centred: (peaks, points)."""
    w = -log_q1 / np.where(np.abs(log_peak) < 1e-6, 1e-6, log_peak)[:, None]
    term = w * log_v + np.exp(np.clip(-log_q1 - w * log_v, -60, 60))
    return term - term.mean(axis=1, keepdims=True)


def _residuals(first: np.ndarray, second: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Residual sums of squares of y on a constant and one row of each table, for all pairs of rows."""
    y = y - y.mean()
    a, b, c = (first**2).sum(axis=1)[:, None], (second**2).sum(axis=1), first @ second.T
    p, q = (first @ y)[:, None], second @ y
    determinant = a * b - c**2
    explained = (b * p**2 - 2 * c * p * q + a * q**2) / np.where(determinant > 1e-12 * a * b, determinant, np.inf)
    return y @ y - explained
