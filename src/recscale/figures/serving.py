"""Figures on serving: time against compute, and quality against time."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from recscale.analysis.serving import frontier
from recscale.figures import base
from recscale.models import MODEL_TITLES
from recscale.runs.table import SIZES, Columns

MILLISECONDS = [unit * 10**power for power in range(-2, 4) for unit in (1, 2, 5)]
"""Where a logarithmic axis of times has its marks."""


def latency_figure(live: pd.DataFrame, stored: pd.DataFrame) -> go.Figure:
    """Median time of a request against training FLOP per example, a whisker up to p99; stored sizes faint."""
    size = Columns.FLOP
    title = {"x": SIZES[size], "y": "p50, whisker to p99 (ms)"}
    fig = base.figure("Time to score one user's candidates", **title, log_x=True, log_y=True)
    fig.update_yaxes(tickvals=MILLISECONDS)
    for model, label, rows, look in _groups(live, stored):
        base.points(
            fig,
            rows[size],
            rows["p50_ms"],
            label,
            mode="lines+markers",
            line={"color": base.colour(model), "width": 1},
            marker={"color": base.colour(model), "symbol": base.symbol(model)},
            error_y={
                "symmetric": False,
                "array": rows["p99_ms"] - rows["p50_ms"],
                "arrayminus": 0 * rows["p50_ms"],
                "color": base.colour(model),
                "thickness": 1,
                "width": 3,
            },
            customdata=rows[["p99_ms", "candidates_per_second", "candidates", "threads"]],
            hovertemplate=_TIME,
            **look,
        )
    return fig


_TIME = (
    "%{fullData.name}: %{x:,} FLOP<br>p50 %{y:.2f} ms, p99 %{customdata[0]:.2f} ms"
    "<br>%{customdata[2]:,} candidates, threads: %{customdata[3]}, %{customdata[1]:,} a second<extra></extra>"
)


def price_figure(live: pd.DataFrame, stored: pd.DataFrame, metric: str = "relative") -> go.Figure:
    """Quality against p99: ``metric`` in % above the smallest DLRM of the same data; steps join the frontier.

    ``live`` and ``stored``: ``serving.with_quality``.
    """
    title = {"x": "p99 of a request (ms)", "y": "log-loss against the smallest DLRM (%)"}
    fig = base.figure("What time buys", **title, log_x=True)
    fig.update_xaxes(tickvals=MILLISECONDS)
    for table, label in ((live, "live"), (stored, "committed")):
        steps = frontier(table, metric, float("nan"))
        line = {"color": base.NEUTRAL, "dash": "dot", "shape": "hv", "width": 1.5}
        base.line(fig, steps["p99_ms"], steps[metric], f"frontier, {label}", line=line, hoverinfo="skip")
    for model, label, rows, look in _groups(live, stored):
        base.points(
            fig,
            rows["p99_ms"],
            rows[metric],
            label,
            marker={"color": base.colour(model), "symbol": base.symbol(model)},
            customdata=rows[[Columns.FLOP, "seeds"]],
            hovertemplate=(
                "%{fullData.name}: %{customdata[0]:,} FLOP, %{customdata[1]} seed(s)<br>p99 %{x:.2f} ms, %{y:+.3f} %"
                "<extra></extra>"
            ),
            **look,
        )
    return fig


def _groups(live: pd.DataFrame, stored: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame, dict[str, Any]]]:
    """(model, label, rows in ascending compute, look) of every curve: live ones, then the stored, faint."""
    for table, suffix, look in ((stored, ", committed", {"opacity": 0.45}), (live, "", {})):
        for model, rows in table.groupby("model", sort=False):
            yield model, f"{MODEL_TITLES[model]}{suffix}", rows.sort_values(Columns.FLOP), look
