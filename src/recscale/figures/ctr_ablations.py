"""Wukong's knobs and components, drawn: what each variant changes, with its interval, and what it costs.

Tables are ``analysis.ablations.Ablation.table`` without the base: one row per variant.
"""

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.overlay import bars

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
        hue, offset = base.PALETTE[place], 0.3 * (place - (len(tables) - 1) / 2)
        base.points(
            fig,
            table["relative"],
            [variants.index(variant) + offset for variant in table.index],
            name,
            marker={"color": hue, "symbol": base.SYMBOLS[place], "size": 8},
            error_x=bars(table["relative"], table["ci_low"], table["ci_high"], hue),
            customdata=_hover_rows(table, name),
            hovertemplate=_HOVER,
        )
    if printed:
        _printed(fig, printed, variants)
    labels = [_label(variant).replace(": ", ":<br>") for variant in variants]
    fig.update_yaxes(tickvals=list(range(len(variants))), ticktext=labels, range=[len(variants) - 0.4, -0.6])
    return fig.update_layout(showlegend=len(tables) > 1 or bool(printed))


def _printed(fig: go.Figure, printed: Mapping[str, float], variants: Iterable[str]) -> None:
    base.points(
        fig,
        list(printed.values()),
        [variants.index(variant) + 0.32 for variant in printed],
        "the paper, on its data",
        marker={"color": base.NEUTRAL, "symbol": "diamond-open", "size": 10},
        customdata=list(printed),
        hovertemplate="%{customdata}, the paper: %{x:+.2f} %<extra></extra>",
    )


def knobs(table: pd.DataFrame, title: str = "Gain against price") -> go.Figure:
    """Log loss against compute, both relative to the base, which is the point (1, 0). Bars are 95 % intervals."""
    fig = base.figure(title, x="training FLOP per example ÷ the base's", y=_EFFECT, log_x=True, height=400)
    fig.add_hline(y=0, line={"dash": "dot", "color": base.NEUTRAL, "width": 1})
    for place, (variant, row) in enumerate(table.iterrows()):
        hue = base.PALETTE[place % len(base.PALETTE)]
        base.points(
            fig,
            [row["flop_ratio"]],
            [row["relative"]],
            _label(variant),
            marker={"color": hue, "symbol": base.SYMBOLS[place % len(base.SYMBOLS)], "size": 10},
            error_y=bars(row["relative"], row["ci_low"], row["ci_high"], hue),
            customdata=_hover_rows(table.loc[[variant]], "doubled"),
            hovertemplate=_HOVER,
        )
    ticks = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]
    widest = float(np.log10(table["flop_ratio"].max()))
    return fig.update_xaxes(range=[-0.03, widest + 0.04], tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])


def _label(variant: str) -> str:
    """The variant's name with its knobs' indices set low."""
    return re.sub(r"\b(n)_(F|L)\b", r"\1<sub>\2</sub>", variant)


def _hover_rows(table: pd.DataFrame, source: str) -> list[list]:
    columns = [table[name] for name in ("relative", "ci_low", "ci_high", "flop", "seeds")]
    return [[variant, source, *values] for variant, *values in zip(table.index, *columns, strict=True)]
