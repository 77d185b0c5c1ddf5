"""Wukong's knobs and components, drawn: what a variant changes, what it costs, and what a seed explains.

Live and committed variants are shown against the base of their own study.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.analysis.ablations import BASE, Ablation
from recscale.figures import base
from recscale.figures.controls import buttons
from recscale.figures.overlay import bars, sources

CLOSE = 0.6
"""Share of the widest bar below which the others get a close-up of their own."""

_HOVER = (
    "%{customdata[0]}, %{customdata[6]}<br>log-loss %{customdata[1]:+.3f} %, 95 %: %{customdata[2]}"
    "<br>%{customdata[3]:,} FLOP per example, %{customdata[4]:,} dense parameters"
    "<br>%{customdata[5]} seeds<extra></extra>"
)


def drawn(*studies: Ablation | None, base_too: bool = False) -> int:
    """How many rows the figures show: the variants of the studies that are there, with or without the bases."""
    return sum(len(study.table) - (not base_too) for study in studies if study is not None)


def knobs(live: Ablation | None, stored: Ablation | None) -> go.Figure:
    """Log loss against compute, both relative to the base, with a line from the base to every variant.

    The steeper a line falls, the more a variant gains for what it costs. Bars are 95 % intervals.
    """
    fig = base.figure(
        "Doubled knobs", x="training FLOP per example ÷ the base's", y="log-loss against the base (%)", log_x=True
    )
    fig.add_hline(y=0, line={"dash": "dot", "color": base.NEUTRAL, "width": 1})
    present = list(sources(live, stored))
    names = list(dict.fromkeys(name for _, study in present for name in study.table.index if name != BASE))
    hues, signs = dict(zip(names, base.PALETTE, strict=False)), dict(zip(names, base.SYMBOLS, strict=False))
    named: set[str] = set()
    for look, study in present:
        for name, row in study.table.iterrows():
            hue, variant = hues.get(name, base.NEUTRAL), row.to_frame().T
            x, y = [1, row["flop_ratio"]], [0, row["relative"]]
            base.line(fig, x, y, name, line=look.stroke(hue), showlegend=False, hoverinfo="skip", legendgroup=name)
            base.points(
                fig,
                x[1:],
                y[1:],
                name,
                marker={"color": hue, "symbol": look.sign(signs.get(name, "x")), "size": 10},
                error_y=bars(row["relative"], row["low"], row["high"], hue),
                customdata=_told(variant, look.name),
                hovertemplate=_HOVER,
                legendgroup=name,
                showlegend=name not in named,
            )
            named.add(name)
    widest = max(study.table["flop_ratio"].max() for _, study in present)
    fig.update_xaxes(range=[-0.03, float(np.log10(widest)) + 0.04], tickvals=[1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10])
    return fig


def components(live: Ablation | None, stored: Ablation | None) -> go.Figure:
    """A horizontal bar a variant: log loss against the base with its 95 % interval.

    Where one bar dwarfs the others, buttons change between all and a close-up.
    """
    fig = base.figure("Components", x="log-loss against the base (%)")
    reaches = []
    for look, study in sources(live, stored):
        rows = study.table.iloc[1:]
        fig.add_bar(
            x=rows["relative"],
            y=[name.replace(", ", ",<br>").replace(": ", ":<br>") for name in rows.index],
            name=look.name,
            orientation="h",
            marker={"color": base.PALETTE[look.hollow], "opacity": 0.7},
            error_x=bars(rows["relative"], rows["low"], rows["high"], base.NEUTRAL),
            customdata=_told(rows, look.name),
            hovertemplate=_HOVER,
            meta=base.DATA,
        )
        reaches += rows[["relative", "low", "high"]].abs().max(axis=1).tolist()
    count = max(len(study.table) for study in (live, stored) if study is not None)
    fig.add_vline(x=0, line={"color": base.NEUTRAL, "width": 1})
    fig.update_layout(
        barmode="group", bargap=0.35, height=130 + 56 * count, showlegend=True, legend_traceorder="normal"
    )
    fig.update_yaxes(autorange="reversed", tickfont={"size": 11})
    return _close_up(fig, np.array(reaches))


def _close_up(fig: go.Figure, reaches: np.ndarray) -> go.Figure:
    """Buttons for the range of x, where the middle of the bars is short beside the longest."""
    whole, close = 1.08 * reaches.max(), 1.3 * float(np.median(reaches))
    if close > CLOSE * whole:
        return fig
    fig.update_xaxes(range=[-whole, whole])
    ranges = (("all", whole), ("close-up", close))
    return buttons(fig, [(label, {}, {"xaxis.range": [-reach, reach]}) for label, reach in ranges])


def _told(rows: pd.DataFrame, source: str) -> list[list]:
    """What a reader sees who points at a variant."""
    limits = [
        f"{row['low']:+.3f} to {row['high']:+.3f}" if np.isfinite(row["low"]) else "not known"
        for _, row in rows.iterrows()
    ]
    columns = [rows.index, rows["relative"], limits, rows["flop"], rows["dense_parameters"], rows["seeds"]]
    return [[*values, source] for values in zip(*columns, strict=True)]
