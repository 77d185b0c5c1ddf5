"""Sizes of a model on growing shares of the rows, drawn over rows and over compute.

Live cells are solid, committed ones hollow. Each study is shown against its own worst corner: its smallest size on the
fewest rows.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale import laws
from recscale.analysis.data_scaling import DataStudy
from recscale.figures import base
from recscale.figures.overlay import Look, bars, sources

_HOVER = (
    "%{customdata[0]} on %{customdata[1]} of the rows, %{customdata[5]}<br>log-loss %{customdata[2]:.5f} (%{y:+.2f} %)"
    "<br>%{customdata[3]:,} rows, %{customdata[4]} seeds<extra></extra>"
)
_Y = "log-loss against the smallest cell (%)"


def drawn(*studies: DataStudy | None) -> int:
    """How many rows the figures show: the cells of the studies that are there."""
    return sum(len(study.table) for study in studies if study is not None)


def rows(live: DataStudy | None, stored: DataStudy | None) -> go.Figure:
    """Log loss against rows, a colour a size, with the power law through each size's means. Bars: 95 % of seeds."""
    fig = base.figure("More rows", x="training rows, each seen once", y=_Y, log_x=True, height=500)
    for look, study in sources(live, stored):
        for place, size in enumerate(study.sizes):
            cells = study.of(size)
            hue, sign = base.PALETTE[place], base.SYMBOLS[place]
            _cells(fig, study, cells, look, "rows", size, hue, sign)
            if len(cells) < 2:
                continue
            fit = laws.fit("power-law", cells[["rows"]], cells["test_logloss"])
            x = np.geomspace(cells["rows"].min(), cells["rows"].max(), 40)
            y = 100 * (fit.predict(x) / study.table["test_logloss"].iloc[0] - 1)
            base.line(fig, x, y, size, line=look.stroke(hue), showlegend=False, hoverinfo="skip")
    return fig.update_xaxes(dtick="D2")


def compute(live: DataStudy | None, stored: DataStudy | None) -> go.Figure:
    """Log loss against training FLOP, a line a share of the rows: at one compute, which line lies lowest?"""
    fig = base.figure("The same compute, spent differently", x="training FLOP", y=_Y, log_x=True, height=500)
    for look, study in sources(live, stored):
        for place, share in enumerate(study.shares):
            cells = study.table[study.table["share"] == share]
            hue, sign = base.PALETTE[place], base.SYMBOLS[place]
            line = {"mode": "lines+markers", "line": look.stroke(hue)}
            _cells(fig, study, cells, look, "training_flop", f"{share} of rows", hue, sign, **line)
    return fig


def _cells(
    fig: go.Figure,
    study: DataStudy,
    cells: pd.DataFrame,
    look: Look,
    x: str,
    name: str,
    hue: str,
    sign: str,
    **options,
) -> None:
    """The means of ``cells`` with their intervals: one counted trace."""
    half = study.half[cells.index]
    base.points(
        fig,
        cells[x],
        cells["relative"],
        f"{name}, {look.name}",
        marker={"color": hue, "symbol": look.sign(sign), "size": 9},
        error_y=bars(cells["relative"], cells["relative"] - half, cells["relative"] + half, hue),
        customdata=cells[["size", "share", "test_logloss", "rows", "seeds"]].assign(source=look.name),
        hovertemplate=_HOVER,
        **options,
    )
