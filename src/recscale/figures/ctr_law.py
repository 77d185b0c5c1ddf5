"""Figures of the measured law: all models at equal compute, slopes beside the paper's, and laws side by side."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from scipy import stats

from recscale import published
from recscale.analysis.ctr_scaling import PAPER_SIGNIFICANT, can_fit, fit_law, noise_of, relative, slopes
from recscale.figures import base
from recscale.figures.ctr_scaling import gains
from recscale.figures.overlay import bars
from recscale.models import MODEL_TITLES
from recscale.runs.table import AXES, Columns, by_configuration

_HOVER = "%{fullData.name}, %{x:,} FLOP per example<br>%{y:+.3f} %, %{customdata[0]} seeds<extra></extra>"


def compared_means(runs: pd.DataFrame) -> pd.DataFrame:
    """Seed means on the paper's axis: ``relative`` (% against the smallest DLRM), half of its 95 % interval from
    the model's own noise of seeds (nan with single seeds), ``seeds``. Empty without a DLRM.

    What a seed does to all its runs alike is not noise here: it moves no model against another.
    """
    if runs.empty or (table := relative(runs)).empty:
        return pd.DataFrame(columns=["model", Columns.FLOP, "relative", "half", "seeds"])
    means = by_configuration(table, "relative")
    percent = 100 / runs["test_logloss"].mean()
    least = {model: percent * noise_of(runs, model, 1)[1] for model in means["model"].unique()}  # of two single runs
    return means.assign(half=means["model"].map(least) / np.sqrt(2 * means["seeds"]))


def compared(means: pd.DataFrame, least: float) -> go.Figure:
    """Every model's seed means over compute, with a straight line through those of three sizes or more.

    ``means``: ``compared_means``; ``least``: the difference (%) that seeds can't explain. Dotted lines: the
    paper's 0.02 % and ``least``, below the smallest DLRM.
    """
    fig = base.figure(
        "Eight models at equal compute",
        x=AXES[Columns.FLOP],
        y="log-loss against the smallest DLRM (%)",
        log_x=True,
        height=580,
    )
    for model, rows in means.groupby("model", sort=False):
        x, y, hue = rows[Columns.FLOP], rows["relative"], base.colour(model)
        base.points(
            fig,
            x,
            y,
            MODEL_TITLES[model],
            error_y=bars(y, y - rows["half"], y + rows["half"], hue),
            customdata=rows[["seeds"]],
            hovertemplate=_HOVER,
        )
        if len(rows) >= 3:
            line = stats.linregress(np.log(x), y)
            ends = np.array([x.min(), x.max()])
            stroke = {"width": 3 if model == "wukong" else 1.5}
            drawn = line.intercept + line.slope * np.log(ends)
            base.line(fig, ends, drawn, model, line=stroke, showlegend=False, hoverinfo="skip")
    return gains(fig, {"paper's 0.02 %": PAPER_SIGNIFICANT, "noise of seeds": least})


def slope_rows(runs: pd.DataFrame, task: int = 1) -> pd.DataFrame:
    """What ten times the compute changes, % a decade, with 95 % intervals: the paper's table (``task``) and ours."""
    paper = published.wukong_models().query("task == @task")
    columns = {"slope_per_decade": "slope", "slope_low": "low", "slope_high": "high"}
    table = paper.rename(columns=columns)[["model", "slope", "low", "high"]].assign(source="paper's table")
    table["model"] = table["model"].str.lower()
    own = slopes(runs) if len(runs) else pd.DataFrame()
    if own.empty:
        return table
    value, half = own["% a decade"], own["% a decade ±"]
    ours = pd.DataFrame({"model": own.index, "slope": value, "low": value - half, "high": value + half})
    return pd.concat([table, ours.assign(source="here")], ignore_index=True)


def slope_figure(rows: pd.DataFrame) -> go.Figure:
    """A line a model: its slope in the paper's table and here. ``rows``: ``slope_rows``."""
    fig = base.figure("What ten times the compute changes", x="log-loss, % a decade (negative: better)", height=480)
    models = list(dict.fromkeys(["wukong", *rows["model"]]))[::-1]
    place = {model: k for k, model in enumerate(models)}
    looks = (("paper's table", base.NEUTRAL, "circle-open", 0.14), ("here", base.PALETTE[1], "diamond", -0.14))
    for source, hue, sign, shift in looks:
        part = rows[rows["source"] == source]
        if part.empty:
            continue
        base.points(
            fig,
            part["slope"],
            [place[model] + shift for model in part["model"]],
            source,
            marker={"color": hue, "symbol": sign},
            error_x=bars(part["slope"], part["low"], part["high"], hue),
            customdata=part[["model"]].replace(MODEL_TITLES),
            hovertemplate="%{customdata[0]}: %{x:.3f} % a decade<extra>%{fullData.name}</extra>",
        )
    fig.add_vline(x=0, line={"color": base.NEUTRAL, "dash": "dot", "width": 1})
    return fig.update_yaxes(tickvals=list(place.values()), ticktext=[MODEL_TITLES[model] for model in models])


def side_rows(tables: Mapping[str, pd.DataFrame]) -> int:
    """How many points ``side_by_side`` draws: Wukong's sizes over all named sets."""
    return sum(len(by_configuration(runs[runs["model"] == "wukong"])) if len(runs) else 0 for runs in tables.values())


def side_by_side(title: str, tables: Mapping[str, pd.DataFrame], size: str) -> go.Figure:
    """Wukong's seed means of each named set of runs in % of the loss at its smallest size, with the power law through
    all sizes and its 95 % band."""
    fig = base.figure(title, x=AXES[size], y="log-loss against the smallest Wukong (%)", log_x=True)
    for place, (name, runs) in enumerate(tables.items()):
        if runs.empty or not len(means := by_configuration(runs[runs["model"] == "wukong"])):
            continue
        zero, hue = means["test_logloss"].iloc[0], base.PALETTE[place]
        base.points(
            fig,
            means[size],
            100 * (means["test_logloss"] / zero - 1),
            name,
            marker={"color": hue, "symbol": base.SYMBOLS[place]},
            customdata=means[["seeds", "test_logloss"]],
            hovertemplate="%{fullData.name}: log-loss %{customdata[1]:.5f}, %{customdata[0]} seeds<extra></extra>",
        )
        if can_fit(runs) and means[size].nunique() >= 3:
            curve = fit_law(runs, size, 0).curve(60)
            low, high, middle = (100 * (curve[column] / zero - 1) for column in ("low", "high", "predicted"))
            base.band(fig, curve[size], low, high, f"95 % band, {name}", hue, showlegend=False)
            base.line(fig, curve[size], middle, name, line={"color": hue}, showlegend=False, hoverinfo="skip")
    return fig
