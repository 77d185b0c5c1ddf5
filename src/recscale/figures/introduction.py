"""The figures of the introduction: what each paper printed."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.table5 import TABLE5_AXES
from recscale.published.wukong import CONSTANTS


def wukong_published(table: pd.DataFrame, task: int) -> go.Figure:
    """Relative log-loss against training compute, one series per model: Table 5 and the law printed for task 1.

    ``table`` has the columns ``model, hyperparameters, gflop_per_example, relative_logloss_task<task>_percent``.
    """
    fig = base.figure(f"Wukong's Table 5, task {task}", **TABLE5_AXES, height=500)
    column = f"relative_logloss_task{task}_percent"
    if task == 1:
        coefficient, exponent = CONSTANTS
        compute = np.geomspace(table["gflop_per_example"].min(), table["gflop_per_example"].max(), 80)
        law, dotted = -100 + coefficient * compute**exponent, {"dash": "dot", "hoverinfo": "skip"}
        base.line(fig, compute, law, "the paper's law", base.colour("wukong"), **dotted)
    hover = {"data": ["hyperparameters"], "hover": "%{customdata[0]}<br>%{x:.3g} GFLOP per example<br>%{y:+.2f} %"}
    for model, rows in table.groupby("model", sort=False):
        line = {"width": 1, "color": base.translucent(base.colour(model), 0.5)}
        base.draw(fig, rows, "gflop_per_example", column, model, mode="lines+markers", line=line, **hover)
    return fig


def performance_published(table: pd.DataFrame, setting: str) -> go.Figure:
    """HR@10 against layers, one series per width: one panel of the Performance Law's published grid.

    ``table`` holds the rows of one data set, one maximal length and one metric, with the columns
    ``embedding_dim, layers, value``.
    """
    fig = base.figure(setting, x="layers H", y="HR@10 on the full catalogue", height=460)
    fig.update_xaxes(tickvals=sorted(table["layers"].unique()))
    ordered, hover = table.sort_values(["embedding_dim", "layers"]), "%{x} layers<br>HR@10 = %{y:.4f}"
    return base.series(fig, ordered, "embedding_dim", "layers", "value", "width {}", hover=hover)
