"""Quality figures: our AUC on Frappe beside what was published."""

import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base

_SOURCES = {
    "auc": ("ours", {"color": base.PALETTE[1], "symbol": "circle", "size": 11}),
    "benchmark": ("benchmark", {"color": base.PALETTE[0], "symbol": "diamond-open", "size": 14, "line": {"width": 2}}),
    "paper": ("paper", {"color": base.NEUTRAL, "symbol": "x-thin-open", "size": 10, "line": {"width": 2}}),
}
"""Column of the comparison -> name in the legend and marker."""


def marks(table: pd.DataFrame) -> int:
    """How many figures ``table`` holds: our means, the benchmark's and the paper's."""
    return int(table[list(_SOURCES)].count().sum())


def frappe_figure(table: pd.DataFrame, plain_mlp: float, own_label: str = "ours") -> go.Figure:
    """One line per model: our mean with its 95 % interval, the benchmark's figure and the paper's.

    ``table``: columns ``name``, ``seeds``, ``auc``, ``auc_half_width``, ``benchmark``, ``paper``. ``plain_mlp``: the
    AUC of a dotted line. ``own_label`` names our marks in the legend.
    """
    fig = base.figure("AUC on Frappe", x="AUC on test", height=330)
    for column, (label, marker) in _SOURCES.items():
        rows, name = table.dropna(subset=[column]), own_label if column == "auc" else label
        own = {
            "error_x": {"array": rows["auc_half_width"].fillna(0), "color": marker["color"], "thickness": 1.5},
            "data": ["seeds", "auc_half_width"],
            "hover": "%{y}, seeds: %{customdata[0]}: %{x:.4f} ± %{customdata[1]:.4f}<extra></extra>",
        }
        look = own if column == "auc" else {"hover": f"%{{y}}, {label}: %{{x:.4f}}<extra></extra>"}
        base.draw(fig, rows, column, "name", name, marker=marker, **look)
    note = {"text": "benchmark's plain MLP", "font": {"size": 11}, "yanchor": "bottom", "y": 1}
    fig.add_vline(x=plain_mlp, line={"dash": "dot", "color": base.NEUTRAL, "width": 1}, annotation=note)
    return fig.update_yaxes(categoryorder="array", categoryarray=table["name"].tolist()[::-1])
