"""Figures of the Performance Law's own numbers, refitted; tables of ``recscale.published``, one row a point."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recscale.figures import base
from recscale.figures.controls import buttons, dropdown, swap, switch
from recscale.figures.performance_law import label
from recscale.laws import Fit

_SHORT = {"ml-1m": "ML-1M", "kuairand-pure": "KR-Pure", "amazon-books": "Books", "industrial": "Industrial"}
LAW_COLOURS = {
    "performance-law": base.PALETTE[1],
    "performance-law-outside": base.PALETTE[3],
    "log-quadratic": base.PALETTE[0],
    "log-linear": base.PALETTE[2],
    "constant": base.NEUTRAL,
}
LAW_LOOKS = {law: (hue, base.SYMBOLS[k]) for k, (law, hue) in enumerate(LAW_COLOURS.items())}
"""Hue and sign of a law."""

TITLES = {law: label(law) for law in LAW_COLOURS} | {"log-linear": "straight line in logs"}
_PANEL = ["metric", "dataset", "max_length"]


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
        base.line(fig, [], [], "", hue, line={"shape": "spline"}, showlegend=False, hoverinfo="skip")
        base.points(fig, [], [], "", marker={"color": hue, "symbol": sign})
    choices = [
        (panel_name(*key), _panel_traces(panels[key], fits[key], widths), _layers_axis(key[0], panels[key]["layers"]))
        for key in [first, *(key for key in panels if key != first)]
    ]
    _, traces, layout = choices[0]
    for k, trace in enumerate(fig.data):
        trace.update({name: values[k] for name, values in traces.items()})
    return dropdown(fig.update_layout(layout), choices)


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
    names = [panel_name(*row) for row in table[_PANEL].itertuples(index=False)]
    rows = np.arange(len(table))[::-1]
    series = (
        ("performance_law_printed", "printed", 0, "performance-law"),
        ("performance_law_nearest", "nearest of ours over q₁", 1, "performance-law"),
        ("r2_best", "best of ours over q₁", 2, "performance-law"),
        ("scaling_law_printed", "printed", 0, "log-linear"),
        ("scaling_law_recomputed", "ours", 1, "log-linear"),
    )
    for column, name, place, _ in series:
        hue, sign = base.PALETTE[place], ("circle-open", "x-thin-open", "line-ns-open")[place]
        look = {"hue": hue, "sign": sign, "size": 11, "marker": {"line": {"width": 2, "color": hue}}}
        base.draw(fig, table, column, rows, name, customdata=names, hover="%{customdata}<br>%{x:.6f}", **look)
    fig.update_yaxes(tickvals=rows.tolist(), ticktext=names, tickfont_size=11)
    return switch(fig, [law for *_, law in series], dropdown, TITLES.get)


def q1_profile(profile: pd.DataFrame, printed: float, name: str) -> go.Figure:
    """R² and the decay exponents of one panel at each q₁; buttons pick. ``profile``: ``q1_profile``."""
    fig = base.figure(f"What q₁ changes: {name}", x="q₁", y="R² in the sample")
    look = {"hue": base.PALETTE[0], "joined": 1, "size": 7}
    base.draw(fig, profile, "q1", "r2", "refit at this q₁", hover="q₁ = %{x}<br>%{y:.6f}", **look)
    base.level(fig, profile["q1"], printed, "printed R²")
    low = min(profile["r2"].drop(profile["r2"].idxmin()).min(), printed)
    margin = max(profile["r2"].max() - low, 1e-4)
    fig.update_yaxes(range=[low - 0.2 * margin, profile["r2"].max() + 0.2 * margin])
    axes = {
        "r2": ("R²", {"yaxis.title.text": "R² in the sample", "yaxis.range": list(fig.layout.yaxis.range)}),
        "w3": ("w₃ (depth)", {"yaxis.title.text": "w₃ (depth)", "yaxis.autorange": True}),
        "w4": ("w₄ (width)", {"yaxis.title.text": "w₄ (width)", "yaxis.autorange": True}),
    }
    choices = [
        (name, {"y": [profile[column].tolist(), [printed] * 2], "visible": [True, column == "r2"]}, layout)
        for column, (name, layout) in axes.items()
    ]
    return buttons(fig, choices)


def depth_terms(table: pd.DataFrame, layers: np.ndarray) -> go.Figure:
    """What depth adds to the metric, w₁ (ln H^w₃ + 1/(q₁ H^w₃)), less its value at the peak, and the peaks.

    ``table``: a row per q₁ with ``q1, w1, w3, peak``; one point a row. ``layers``: the H at which the curves are drawn.
    """
    axes = {"x": "layers H (log scale)", "y": "metric, less its peak", "log_x": True}
    fig = base.figure("One axis of the law, at several q₁", **axes)
    for hue, row in zip(base.PALETTE, table.itertuples(), strict=False):
        power, top = layers**row.w3, row.peak**row.w3
        values, highest = (row.w1 * (np.log(u) + 1 / (row.q1 * u)) for u in (power, top))
        base.line(fig, layers, values - highest, f"q₁ = {row.q1:g}, w₃ = {row.w3:.2f}", hue)
    look = {"hue": base.NEUTRAL, "sign": "diamond", "size": 10, "data": ["q1"]}
    hover = "q₁ = %{customdata[0]}: %{x:.1f} layers"
    return base.draw(fig, table, "peak", np.zeros(len(table)), "peak, q₁^(1/|w₃|)", hover=hover, **look)


def controls(models: pd.DataFrame) -> go.Figure:
    """Rival laws on every panel: AICc above the best, or the error at a left-out cell. ``models``: ``panel_models``."""
    columns = {
        "AICc": ("delta_aicc", "AICc above the panel's best"),
        "left-out cell": ("error", "error at a left-out cell (RMSE, 10<sup>−3</sup>)"),
    }
    fig = base.figure("What the decay terms buy", x=columns["AICc"][1], height=640)
    panel = models.groupby(_PANEL, sort=False).ngroup()
    table = models.assign(row=-panel, error=1e3 * models["leave_one_size_out_rmse"])
    groups = list(table.groupby("law", sort=False))
    hover = "<br>R² %{customdata[0]:.4f}, adjusted %{customdata[1]:.4f}"
    hover += "<br>error at a left-out cell %{customdata[2]:.2f}·10<sup>−3</sup>"
    for law, rows in groups:
        hue, sign = LAW_LOOKS[law]
        look = {"hue": hue, "sign": sign, "size": 8, "marker": {"opacity": 0.85}}
        own = {"data": ["r2", "r2_adjusted", "error"], "hover": TITLES[law] + hover}
        base.draw(fig, rows, "delta_aicc", "row", TITLES[law], **look, **own)
    names = [panel_name(*key) for key in table[_PANEL].drop_duplicates().itertuples(index=False)]
    fig.update_yaxes(tickvals=[-k for k in range(len(names))], ticktext=names, tickfont_size=11)
    return swap(fig, [rows for _, rows in groups], columns)


def optima(table: pd.DataFrame) -> go.Figure:
    """Claimed best shapes (stars) and the peaks of our refits with intervals. ``table``: ``claimed_optima``.

    Points: one a row of the table and one a claim.
    """
    fig = base.figure(
        "Where the peak is", x="layers H (log scale)", y="width d (log scale)", log_x=True, log_y=True, height=520
    )
    owners, claims = [], dict(list(table.groupby("constraint", sort=False)))
    ends = {"x_ends": ("layers_low", "layers_high"), "y_ends": ("width_low", "width_high")}
    bar = {"thickness": 1.2, "width": None}
    for constraint, rows in claims.items():
        fits = list(rows.groupby(["law", "metric"], sort=False))
        for (law, metric), row in fits:
            look = {"hue": LAW_COLOURS[law], "sign": "circle" if metric.startswith("HR") else "square"}
            base.draw(fig, row, "layers", "width", f"{TITLES[law]}, {metric}", **look, **ends, bar=bar)
        star = {"hue": base.PALETTE[3], "sign": "star", "size": 15}
        base.draw(fig, rows.iloc[:1], "claimed_layers", "claimed_width", "claimed", **star)
        owners += [constraint] * (len(fits) + 1)
    names = {"none": "global", "layers = 64": "64 layers", "layers × width = 512": "H·d = 512"}
    ticks = {constraint: _optima_ticks(rows) for constraint, rows in claims.items()}
    fig.update_layout(ticks[owners[0]])
    return switch(fig, owners, label=lambda constraint: names.get(constraint, constraint), layouts=ticks)


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
        base.line(fig, ends, offset + slope * ends, f"R² = {r2:.4f}", base.NEUTRAL, dash="dot")
        hover = "length %{customdata[0]}, %{customdata[1]:,} tokens printed<br>1/D = %{y:.4f}"
        own = {"joined": 0, "data": ["max_length", "tokens"], "hover": hover}
        named = table.assign(term=x, dataset=table["dataset"].replace(_SHORT))
        base.series(fig, named, "dataset", "term", fitted.name, **own)
        groups += [name] * (1 + table["dataset"].nunique())
    return switch(fig, groups, dropdown)


def loss_curves(points: pd.DataFrame, curves: pd.DataFrame) -> go.Figure:
    """Training loss against layers with the loss law at its printed constants; buttons pick the length.

    ``points``: ``performance_law_loss``; ``curves``: ``loss_curves``.
    """
    fig = base.figure("The loss law", x="layers H (log scale)", y="training loss", log_x=True, height=500)
    lengths, laws = [], curves.set_index(["max_length", "embedding_dim"])
    for length, part in points.groupby("max_length"):
        for place, (width, rows) in enumerate(part.groupby("embedding_dim")):
            law, n = laws.loc[length, width], np.geomspace(rows["layers"].min(), rows["layers"].max(), 40)
            y = law["K"] * (1 / n + law["inverse_D_printed"]) ** law["a_printed"]
            base.line(fig, n, y, f"law at {width}", base.PALETTE[place], showlegend=False, hoverinfo="skip")
            base.draw(fig, rows, "layers", "training_loss", f"width {width}", place=place)
            lengths += [length, length]
    ticks = sorted(points["layers"].unique().tolist())
    fig.update_xaxes(tickvals=ticks, ticktext=[str(n) for n in ticks])
    return switch(fig, lengths, label="length {}".format)


def potential(by_q1: pd.DataFrame, printed: pd.DataFrame) -> go.Figure:
    """−w₁ and −w₂ of one panel at every q₁, and what is printed for three backbones. Two points a row of ``by_q1``."""
    fig = base.figure("One panel's potential, at every q₁", x="q₁", y="weight (log scale)", log_y=True)
    for place, (column, name) in enumerate((("w1", "−w₁ (depth)"), ("w2", "−w₂ (width)"))):
        base.draw(fig, by_q1, "q1", column, name, place=place, size=7)
    for _, row in printed.iterrows():
        hue = base.colour(row["model"].lower().removesuffix("2"))
        base.level(fig, by_q1["q1"], row["w1"], f"{row['model']}, printed for depth", hue=hue, width=1.5)
    return fig
