"""The figures of the introduction: what each paper printed."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.published.wukong import CONSTANTS


def wukong_published(table: pd.DataFrame, task: int) -> go.Figure:
    """Relative log-loss against training compute, one series per model: Table 5 and the law printed for task 1.

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
        coefficient, exponent = CONSTANTS
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
    """HR@10 against layers, one series per width: one panel of the Performance Law's published grid.

    ``table`` holds the rows of one data set, one maximal length and one metric, with the columns
    ``embedding_dim, layers, value``.
    """
    fig = base.figure(setting, x="layers H", y="HR@10 on the full catalogue", height=460)
    fig.update_xaxes(tickvals=sorted(table["layers"].unique()))
    ordered, hover = table.sort_values(["embedding_dim", "layers"]), "%{x} layers<br>HR@10 = %{y:.4f}"
    return base.series(fig, ordered, "embedding_dim", "layers", "value", "width {}", hovertemplate=hover)
