"""The Performance Law, drawn: measured shapes under fitted surfaces, what was held out, what stays unknown."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons
from recscale.laws import Fit

LABELS = {
    "constant": "constant",
    "log-linear": "line in logs",
    "log-quadratic": "quadratic in logs",
    "performance-law": "law, inside",
    "performance-law-outside": "law, outside",
}
"""Short enough for a list on a phone; inside and outside name the exponent's place."""


def label(law: str) -> str:
    return LABELS.get(law, law)


def _mesh(table: pd.DataFrame, points: int = 24) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Layers, widths and the frame of all their pairs, over the measured range."""
    layers = np.geomspace(table["layers"].min(), table["layers"].max(), points)
    widths = np.geomspace(table["width"].min(), table["width"].max(), points)
    pairs = np.meshgrid(layers, widths)
    return layers, widths, pd.DataFrame({"layers": pairs[0].ravel(), "width": pairs[1].ravel()})


def surfaces(tables: Mapping[str, pd.DataFrame], fits: Mapping[str, Mapping[str, Fit]], metric: str) -> go.Figure:
    """Points and fitted surface to rotate; a button for each table and each law fitted to it.

    ``tables``: title -> runs with columns ``layers``, ``width`` and ``metric``; ``fits``: title -> law -> fit.
    """
    fig = base.figure(f"{metric.upper()} over depth and width", height=560)
    owner: list[tuple[str, str | None]] = []
    for title, table in tables.items():
        fig.add_scatter3d(
            x=table["layers"],
            y=table["width"],
            z=table[metric],
            mode="markers",
            name="measured",
            meta=base.DATA,
            marker={"size": 5, "color": base.PALETTE[1]},
            hovertemplate="H = %{x}, d = %{y}<br>%{z:.4f}<extra>measured</extra>",
        )
        owner.append((title, None))
        layers, widths, pairs = _mesh(table)
        for law, fit in fits[title].items():
            fig.add_surface(
                x=layers,
                y=widths,
                z=fit.predict(pairs).reshape(len(widths), len(layers)),
                name=label(law),
                opacity=0.75,
                showscale=False,
                colorscale="Cividis",
                hovertemplate="H = %{x:.1f}, d = %{y:.0f}<br>%{z:.4f}<extra>" + label(law) + "</extra>",
            )
            owner.append((title, law))
    choices = [(title, law) for title in tables for law in fits[title]]
    shown = [[title == chosen and law in (None, form) for title, law in owner] for chosen, form in choices]
    for trace, visible in zip(fig.data, shown[0], strict=True):
        trace.visible = visible
    axis = {"backgroundcolor": "rgba(0,0,0,0)", "gridcolor": "rgba(127,135,146,0.35)"}
    fig.update_layout(
        showlegend=False,
        margin={"l": 0, "r": 0, "b": 0},
        scene={
            "xaxis": axis | {"type": "log", "title": "layers H", "tickvals": [1, 2, 3, 4, 8, 16, 32]},
            "yaxis": axis | {"type": "log", "title": "width d", "tickvals": [4, 8, 12, 16, 32, 64, 96]},
            "zaxis": axis | {"title": metric.upper()},
            "camera": {"eye": {"x": -1.8, "y": -1.9, "z": 0.9}},
            "aspectratio": {"x": 1.1, "y": 1.1, "z": 0.8},
        },
    )
    names = [f"{title}: {label(law)}" if len(tables) > 1 else label(law) for title, law in choices]
    return menu(fig, [(name, {"visible": visible}, {}) for name, visible in zip(names, shown, strict=True)])


def menu(fig: go.Figure, choices: Sequence[tuple[str, dict, dict]]) -> go.Figure:
    """A list that unfolds, for more or longer choices than a row of buttons holds on a phone."""
    fig = buttons(fig, choices)
    fig.layout.updatemenus[-1].update(type="dropdown", direction="down")
    return fig


def slices(table: pd.DataFrame, fits: Mapping[str, Fit], metric: str, held: pd.Series) -> go.Figure:
    """Metric against width, a colour a depth, with the law's line and 95 % band; open signs were held out."""
    fig = base.figure("Depth by depth", x="width d", y=metric.upper(), log_x=True, height=500)
    owner: list[str | None] = []
    widths = np.geomspace(table["width"].min(), table["width"].max(), 40)
    for hue, sign, (depth, rows) in zip(base.PALETTE, base.SYMBOLS, table.groupby("layers"), strict=False):
        signs = np.where(held[rows.index], f"{sign}-open", sign)
        base.points(
            fig, rows["width"], rows[metric], f"H = {depth}", marker={"color": hue, "symbol": signs, "size": 10}
        )
        owner.append(None)
        for law, fit in fits.items():
            x = pd.DataFrame({"layers": float(depth), "width": widths})
            low, high = fit.band(x)
            base.line(fig, widths, fit.predict(x), f"H = {depth}", line={"color": hue}, showlegend=False)
            base.band(fig, widths, low, high, f"H = {depth}", hue, showlegend=False)
            owner += [law, law]
    values = table[metric]
    room = 0.6 * (values.max() - values.min())
    fig.update_yaxes(range=[values.min() - room, values.max() + room])
    fig.update_xaxes(tickvals=sorted(table["width"].unique()))
    shown = [[law in (None, chosen) for law in owner] for chosen in fits]
    for trace, visible in zip(fig.data, shown[0], strict=True):
        trace.visible = visible
    return menu(fig, [(label(law), {"visible": visible}, {}) for law, visible in zip(fits, shown, strict=True)])


def profile_of_q1(table: pd.DataFrame) -> go.Figure:
    """What the searched constant decides: R² above, the depth and width of the law's peak below, against q₁.

    ``table``: columns ``q1``, ``r2``, ``H*``, ``d*`` (NaN where the law has no peak).
    """
    fig = base.figure("One constant, almost no trace of it in R²", height=520)
    base.points(fig, table["q1"], table["r2"], "R²", marker={"color": base.PALETTE[0]}, mode="lines+markers")
    for hue, sign, name in zip(base.PALETTE[1:], base.SYMBOLS[1:], ("H*", "d*"), strict=False):
        rows = table.dropna(subset=name)
        base.points(
            fig, rows["q1"], rows[name], f"peak {name}", yaxis="y2", mode="lines+markers",
            marker={"color": hue, "symbol": sign}, line={"color": hue},
        )  # fmt: skip
    fig.update_layout(
        xaxis={"title": "q₁", "type": "log", "anchor": "y2", "tickvals": table["q1"].tolist()},
        yaxis={"domain": [0.57, 1], "title": "R²"},
        yaxis2={"domain": [0, 0.43], "title": "place of the peak", "type": "log"},
    )
    return fig


def held_out(table: pd.DataFrame, metric: str) -> go.Figure:
    """The held-out shape: what was measured, and what every law said with its 95 % band for one new measurement.

    ``table``: columns ``law``, ``predicted``, ``low``, ``high``, ``measured``.
    """
    fig = base.figure("Predicted before, measured after", x=metric.upper(), height=80 + 52 * len(table))
    names = [label(law) for law in table["law"]]
    error = {
        "array": table["high"] - table["predicted"],
        "arrayminus": table["predicted"] - table["low"],
        "color": base.PALETTE[0],
        "thickness": 1.5,
    }
    base.points(fig, table["predicted"], names, "predicted", error_x=error, marker={"color": base.PALETTE[0]})
    measured = float(table["measured"].iloc[0])
    fig.add_vline(measured, line={"color": base.PALETTE[1], "dash": "dash"})
    fig.add_annotation(x=measured, y=1, yref="paper", yanchor="bottom", text="measured", showarrow=False)
    around = np.concatenate([table["predicted"], [measured]])
    room = max(0.6 * np.ptp(around), 0.25 * abs(measured))
    fig.update_xaxes(range=[around.min() - room, around.max() + room])
    fig.update_yaxes(autorange="reversed")
    return fig
