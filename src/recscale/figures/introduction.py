"""The two figures of the introduction: what each paper printed, and nothing of ours yet."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base

WUKONG_LAW = (99.56, -0.00071)
"""Coefficient and exponent of ``y = -100 + a x**b`` printed for Wukong (task 1), with the sign that its points need."""


def wukong_published(table: pd.DataFrame, task: int) -> go.Figure:
    """Relative log-loss against training compute, one series a model: Wukong's Table 5, and the law printed for task 1.

    ``table`` has the columns ``model, hyperparameters, gflop_per_example, relative_logloss_task<task>_percent``.
    """
    fig = base.figure(
        f"Wukong's Table 5, task {task}",
        x="training compute (GFLOP per example, log scale)",
        y="log-loss relative to DLRM 2×512 (%)",
        log_x=True,
        height=500,
    )
    column = f"relative_logloss_task{task}_percent"
    if task == 1:
        coefficient, exponent = WUKONG_LAW
        compute = np.geomspace(table["gflop_per_example"].min(), table["gflop_per_example"].max(), 80)
        base.line(
            fig,
            compute,
            -100 + coefficient * compute**exponent,
            "the paper's law",
            line={"color": base.colour("wukong"), "dash": "dot"},
            hoverinfo="skip",
        )
    for model, rows in table.groupby("model", sort=False):
        base.points(
            fig,
            rows["gflop_per_example"],
            rows[column],
            model,
            mode="lines+markers",
            line={"width": 1, "color": base.translucent(base.colour(model), 0.5)},
            customdata=rows[["hyperparameters"]],
            hovertemplate="%{customdata[0]}<br>%{x:.3g} GFLOP per example<br>%{y:+.2f} %",
        )
    return fig


def performance_published(table: pd.DataFrame, setting: str) -> go.Figure:
    """HR@10 against layers, one series a width: one panel of the Performance Law's published grid.

    ``table`` holds the rows of one data set, one maximal length and one metric, with the columns
    ``embedding_dim, layers, value``.
    """
    fig = base.figure(setting, x="layers N", y="HR@10 on the full catalogue", height=460)
    fig.update_xaxes(tickvals=sorted(table["layers"].unique()))
    for hue, sign, (width, rows) in zip(base.PALETTE, base.SYMBOLS, table.groupby("embedding_dim"), strict=False):
        ordered = rows.sort_values("layers")
        base.points(
            fig,
            ordered["layers"],
            ordered["value"],
            f"width {width}",
            mode="lines+markers",
            marker={"color": hue, "symbol": sign},
            line={"color": hue, "width": 1.5},
            hovertemplate="%{x} layers<br>HR@10 = %{y:.4f}",
        )
    return fig
