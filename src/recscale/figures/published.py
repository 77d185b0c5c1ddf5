"""Figures of the Performance Law's own numbers, refitted; tables of ``recscale.published``, one row a point."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons
from recscale.figures.laws import dropdown, only
from recscale.laws import Fit

_SHORT = {"ml-1m": "ML-1M", "kuairand-pure": "KR-Pure", "amazon-books": "Books", "industrial": "Industrial"}
LAW_COLOURS = {
    "performance-law": base.PALETTE[1],
    "performance-law-outside": base.PALETTE[3],
    "log-quadratic": base.PALETTE[0],
    "log-linear": base.PALETTE[2],
    "constant": base.NEUTRAL,
}
TITLES = {
    "performance-law": "Performance Law",
    "performance-law-outside": "law, exponents outside",
    "log-quadratic": "quadratic in logs",
    "log-linear": "straight line in logs",
    "constant": "constant",
}


def panel_name(metric: str, dataset: str, max_length: int) -> str:
    """``HR@10, ML-1M 100``: a panel in as few words as a phone allows."""
    return f"{metric}, {_SHORT.get(dataset, dataset)} {max_length}"


def panel_curves(panels: Mapping[tuple, pd.DataFrame], models: pd.DataFrame, first: tuple) -> go.Figure:
    """The panels one at a time: value against layers, one series per width, with the refitted law; a menu picks.

    ``models``: rows of ``panel_models`` for one law, with ``fit``. The traces hold the points of ``first``, the menu
    those of every panel.
    """
    fig = base.figure(
        "The published points and the Performance Law", x="layers H (log scale)", y="value", log_x=True, height=560
    )
    fits = {(r.metric, r.dataset, int(r.max_length)): r.fit for r in models.itertuples()}
    widths = max(points["embedding_dim"].nunique() for points in panels.values())
    for hue, sign, _ in zip(base.PALETTE, base.SYMBOLS, range(widths), strict=False):
        base.line(fig, [], [], "", line={"color": hue, "shape": "spline"}, showlegend=False, hoverinfo="skip")
        base.points(fig, [], [], "", marker={"color": hue, "symbol": sign})
    choices = [
        (panel_name(*key), _panel_traces(panels[key], fits[key], widths), _layers_axis(key[0], panels[key]["layers"]))
        for key in [first, *(key for key in panels if key != first)]
    ]
    _, traces, layout = choices[0]
    for k, trace in enumerate(fig.data):
        trace.update({name: values[k] for name, values in traces.items()})
    fig.update_layout(layout)
    return dropdown(fig, choices)


def _panel_traces(points: pd.DataFrame, fit: Fit, widths: int) -> dict[str, list]:
    """``x, y, name, visible`` of a panel's traces: curve and points of each width, and none for widths it lacks."""
    traces: dict[str, list] = {"x": [], "y": [], "name": [], "visible": []}
    for width, rows in points.groupby("embedding_dim"):
        layers = np.geomspace(rows["layers"].min(), rows["layers"].max(), 12)
        curve = fit.predict({"layers": layers, "embedding_dim": np.full(12, float(width))})
        traces["x"] += [layers.round(2).tolist(), rows["layers"].tolist()]
        traces["y"] += [curve.round(5).tolist(), rows["value"].tolist()]
        traces["name"] += [f"law at {width}", f"width {width}"]
    lacking = 2 * widths - len(traces["x"])
    traces["visible"] = [True] * len(traces["x"]) + [False] * lacking
    for name, none in (("x", []), ("y", []), ("name", "")):
        traces[name] += [none] * lacking
    return traces


def _layers_axis(metric: str, layers: pd.Series) -> dict[str, object]:
    """Changes to the layout: the metric's title, a tick at every number of layers."""
    ticks = sorted(layers.unique().tolist())
    return {"yaxis.title.text": metric, "xaxis.tickvals": ticks, "xaxis.ticktext": [str(h) for h in ticks]}


def r2_printed_and_ours(table: pd.DataFrame) -> go.Figure:
    """R² printed and recomputed, all panels; a menu picks the law. ``table``: ``panel_r2``: five points a row."""
    fig = base.figure("R², printed and recomputed", x="R² in the sample", height=640)
    names = [panel_name(*row) for row in table[["metric", "dataset", "max_length"]].itertuples(index=False)]
    rows = np.arange(len(table))[::-1]
    series = (
        ("performance_law_printed", "printed", "circle-open", base.PALETTE[0], True),
        ("performance_law_nearest", "nearest of ours over q₁", "x-thin-open", base.PALETTE[1], True),
        ("r2_best", "best of ours over q₁", "line-ns-open", base.PALETTE[2], True),
        ("scaling_law_printed", "printed", "circle-open", base.PALETTE[0], False),
        ("scaling_law_recomputed", "ours", "x-thin-open", base.PALETTE[1], False),
    )
    for column, name, sign, hue, visible in series:
        marker = {"color": hue, "symbol": sign, "size": 11, "line": {"width": 2, "color": hue}}
        base.points(
            fig,
            table[column],
            rows,
            name,
            marker=marker,
            visible=visible,
            customdata=names,
            hovertemplate="%{customdata}<br>%{x:.6f}",
        )
    fig.update_yaxes(tickvals=rows.tolist(), ticktext=names, tickfont_size=11)
    laws = [0, 0, 0, 1, 1]
    choices = [
        (name, {"visible": only(k, laws)}, {}) for k, name in enumerate(("Performance Law", TITLES["log-linear"]))
    ]
    return dropdown(fig, choices)


def q1_profile(profile: pd.DataFrame, printed: float, name: str) -> go.Figure:
    """R² and the decay exponents of one panel at each q₁; buttons pick. ``profile``: ``q1_profile``."""
    fig = base.figure(f"What q₁ changes: {name}", x="q₁", y="R² in the sample")
    base.points(
        fig,
        profile["q1"],
        profile["r2"],
        "refit at this q₁",
        mode="lines+markers",
        line={"width": 1, "color": base.PALETTE[0]},
        marker={"size": 7, "color": base.PALETTE[0]},
        hovertemplate="q₁ = %{x}<br>%{y:.6f}",
    )
    ends = [profile["q1"].min(), profile["q1"].max()]
    base.line(fig, ends, [printed] * 2, "printed R²", line={"color": base.NEUTRAL, "dash": "dot"})
    low = min(profile["r2"].drop(profile["r2"].idxmin()).min(), printed)
    margin = max(profile["r2"].max() - low, 1e-4)
    fig.update_yaxes(range=[low - 0.2 * margin, profile["r2"].max() + 0.2 * margin])
    shown = [True, False]
    choices = [
        (
            "R²",
            {"y": [profile["r2"].tolist(), [printed] * 2], "visible": [True, True]},
            {"yaxis.title.text": "R² in the sample", "yaxis.range": list(fig.layout.yaxis.range)},
        ),
        *(
            (
                label,
                {"y": [profile[c].tolist(), [printed] * 2], "visible": shown},
                {"yaxis.title.text": label} | {"yaxis.autorange": True},
            )
            for c, label in (("w3", "w₃ (depth)"), ("w4", "w₄ (width)"))
        ),
    ]
    return buttons(fig, choices)


def depth_terms(table: pd.DataFrame, layers: np.ndarray) -> go.Figure:
    """What depth adds to the metric, w₁ (ln H^w₃ + 1/(q₁ H^w₃)), less its value at the peak, and the peaks.

    ``table``: a row per q₁ with ``q1, w1, w3, peak``; one point a row. ``layers``: the H at which the curves are drawn.
    """
    fig = base.figure(
        "One axis of the law, at several q₁", x="layers H (log scale)", y="metric, less its peak", log_x=True
    )
    for hue, row in zip(base.PALETTE, table.itertuples(), strict=False):
        power, top = layers**row.w3, row.peak**row.w3
        values, highest = (row.w1 * (np.log(u) + 1 / (row.q1 * u)) for u in (power, top))
        base.line(fig, layers, values - highest, f"q₁ = {row.q1:g}, w₃ = {row.w3:.2f}", line={"color": hue})
    base.points(
        fig,
        table["peak"],
        np.zeros(len(table)),
        "peak, q₁^(1/|w₃|)",
        marker={"color": base.NEUTRAL, "symbol": "diamond", "size": 10},
        customdata=table[["q1"]],
        hovertemplate="q₁ = %{customdata[0]}: %{x:.1f} layers",
    )
    return fig


def controls(models: pd.DataFrame) -> go.Figure:
    """Rival laws on every panel: AICc above the best, or the error at a left-out cell. ``models``: ``panel_models``."""
    fig = base.figure("What the decay terms buy", x="AICc above the panel's best", height=640)
    keys = models[["metric", "dataset", "max_length"]].drop_duplicates().itertuples(index=False, name=None)
    place = {key: -k for k, key in enumerate(keys)}
    table = models.assign(
        row=[place[r] for r in models[["metric", "dataset", "max_length"]].itertuples(index=False, name=None)]
    )
    table["error"] = 1e3 * table["leave_one_size_out_rmse"]
    groups = list(table.groupby("law", sort=False))
    for law, rows in groups:
        sign = base.SYMBOLS[list(LAW_COLOURS).index(law)]
        base.points(
            fig,
            rows["delta_aicc"],
            rows["row"],
            TITLES[law],
            marker={"color": LAW_COLOURS[law], "symbol": sign, "size": 8, "opacity": 0.85},
            customdata=rows[["r2", "r2_adjusted", "error"]],
            hovertemplate=f"{TITLES[law]}<br>R² %{{customdata[0]:.4f}}, adjusted %{{customdata[1]:.4f}}"
            "<br>error at a left-out cell %{customdata[2]:.2f}·10<sup>−3</sup>",
        )
    fig.update_yaxes(tickvals=list(place.values()), ticktext=[panel_name(*k) for k in place], tickfont_size=11)
    choices = [
        (name, {"x": [rows[column].tolist() for _, rows in groups]}, {"xaxis.title.text": title})
        for name, column, title in (
            ("AICc", "delta_aicc", "AICc above the panel's best"),
            ("left-out cell", "error", "error at a left-out cell (RMSE, 10<sup>−3</sup>)"),
        )
    ]
    return buttons(fig, choices)


def optima(table: pd.DataFrame) -> go.Figure:
    """Claimed best shapes (stars) and the peaks of our refits with intervals. ``table``: ``claimed_optima``.

    Points: one a row of the table and one a claim.
    """
    fig = base.figure(
        "Where the peak is", x="layers H (log scale)", y="width d (log scale)", log_x=True, log_y=True, height=520
    )
    groups: list[int] = []
    claims = list(table.groupby("constraint", sort=False))
    for k, (_, rows) in enumerate(claims):
        for (law, metric), row in rows.groupby(["law", "metric"], sort=False):
            hue = LAW_COLOURS[law]
            sign = "circle" if metric.startswith("HR") else "square"
            spread = {
                f"error_{axis}": {
                    "type": "data",
                    "symmetric": False,
                    "array": (row[f"{name}_high"] - row[name]).fillna(0),
                    "arrayminus": (row[name] - row[f"{name}_low"]).fillna(0),
                    "color": hue,
                    "thickness": 1.2,
                }
                for axis, name in (("x", "layers"), ("y", "width"))
            }
            base.points(
                fig,
                row["layers"],
                row["width"],
                f"{TITLES[law]}, {metric}",
                marker={"color": hue, "symbol": sign},
                **spread,
            )
        claim = rows.iloc[:1]
        marker = {"symbol": "star", "size": 15, "color": base.PALETTE[3]}
        base.points(fig, claim["claimed_layers"], claim["claimed_width"], "claimed", marker=marker)
        groups += [k] * (rows.groupby(["law", "metric"]).ngroups + 1)
    for trace, group in zip(fig.data, groups, strict=True):
        trace.visible = group == 0
    names = {"none": "global", "layers = 64": "64 layers", "layers × width = 512": "H·d = 512"}
    ticks = [_optima_ticks(rows) for _, rows in claims]
    fig.update_layout(ticks[0])
    choices = [(names.get(c, c), {"visible": only(k, groups)}, ticks[k]) for k, (c, _) in enumerate(claims)]
    return buttons(fig, choices)


def _optima_ticks(rows: pd.DataFrame) -> dict[str, list]:
    """Changes to the layout: ticks at round numbers over the peaks of ``rows``, their intervals and the claim."""
    changes = {}
    for axis, name in (("xaxis", "layers"), ("yaxis", "width")):
        values = rows[[name, f"{name}_low", f"{name}_high", f"claimed_{name}"]].to_numpy(float)
        low, high = np.nanmin(values), np.nanmax(values)
        step = next((s for s in (1, 2, 5, 10, 20, 50, 100) if high - low <= 8 * s), 200)
        ticks = np.arange(np.ceil(low / step) * step, high + 1e-9, step)
        changes |= {f"{axis}.tickvals": ticks.tolist(), f"{axis}.ticktext": [f"{tick:g}" for tick in ticks]}
    return changes


def ablation(terms: Mapping[str, pd.Series], table: pd.DataFrame, quantity: str) -> go.Figure:
    """The fitted 1/D of every setting against one over a data term, with its straight line; a menu picks the term.

    ``terms``: name -> values by row of ``table`` (``performance_law_datasets``). Every term draws every row.
    """
    title = f"The data term, on reciprocals: {quantity}"
    fig = base.figure(title, x="1 / data term (share of the largest)", y="fitted 1/D (10<sup>-7</sup>)")
    fitted = table[f"fitted_inverse_D_{quantity}_1e-7"]
    groups = []
    for name, term in terms.items():
        x = term / term.max()
        slope, offset = np.polyfit(x, fitted, 1)
        r2, ends = np.corrcoef(x, fitted)[0, 1] ** 2, np.array([0, 1.02])
        base.line(fig, ends, offset + slope * ends, f"R² = {r2:.4f}", line={"color": base.NEUTRAL, "dash": "dot"})
        for hue, sign, (dataset, rows) in zip(
            base.PALETTE, base.SYMBOLS, table.groupby("dataset", sort=False), strict=False
        ):
            base.points(
                fig,
                x[rows.index],
                fitted[rows.index],
                _SHORT.get(dataset, dataset),
                marker={"color": hue, "symbol": sign},
                customdata=rows[["max_length", "tokens"]],
                hovertemplate="length %{customdata[0]}, %{customdata[1]:,} tokens printed<br>1/D = %{y:.4f}",
            )
        groups += [name] * (1 + table["dataset"].nunique())
    first = next(iter(terms))
    for trace, group in zip(fig.data, groups, strict=True):
        trace.visible = group == first
    return dropdown(fig, [(name, {"visible": only(name, groups)}, {}) for name in terms])


def loss_curves(points: pd.DataFrame, curves: pd.DataFrame) -> go.Figure:
    """Training loss against layers with the loss law at its printed constants; buttons pick the length.

    ``points``: ``performance_law_loss``; ``curves``: ``loss_curves``.
    """
    fig = base.figure("The loss law", x="layers H (log scale)", y="training loss", log_x=True, height=500)
    groups = []
    for length, part in points.groupby("max_length"):
        for hue, sign, (width, rows) in zip(base.PALETTE, base.SYMBOLS, part.groupby("embedding_dim"), strict=False):
            law = curves[(curves["max_length"] == length) & (curves["embedding_dim"] == width)].iloc[0]
            n = np.geomspace(rows["layers"].min(), rows["layers"].max(), 40)
            y = law["K"] * (1 / n + law["inverse_D_printed"]) ** law["a_printed"]
            base.line(fig, n, y, f"law at {width}", line={"color": hue}, showlegend=False, hoverinfo="skip")
            name = f"width {width}"
            base.points(fig, rows["layers"], rows["training_loss"], name, marker={"color": hue, "symbol": sign})
            groups += [length, length]
    for trace, length in zip(fig.data, groups, strict=True):
        trace.visible = length == min(groups)
    ticks = sorted(points["layers"].unique().tolist())
    fig.update_xaxes(tickvals=ticks, ticktext=[str(n) for n in ticks])
    choices = [(f"length {length}", {"visible": only(length, groups)}, {}) for length in sorted(set(groups))]
    return buttons(fig, choices)


def potential(by_q1: pd.DataFrame, printed: pd.DataFrame) -> go.Figure:
    """−w₁ and −w₂ of one panel at every q₁, and what is printed for three backbones. Two points a row of ``by_q1``."""
    fig = base.figure("One panel's potential, at every q₁", x="q₁", y="weight (log scale)", log_y=True)
    for hue, sign, (column, name) in zip(
        base.PALETTE, base.SYMBOLS, (("w1", "−w₁ (depth)"), ("w2", "−w₂ (width)")), strict=False
    ):
        base.points(fig, by_q1["q1"], by_q1[column], name, marker={"color": hue, "symbol": sign, "size": 7})
    for _, row in printed.iterrows():
        hue = base.colour(row["model"].lower().removesuffix("2"))
        name = f"{row['model']}, printed for depth"
        ends = [by_q1["q1"].min(), by_q1["q1"].max()]
        base.line(fig, ends, [row["w1"]] * 2, name, line={"color": hue, "dash": "dot", "width": 1.5})
    return fig
