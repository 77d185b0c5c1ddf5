"""Buttons, menus and sliders that change what a figure shows, without a kernel behind the page."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

Choices = Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]]
"""Of each choice its label, changes to the traces, changes to the layout."""


def _updates(choices: Choices) -> list[dict[str, Any]]:
    return [{"label": label, "method": "update", "args": [traces, layout]} for label, traces, layout in choices]


def buttons(fig: go.Figure, choices: Choices) -> go.Figure:
    """A row of buttons above the plot."""
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
        "buttons": _updates(choices),
    }
    return fig.update_layout(updatemenus=[*fig.layout.updatemenus, menu], margin_t=96)


def dropdown(fig: go.Figure, choices: Choices) -> go.Figure:
    """A menu above the plot, for more or longer choices than buttons fit on a phone."""
    buttons(fig, choices)
    fig.layout.updatemenus[-1].update(type="dropdown", direction="down")
    return fig


def slider(fig: go.Figure, prefix: str, choices: Choices) -> go.Figure:
    """A slider below the plot, a step for each choice."""
    style = {"pad": {"t": 48, "b": 4}, "bordercolor": "rgba(127,135,146,0.5)", "currentvalue": {"prefix": prefix}}
    return fig.update_layout(sliders=[{"active": 0, "steps": _updates(choices)} | style], margin_b=150)


def switch(
    fig: go.Figure,
    owners: Sequence[Hashable],
    menu: Callable[[go.Figure, Choices], go.Figure] = buttons,
    label: Callable[[Any], str] = str,
    layouts: Mapping[Hashable, Mapping[str, Any]] | None = None,
) -> go.Figure:
    """A choice per owner of traces, the first one chosen; it shows its own traces and those of None.

    ``owners``: of every trace; ``layouts``: owner -> changes to the layout.
    """
    shown = {one: [owner in (None, one) for owner in owners] for one in dict.fromkeys(owners) if one is not None}
    for trace, visible in zip(fig.data, next(iter(shown.values())), strict=True):
        trace.visible = visible
    return menu(fig, [(label(one), {"visible": own}, (layouts or {}).get(one, {})) for one, own in shown.items()])


def swap(fig: go.Figure, groups: Sequence[pd.DataFrame], columns: Mapping[str, tuple[str, str]], axis: str = "x"):
    """Buttons that change the column behind an axis. ``groups``: the rows of every trace; ``columns``: label -> column,
    title of the axis."""
    return buttons(
        fig,
        [
            (label, {axis: [rows[column].tolist() for rows in groups]}, {f"{axis}axis.title.text": title})
            for label, (column, title) in columns.items()
        ],
    )
