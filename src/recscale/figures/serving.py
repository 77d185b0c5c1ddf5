"""Figures on serving: time against compute, and quality against time."""

from collections.abc import Iterator

import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.overlay import bars
from recscale.models import MODEL_TITLES
from recscale.runs.table import SIZES, Columns

MILLISECONDS = [unit * 10**power for power in range(-2, 4) for unit in (1, 2, 5)]
"""Where a logarithmic axis of times has its marks."""


def latency_figure(live: pd.DataFrame, stored: pd.DataFrame) -> go.Figure:
    """Median time of a request against training FLOP per example, a whisker up to p99; live sizes hollow.

    ``live``, ``stored``: latency tables.
    """
    size = Columns.FLOP
    title = {"x": SIZES[size], "y": "p50, whisker to p99 (ms)"}
    fig = base.figure("Time to score one user's candidates", **title, log_x=True, log_y=True)
    fig.update_yaxes(tickvals=MILLISECONDS)
    for model, label, rows, ending in _groups(live, stored):
        base.points(
            fig,
            rows[size],
            rows["p50_ms"],
            label,
            mode="lines+markers",
            line={"color": base.colour(model), "width": 1},
            marker={"color": base.colour(model), "symbol": base.symbol(model) + ending},
            error_y=bars(rows["p50_ms"], rows["p50_ms"], rows["p99_ms"], base.colour(model), thickness=1, width=3),
            customdata=rows[["p99_ms", "candidates_per_second", "candidates", "threads"]],
            hovertemplate=_TIME,
        )
    return fig


_TIME = (
    "%{fullData.name}: %{x:,} FLOP<br>p50 %{y:.2f} ms, p99 %{customdata[0]:.2f} ms"
    "<br>%{customdata[2]:,} candidates, threads: %{customdata[3]}, %{customdata[1]:,} a second<extra></extra>"
)


def price_figure(live: pd.DataFrame, stored: pd.DataFrame, frontier: pd.DataFrame) -> go.Figure:
    """Quality against p99: log-loss in % above the smallest DLRM of the same data; live sizes hollow.

    ``live``, ``stored``: latency tables with ``relative`` (%) and ``seeds``. ``frontier``: the steps to join by a
    dotted line, columns ``p99_ms``, ``relative``.
    """
    title = {"x": "p99 of a request (ms)", "y": "log-loss against the smallest DLRM (%)"}
    fig = base.figure("What time buys", **title, log_x=True)
    fig.update_xaxes(tickvals=MILLISECONDS)
    line = {"color": base.NEUTRAL, "dash": "dot", "shape": "hv", "width": 1.5}
    base.line(fig, frontier["p99_ms"], frontier["relative"], "frontier", line=line, hoverinfo="skip")
    for model, label, rows, ending in _groups(live, stored):
        base.points(
            fig,
            rows["p99_ms"],
            rows["relative"],
            label,
            marker={"color": base.colour(model), "symbol": base.symbol(model) + ending},
            customdata=rows[[Columns.FLOP, "seeds"]],
            hovertemplate=(
                "%{fullData.name}: %{customdata[0]:,} FLOP, seeds: %{customdata[1]}<br>p99 %{x:.2f} ms, %{y:+.3f} %"
                "<extra></extra>"
            ),
        )
    return fig


def _groups(live: pd.DataFrame, stored: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame, str]]:
    """(model, label, rows in ascending compute, ending of the marker's name) of every curve, stored ones first."""
    for table, suffix, ending in ((stored, "", ""), (live, ", live", "-open")):
        for model, rows in table.groupby("model", sort=False):
            yield model, f"{MODEL_TITLES[model]}{suffix}", rows.sort_values(Columns.FLOP), ending
