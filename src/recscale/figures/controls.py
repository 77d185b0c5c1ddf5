"""Buttons that change what a figure shows, without a kernel behind the page."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go


def buttons(fig: go.Figure, choices: Sequence[tuple[str, dict[str, Any], dict[str, Any]]]) -> go.Figure:
    """A row of buttons above the plot; each choice is (label, changes to the traces, changes to the layout)."""
    entries = [{"label": label, "method": "update", "args": [traces, layout]} for label, traces, layout in choices]
    menu = {
        "type": "buttons",
        "direction": "right",
        "showactive": True,
        "x": 0,
        "xanchor": "left",
        "y": 1.02,
        "yanchor": "bottom",
        "pad": {"t": 0, "b": 4},
        "bgcolor": "rgba(127,135,146,0.15)",
        "bordercolor": "rgba(127,135,146,0.5)",
        "font": {"size": 12},
        "buttons": entries,
    }
    fig.update_layout(updatemenus=[*fig.layout.updatemenus, menu], margin_t=96)
    return fig


def dropdown(fig: go.Figure, choices: Sequence[tuple[str, dict[str, Any], dict[str, Any]]]) -> go.Figure:
    """A menu above the plot, for more or longer choices than buttons fit on a phone; choices as for ``buttons``."""
    buttons(fig, choices)
    fig.layout.updatemenus[-1].update(type="dropdown", direction="down")
    return fig
