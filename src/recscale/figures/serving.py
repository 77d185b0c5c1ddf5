"""Figures on serving: time against compute, and quality against time."""

from collections.abc import Iterator

import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
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
    whisker = {"y_ends": ("p50_ms", "p99_ms"), "bar": {"thickness": 1, "width": 3}}
    data = ["p99_ms", "candidates_per_second", "candidates", "threads"]
    for label, rows, look in _groups(live, stored):
        base.draw(fig, rows, size, "p50_ms", label, joined=1, data=data, hover=_TIME, **look, **whisker)
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
    steps = {"dash": "dot", "width": 1.5, "line": {"shape": "hv"}, "hoverinfo": "skip"}
    base.line(fig, frontier["p99_ms"], frontier["relative"], "frontier", base.NEUTRAL, **steps)
    hover = "%{fullData.name}: %{customdata[0]:,} FLOP, seeds: %{customdata[1]}"
    hover += "<br>p99 %{x:.2f} ms, %{y:+.3f} %<extra></extra>"
    for label, rows, look in _groups(live, stored):
        base.draw(fig, rows, "p99_ms", "relative", label, data=[Columns.FLOP, "seeds"], hover=hover, **look)
    return fig


def _groups(live: pd.DataFrame, stored: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, dict[str, str]]]:
    """(label, rows in ascending compute, hue and sign) of every curve, stored ones first."""
    for table, suffix, ending in ((stored, "", ""), (live, ", live", "-open")):
        for model, rows in table.groupby("model", sort=False):
            look = {"hue": base.colour(model), "sign": base.symbol(model) + ending}
            yield f"{MODEL_TITLES[model]}{suffix}", rows.sort_values(Columns.FLOP), look
