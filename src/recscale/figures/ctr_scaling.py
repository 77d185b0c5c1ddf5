"""Loss against size: what a CTR scaling study measured, the laws through it, and what they predict.

The fits are those of ``analysis.ctr_scaling``, through the means over seeds.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy import stats

from recscale.analysis.ctr_scaling import (
    FORMS,
    PAPER_SIGNIFICANT,
    compare_forms,
    decades,
    fit_law,
    gain_a_decade,
    held_words,
    relative,
    slope_words,
    slopes,
    verdict,
)
from recscale.figures import base
from recscale.figures.controls import buttons
from recscale.models import MODEL_TITLES
from recscale.runs.table import AXES, SIZES, Columns, by_configuration, healthy, run_table
from recscale.stats.seeds import least_significant_difference, seed_noise

__all__ = [
    "FORMS",
    "PAPER_SIGNIFICANT",
    "SIZES",
    "by_configuration",
    "committed_curves",
    "compare_forms",
    "conclusion",
    "decades",
    "fit_law",
    "gain_a_decade",
    "healthy",
    "law_figure",
    "least_significant_difference",
    "relative",
    "relative_figure",
    "run_table",
    "seed_noise",
    "seeds_or_sizes",
    "slopes",
    "summary",
    "verdict",
]


def seeds_or_sizes(residual: tuple[float, int], noise: tuple[float, int]) -> str:
    """What more runs are best spent on, from two standard deviations, each with its degrees of freedom: of the fit's
    residuals, and of what seeds leave in the means it is fitted to (F test at 5 %)."""
    (spread, first), (seeds, second) = residual, noise
    if not np.isfinite([spread, seeds]).all() or min(first, second) < 1:
        return "there are too few runs to decide"
    if stats.f.sf((spread / seeds) ** 2, first, second) > 0.05:
        return "the residuals are no larger than seeds may explain, so more seeds help"
    return "the residuals exceed what seeds explain, so the form is in doubt and new sizes help more"


def telling_factor(first: int, second: int) -> float:
    """How many times as large one standard deviation must be for ``seeds_or_sizes`` to tell; inf without dof."""
    return float(stats.f.isf(0.05, first, second) ** 0.5) if min(first, second) > 0 else np.inf


def law_figure(runs: pd.DataFrame, size: str, hold_out: int, form: str = "power-law") -> go.Figure:
    """Log loss against size with the law through Wukong, its band, and the held-out sizes as stars.

    Buttons change what counts as size, PF-days where ``with_pf_days`` has added them; each gets a fit of its own. Where
    a size doesn't vary there is nothing to fit.
    """
    height = 460 + 20 * max(0, runs["model"].nunique() - 3)  # the legend grows with the models
    fig = base.figure("Log-loss against size", x=AXES[size], y="log-loss on test (nats)", log_x=True, height=height)
    wukong = runs[runs["model"] == "wukong"]
    largest = np.sort(wukong[Columns.FLOP].unique())[-hold_out:]
    held = wukong[Columns.FLOP].isin(largest)
    groups = [("wukong", MODEL_TITLES["wukong"], wukong[~held], {})]
    groups += [("wukong", "held out", wukong[held], {"symbol": "star", "size": 14})]
    rivals = runs[runs["model"] != "wukong"].groupby("model", sort=False)
    groups += [(model, MODEL_TITLES[model], rows, {}) for model, rows in rivals]
    for model, label, rows, marker in groups:
        base.points(
            fig,
            rows[size],
            rows["test_logloss"],
            label,
            marker={"color": base.colour(model), "symbol": base.symbol(model)} | marker,
            customdata=rows[["seed", "dense_parameters", Columns.FLOP, "test_auc"]],
            hovertemplate=_HOVER,
        )
    curves = {name: _curve(runs, name, hold_out, form) for name in AXES if name in runs}
    first = curves[size]
    base.band(fig, *(first[column] for column in ("x", "low", "high")), "95 % band", base.colour("wukong"))
    base.line(fig, first["x"], first["predicted"], FORMS[form], line={"color": base.colour("wukong"), "dash": "dash"})
    choices = []
    order = [size, *(name for name in curves if name != size)]
    for name in order:
        x, curve = [rows[name].tolist() for _, _, rows, _ in groups], curves[name]
        around = np.concatenate([curve["x"], curve["x"][::-1]]), np.concatenate([curve["high"], curve["low"][::-1]])
        y = [rows["test_logloss"].tolist() for _, _, rows, _ in groups]
        traces = {
            "x": [*x, around[0].tolist(), curve["x"].tolist()],
            "y": [*y, around[1].tolist(), curve["predicted"].tolist()],
        }
        choices.append((_SHORT[name], traces, {"xaxis.title.text": AXES[name]}))
    return buttons(fig, choices)


_SHORT = {
    Columns.FLOP: "FLOP",
    "dense_parameters": "dense",
    "parameters": "all",
    "embedding_parameters": "tables",
    "pf_days": "PF-days",
}
_HOVER = (
    "%{fullData.name}, seed %{customdata[0]}<br>log-loss %{y:.5f}, AUC %{customdata[3]:.4f}"
    "<br>%{customdata[2]:,} FLOP per example, %{customdata[1]:,} dense parameters<extra></extra>"
)


def _curve(runs: pd.DataFrame, size: str, hold_out: int, form: str) -> dict[str, np.ndarray]:
    """The law to draw over the measured range, held-out sizes included; empty where the size doesn't vary."""
    measured = runs.loc[runs["model"] == "wukong", size].unique()
    if len(measured) - hold_out < 3:
        return dict.fromkeys(("x", "predicted", "low", "high"), np.array([]))
    x = np.geomspace(measured.min(), measured.max(), 80)
    fit = fit_law(runs, size, hold_out, form)
    low, high = fit.band(x)
    return {"x": x, "predicted": fit.predict(x), "low": low, "high": high}


def relative_figure(runs: pd.DataFrame, noise: float) -> go.Figure:
    """The paper's axis: relative log loss in % against FLOP per example, a mark a run.

    ``runs`` come from ``relative``; ``noise`` is the least difference (%) that seeds can't explain. Lines: what the
    paper calls significant, dotted, and what the seeds here would, dashed.
    """
    fig = base.figure(
        "Relative log-loss",
        x=SIZES[Columns.FLOP],
        y="log-loss against the smallest DLRM (%)",
        log_x=True,
    )
    for model, rows in runs.groupby("model", sort=False):
        base.points(
            fig,
            rows[Columns.FLOP],
            rows["relative"],
            MODEL_TITLES[model],
            marker={"size": 8},
            customdata=rows[["seed", "dense_parameters", Columns.FLOP, "test_auc"]],
            hovertemplate=_HOVER.replace("log-loss %{y:.5f}", "%{y:+.3f} %"),
        )
    return gains(fig, {"paper's 0.02 %": PAPER_SIGNIFICANT, "noise of seeds": noise})


def gains(fig: go.Figure, least: Mapping[str, float]) -> go.Figure:
    """A line at each gain (% below zero) that the legend names, dotted and dashed; none where it isn't known."""
    for dash, (text, value) in zip(("dot", "dash"), least.items(), strict=False):
        if np.isfinite(value):
            fig.add_hline(y=-value, line={"dash": dash, "color": base.NEUTRAL}, name=text, showlegend=True)
    return fig


def committed_curves(table: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The committed runs on one data set but the ``time`` split's, prepared."""
    if table.empty:
        return healthy(run_table(table))
    return healthy(run_table(table[(table["split"] != "time") & (table["dataset"] == dataset)]))


def summary(tables: Mapping[str, pd.DataFrame], size: str, hold_out: int) -> pd.DataFrame:
    """For each named set of runs: exponent, gain a decade, and held-out error beside "no further gain"."""
    rows = {}
    for name, runs in tables.items():
        fit = fit_law(runs, size, hold_out)
        low, high = fit.intervals["α"]
        rows[name] = {
            "sizes": int(runs.loc[runs["model"] == "wukong", size].nunique()),
            "α": fit.parameters["α"],
            "α low": low,
            "α high": high,
            "% a decade": 100 * (10 ** -fit.parameters["α"] - 1),
            "held out: law": fit.held_out["rmse"],
            "held out: no further gain": fit.held_out["rmse_no_further_gain"],
        }
    return pd.DataFrame(rows).T


def conclusion(tables: Mapping[str, pd.DataFrame], size: str, hold_out: int) -> str:
    """A sentence for each set of runs: is the exponent known to be positive, and are unseen sizes predicted?"""
    sentences = []
    for name, row in summary(tables, size, hold_out).iterrows():
        noise, dof = seed_noise(tables[name])
        slope = slope_words(row["α low"], row["α high"])
        least = least_significant_difference(noise, dof)
        held = held_words(row["held out: law"], row["held out: no further gain"], least)
        sentences.append(f"{name[0].upper()}{name[1:]}: {slope}, and {held}.")
    return " ".join(sentences)
