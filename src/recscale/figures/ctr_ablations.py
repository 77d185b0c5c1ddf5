"""Wukong's knobs and components, drawn: what each variant changes, with its interval, and what it costs.

Tables are ``analysis.ablations.Ablation.table`` without the base: one row per variant.
"""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base

_ENDS = ("ci_low", "ci_high")
_EFFECT = "loss against the base (%)"
_HOVER = (
    "%{customdata[0]}, %{customdata[1]}<br>log-loss %{customdata[2]:+.3f} %"
    " [%{customdata[3]:+.3f}, %{customdata[4]:+.3f}]"
    "<br>%{customdata[5]:,} FLOP per example, %{customdata[6]} seeds<extra></extra>"
)


def effects(
    tables: Mapping[str, pd.DataFrame], printed: Mapping[str, float] | None = None, title: str = "Effects"
) -> go.Figure:
    """One line per variant: its log loss against the base with the 95 % interval, one mark per table that has it.

    ``tables``: name of the runs -> their variants. ``printed``: variant -> the paper's number (%), a grey diamond
    below ours.
    """
    variants = list(dict.fromkeys(variant for table in tables.values() for variant in table.index))
    fig = base.figure(title, x=_EFFECT, height=105 + (16 + 8 * len(tables)) * len(variants))
    fig.add_vline(x=0, line={"color": base.NEUTRAL, "width": 1})
    for place, (name, table) in enumerate(tables.items()):
        offset = 0.3 * (place - (len(tables) - 1) / 2)
        y = [variants.index(variant) + offset for variant in table.index]
        own = {"place": place, "size": 8, "x_ends": _ENDS, "hover": _HOVER}
        base.draw(fig, table, "relative", y, name, **own, customdata=_hover_rows(table, name))
    if printed:
        hover = "%{customdata}, the paper: %{x:+.2f} %<extra></extra>"
        look = {"marker": {"color": base.NEUTRAL, "symbol": "diamond-open", "size": 10}, "hovertemplate": hover}
        y = [variants.index(variant) + 0.32 for variant in printed]
        base.points(fig, list(printed.values()), y, "the paper, on its data", customdata=list(printed), **look)
    labels = [_label(variant).replace(": ", ":<br>") for variant in variants]
    fig.update_yaxes(tickvals=list(range(len(variants))), ticktext=labels, range=[len(variants) - 0.4, -0.6])
    return fig.update_layout(showlegend=len(tables) > 1 or bool(printed))


def knobs(table: pd.DataFrame, title: str = "Gain against price") -> go.Figure:
    """Log loss against compute, both relative to the base, which is the point (1, 0). Bars are 95 % intervals."""
    fig = base.figure(title, x="training FLOP per example ÷ the base's", y=_EFFECT, log_x=True, height=400)
    fig.add_hline(y=0, line={"dash": "dot", "color": base.NEUTRAL, "width": 1})
    for place, variant in enumerate(table.index):
        row = table.loc[[variant]]
        x, y = row["flop_ratio"].tolist(), row["relative"].tolist()
        own = {"place": place, "size": 10, "y_ends": _ENDS, "hover": _HOVER}
        base.draw(fig, row, x, y, _label(variant), **own, customdata=_hover_rows(row, "doubled"))
    ticks = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]
    widest = float(np.log10(table["flop_ratio"].max()))
    return fig.update_xaxes(range=[-0.03, widest + 0.04], tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])


def _label(variant: str) -> str:
    """The variant's name with its knobs' indices set low."""
    return re.sub(r"\b(n)_(F|L)\b", r"\1<sub>\2</sub>", variant)


def _hover_rows(table: pd.DataFrame, source: str) -> list[list]:
    rows = table[["relative", *_ENDS, "flop", "seeds"]].itertuples(name=None)
    return [[variant, source, *values] for variant, *values in rows]
