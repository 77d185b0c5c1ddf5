"""Figures of Wukong's Table 5, refitted. Tables come from ``recscale.published``; one row is one point."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons
from recscale.figures.laws import only
from recscale.laws import Fit


def table5(points: pd.DataFrame, models: pd.DataFrame) -> go.Figure:
    """Table 5 with a line in log compute through every model's fitted points; buttons pick the task.

    ``points``: ``wukong_points`` with a y; ``models``: ``wukong_models``. Points that no line uses are open.
    """
    fig = base.figure(
        "Every model of Table 5 and its line",
        x="training compute (GFLOP per example, log scale)",
        y="log-loss relative to DLRM 2×512 (%)",
        log_x=True,
        height=560,
    )
    groups = []
    for (model, task), rows in points.groupby(["model", "task"], sort=False):
        line = models[(models["model"] == model) & (models["task"] == task)].iloc[0]
        ends = np.array([rows["gflop"].min(), rows["gflop"].max()])
        fitted = line["offset_1gflop"] + line["slope_per_decade"] * np.log10(ends)
        base.line(fig, ends, fitted, model, line={"color": base.colour(model)}, showlegend=False, hoverinfo="skip")
        rows = rows.sort_values("in_fit", ascending=False, kind="stable")  # the legend shows the first point's mark
        open_or_not = [base.symbol(model) + ("" if in_fit else "-open") for in_fit in rows["in_fit"]]
        base.points(
            fig,
            rows["gflop"],
            rows["y"],
            model,
            marker={"symbol": open_or_not},
            customdata=rows[["hyperparameters"]],
            hovertemplate="%{customdata[0]}<br>%{x:.3g} GFLOP per example<br>%{y:+.2f} %",
        )
        groups += [task, task]
    for trace, task in zip(fig.data, groups, strict=True):
        trace.visible = task == min(groups)
    return buttons(fig, [(f"task {task}", {"visible": only(task, groups)}, {}) for task in sorted(set(groups))])


def sizes_alone(sizes: pd.DataFrame, reach: float) -> go.Figure:
    """The fitted sizes of one model without any law, and empty room to ``reach`` times the largest: to be continued by
    hand. ``sizes``: ``readings.wukong_sizes``."""
    fig = base.figure(x="compute (GFLOP per example)", y="relative log-loss (%)", log_x=True, height=380)
    base.points(fig, sizes["gflop"], sizes["y"], "Wukong", hovertemplate="%{x:.3g} GFLOP per example<br>%{y:+.2f} %")
    drop = np.ptp(sizes["y"])
    ends = np.log10([sizes["gflop"].min() / 1.5, sizes["gflop"].max() * reach])
    fig.update_xaxes(range=ends.tolist())
    fig.update_yaxes(range=[sizes["y"].min() - drop, sizes["y"].max() + 0.2 * drop])
    return fig.update_layout(margin_t=16, showlegend=False)


def slopes_and_offsets(models: pd.DataFrame) -> go.Figure:
    """Slope and offset of every model with their 95 % intervals; buttons pick which. ``models``: ``wukong_models``."""
    fig = base.figure("Steeper, or just lower?", x="slope (% per decade of compute)", height=480)
    quantities = {
        "slope": ("slope_per_decade", "slope_low", "slope_high", "slope (% per decade of compute)"),
        "offset": ("offset_1gflop", "offset_low", "offset_high", "the line at 1 GFLOP per example (%)"),
    }
    tasks = list(models.groupby("task"))
    for hue, sign, shift, (task, rows) in zip(base.PALETTE, base.SYMBOLS, (0.12, -0.12), tasks, strict=False):
        middle, _, high, _ = quantities["slope"]
        base.points(
            fig,
            rows[middle],
            np.arange(len(rows)) + shift,
            f"task {task}",
            marker={"color": hue, "symbol": sign},
            error_x={"type": "data", "array": rows[high] - rows[middle], "color": hue, "thickness": 1.2},
            customdata=rows[["model", "points"]],
            hovertemplate="%{customdata[0]}, %{customdata[1]} sizes: %{x:.3f}",
        )
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
        for name, (middle, low, high, title) in quantities.items()
    ]
    return buttons(fig, choices)


def rivals(points: pd.DataFrame, fits: Mapping[str, Fit], hold_out: int) -> go.Figure:
    """Wukong's sizes with rival laws fitted to 100 + y, drawn 10 times beyond; ``hold_out`` of them were not fitted.

    ``points``: ``gflop, y``; ``fits``: name -> fit. Buttons pick a law's band.
    """
    fig = base.figure(
        "Three laws for the same points",
        x="training compute (GFLOP per example, log scale)",
        y="log-loss relative to DLRM 2×512 (%)",
        log_x=True,
        height=540,
    )
    x = np.geomspace(points["gflop"].min(), 10 * points["gflop"].max(), 120)
    groups: list[str | None] = []
    for hue, (name, fit) in zip((base.PALETTE[1], base.PALETTE[2], base.PALETTE[0]), fits.items(), strict=False):
        low, high = fit.band({"x": x})
        base.band(fig, x, low - 100, high - 100, f"{name}: 95 % band", hue)
        dash = "dash" if name == "log-linear" else "solid"  # it lies on the power law
        base.line(fig, x, fit.predict({"x": x}) - 100, name, line={"color": hue, "dash": dash})
        groups += [name, None]
    ordered = points.sort_values("gflop")
    for name, rows, sign in (
        ("fitted", ordered.iloc[: len(ordered) - hold_out], "circle"),
        ("held out", ordered.iloc[len(ordered) - hold_out :], "circle-open"),
    ):
        if len(rows):
            marker = {"color": base.colour("wukong"), "symbol": sign, "size": 11, "line": {"width": 2}}
            base.points(fig, rows["gflop"], rows["y"], name, marker=marker)
            groups.append(None)
    first = next(iter(fits))
    for trace, group in zip(fig.data, groups, strict=True):
        trace.visible = group is None or group == first
    fig.update_yaxes(range=[points["y"].min() - 0.45, points["y"].max() + 0.15])
    return buttons(fig, [(name, {"visible": only(name, groups)}, {}) for name in fits])


def forty(table: pd.DataFrame) -> go.Figure:
    """How many times Wukong's compute a DCNv2 of equal quality takes. ``table``: ``wukong_forty``; two points a row."""
    fig = base.figure(
        "DCNv2 needs how many times the compute?",
        x="size of DCNv2 (GFLOP per example, log scale)",
        y="its compute ÷ Wukong's (log scale)",
        log_x=True,
        log_y=True,
    )
    pairs = (("ratio_of_sizes", "smallest Wukong as good"), ("ratio_by_law", "Wukong's law, inverted"))
    for task, rows in table.groupby("task"):
        beside = rows["dcnv2_gflop"] * (1, 1.06)[task - 1]  # or the marks of one task would lie on the other's
        for sign, (column, name) in zip(("circle", "diamond-open"), pairs, strict=True):
            base.points(
                fig,
                beside,
                rows[column],
                f"task {task}: {name}",
                marker={"color": base.PALETTE[task - 1], "symbol": sign},
                customdata=rows[["y"]],
                hovertemplate="DCNv2 at %{customdata[0]:+.2f} %<br>%{y:.1f} times Wukong's compute",
            )
    ends = [table["dcnv2_gflop"].min(), table["dcnv2_gflop"].max()]
    return base.line(fig, ends, [40, 40], "claimed: 40", line={"color": base.NEUTRAL, "dash": "dot"})
