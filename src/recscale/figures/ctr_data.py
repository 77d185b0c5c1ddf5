"""Sizes of a model on growing shares of the rows, drawn over rows and over compute.

Tables are ``analysis.data_scaling.DataGrid.table``: losses stand against the first row, the smallest size on the fewest
rows.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.laws import Fit

_HOVER = (
    "%{customdata[0]} on %{customdata[1]} of the rows<br>log-loss %{customdata[2]:.5f} (%{y:+.2f} %)"
    "<br>%{customdata[3]:,} rows, %{customdata[4]} seeds<extra></extra>"
)
_Y = "loss against the smallest cell (%)"


def rows(table: pd.DataFrame, fits: Mapping[str, Fit], title: str = "More rows") -> go.Figure:
    """Log loss against rows, one colour per size, with the power law ``fits`` of every size. Bars: 95 % of seeds."""
    fig = base.figure(title, x="training rows, each seen once", y=_Y, log_x=True, height=360)
    for place, (size, cells) in enumerate(table.groupby("size", sort=False)):
        _cells(fig, cells, "rows", size, place)
        x = np.geomspace(cells["rows"].min(), cells["rows"].max(), 40)
        y = 100 * (fits[size].predict(x) / table["test_logloss"].iloc[0] - 1)
        base.line(fig, x, y, size, base.PALETTE[place], width=1.5, showlegend=False, hoverinfo="skip")
    trained = sorted(table["rows"].unique())
    return fig.update_xaxes(tickvals=trained, ticktext=[f"{value / 1000:,.3g} k" for value in trained])


def compute(table: pd.DataFrame, title: str = "The same compute, spent differently") -> go.Figure:
    """Log loss against training FLOP, one line per share of the rows: at one compute, which line lies lowest?"""
    fig = base.figure(title, x="training FLOP", y=_Y, log_x=True, height=310)
    for place, share in enumerate(table.sort_values("rows")["share"].drop_duplicates()):
        cells = table[table["share"] == share]
        _cells(fig, cells, "training_flop", f"{share} of the rows", place, joined=1.5)
    return fig.update_xaxes(dtick=1)


def _cells(fig: go.Figure, cells: pd.DataFrame, x: str, name: str, place: int, joined: float = 0) -> None:
    """The means of ``cells`` with their intervals: one counted trace."""
    hover = {"data": ["size", "share", "test_logloss", "rows", "seeds"], "hover": _HOVER}
    base.draw(fig, cells, x, "relative", name, place=place, joined=joined, y_ends=("ci_low", "ci_high"), **hover)
