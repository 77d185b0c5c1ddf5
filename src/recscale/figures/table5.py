"""Figures of Wukong's Table 5, refitted. Tables come from ``recscale.published``; one row is one point."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons, switch
from recscale.laws import Fit

TABLE5_AXES = {
    "x": "training compute (GFLOP per example, log scale)",
    "y": "log-loss relative to DLRM 2×512 (%)",
    "log_x": True,
}
_POINT = "%{x:.3g} GFLOP per example<br>%{y:+.2f} %"


def table5(points: pd.DataFrame, models: pd.DataFrame) -> go.Figure:
    """Table 5 with a line in log compute through every model's fitted points; buttons pick the task.

    ``points``: ``wukong_points`` with a y; ``models``: ``wukong_models``. Points that no line uses are open.
    """
    fig = base.figure("Every model of Table 5 and its line", **TABLE5_AXES, height=560)
    tasks, lines = [], models.set_index(["model", "task"])
    hover = {"data": ["hyperparameters"], "hover": f"%{{customdata[0]}}<br>{_POINT}"}
    for (model, task), rows in points.groupby(["model", "task"], sort=False):
        line = lines.loc[model, task]
        ends = np.array([rows["gflop"].min(), rows["gflop"].max()])
        fitted = line["offset_1gflop"] + line["slope_per_decade"] * np.log10(ends)
        base.line(fig, ends, fitted, model, base.colour(model), showlegend=False, hoverinfo="skip")
        rows = rows.sort_values("in_fit", ascending=False, kind="stable")  # the legend shows the first point's mark
        open_or_not = [base.symbol(model) + ("" if in_fit else "-open") for in_fit in rows["in_fit"]]
        base.draw(fig, rows, "gflop", "y", model, sign=open_or_not, **hover)
        tasks += [task, task]
    return switch(fig, tasks, label="task {}".format)


def sizes_alone(sizes: pd.DataFrame, reach: float) -> go.Figure:
    """The fitted sizes of one model without any law, and empty room to ``reach`` times the largest: to be continued by
    hand. ``sizes``: ``readings.wukong_sizes``."""
    fig = base.figure(x="compute (GFLOP per example)", y="relative log-loss (%)", log_x=True, height=380)
    base.draw(fig, sizes, "gflop", "y", "Wukong", hover=_POINT)
    drop = np.ptp(sizes["y"])
    ends = np.log10([sizes["gflop"].min() / 1.5, sizes["gflop"].max() * reach])
    fig.update_xaxes(range=ends.tolist())
    fig.update_yaxes(range=[sizes["y"].min() - drop, sizes["y"].max() + 0.2 * drop])
    return fig.update_layout(margin_t=16, showlegend=False)


def slopes_and_offsets(models: pd.DataFrame) -> go.Figure:
    """Slope and offset of every model with their 95 % intervals; buttons pick which. ``models``: ``wukong_models``."""
    fig = base.figure("Steeper, or just lower?", x="slope (% per decade of compute)", height=480)
    quantities = {
        "slope": ("slope_per_decade", "slope_high", "slope (% per decade of compute)"),
        "offset": ("offset_1gflop", "offset_high", "the line at 1 GFLOP per example (%)"),
    }
    tasks = list(models.groupby("task"))
    hover = {"data": ["model", "points"], "hover": "%{customdata[0]}, %{customdata[1]} sizes: %{x:.3f}"}
    for place, (task, rows) in enumerate(tasks):
        half = rows["slope_high"] - rows["slope_per_decade"]
        error = {"type": "data", "array": half, "color": base.PALETTE[place], "thickness": 1.2}
        y = np.arange(len(rows)) + (0.12, -0.12)[place]
        base.draw(fig, rows, "slope_per_decade", y, f"task {task}", place=place, error_x=error, **hover)
    fig.update_yaxes(tickvals=list(range(len(tasks[0][1]))), ticktext=tasks[0][1]["model"].tolist())
    fig.add_vline(x=0, line={"color": base.NEUTRAL, "dash": "dot", "width": 1})
    choices = [
        (
            name,
            {
                "x": [rows[middle].tolist() for _, rows in tasks],
                "error_x.array": [(rows[high] - rows[middle]).tolist() for _, rows in tasks],
            },
            {"xaxis.title.text": title},
        )
        for name, (middle, high, title) in quantities.items()
    ]
    return buttons(fig, choices)


def rivals(points: pd.DataFrame, fits: Mapping[str, Fit], hold_out: int) -> go.Figure:
    """Wukong's sizes with rival laws fitted to 100 + y, drawn 10 times beyond; ``hold_out`` of them were not fitted.

    ``points``: ``gflop, y``; ``fits``: name -> fit. Buttons pick a law's band.
    """
    fig = base.figure("Three laws for the same points", **TABLE5_AXES, height=540)
    x = np.geomspace(points["gflop"].min(), 10 * points["gflop"].max(), 120)
    groups: list[str | None] = []
    for hue, (name, fit) in zip((base.PALETTE[1], base.PALETTE[2], base.PALETTE[0]), fits.items(), strict=False):
        low, high = fit.band({"x": x})
        base.band(fig, x, low - 100, high - 100, f"{name}: 95 % band", hue)
        dash = "dash" if name == "log-linear" else "solid"  # it lies on the power law
        base.line(fig, x, fit.predict({"x": x}) - 100, name, hue, dash=dash)
        groups += [name, None]
    ordered = points.sort_values("gflop")
    fitted = len(ordered) - hold_out
    for name, rows, sign in (
        ("fitted", ordered.iloc[:fitted], "circle"),
        ("held out", ordered.iloc[fitted:], "circle-open"),
    ):
        if len(rows):
            look = {"hue": base.colour("wukong"), "sign": sign, "size": 11, "marker": {"line": {"width": 2}}}
            base.draw(fig, rows, "gflop", "y", name, **look)
            groups.append(None)
    fig.update_yaxes(range=[points["y"].min() - 0.45, points["y"].max() + 0.15])
    return switch(fig, groups)


def forty(table: pd.DataFrame) -> go.Figure:
    """How many times Wukong's compute a DCNv2 of equal quality takes. ``table``: ``wukong_forty``; two points a row."""
    fig = base.figure(
        "DCNv2 needs how many times the compute?",
        x="size of DCNv2 (GFLOP per example, log scale)",
        y="its compute ÷ Wukong's (log scale)",
        log_x=True,
        log_y=True,
    )
    pairs = (
        ("ratio_of_sizes", "smallest Wukong as good", "circle"),
        ("ratio_by_law", "Wukong's law, inverted", "diamond-open"),
    )
    hover = "DCNv2 at %{customdata[0]:+.2f} %<br>%{y:.1f} times Wukong's compute"
    for task, rows in table.groupby("task"):
        beside = rows["dcnv2_gflop"] * (1, 1.06)[task - 1]  # or the marks of one task would lie on the other's
        for column, name, sign in pairs:
            look = {"hue": base.PALETTE[task - 1], "sign": sign, "data": ["y"], "hover": hover}
            base.draw(fig, rows, beside, column, f"task {task}: {name}", **look)
    return base.level(fig, table["dcnv2_gflop"], 40, "claimed: 40")
