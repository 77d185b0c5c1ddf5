"""What every figure of the book shares: its look, its colours, and how it reaches a page.

A figure function builds on ``figure`` and adds traces with ``draw`` or ``points`` (what was measured or printed:
counted), ``line`` and ``band`` (what was computed from it: not counted). A chapter's cell then ends in
``show(fig, points=N)``, where N is the number of rows of the table behind the figure, so that a row lost on the way to
the page is an error and not a quiet gap.
"""

import base64
import hashlib
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from IPython.display import HTML, display
from numpy.typing import ArrayLike
from plotly.colors import hex_to_rgb

from recscale.figures.overlay import bars
from recscale.figures.ticks import label_log_axes

DATA = "data"
"""``trace.meta`` of a trace that shows rows of a table. Only such traces are counted."""

BOOK_BUILD = "RECSCALE_BOOK_BUILD"
"""Environment variable the executor of the book sets; without it figures show as in any notebook."""

PALETTE = (
    *("#0072B2", "#D55E00", "#009E73", "#C15C9B", "#B58900", "#3E9CC9", "#8C6D46", "#7A7FCF"),
    *("#9A4DFF", "#DC143C"),
)
"""Okabe and Ito's colour-blind-safe hues, shifted towards the middle where one of the two themes would swallow them,
and a violet and a crimson, which lie farthest from all of these."""

NEUTRAL = "#7F8792"
"""References, diagonals, baselines: readable on white and on black."""

MODEL_COLOURS: Mapping[str, str] = {
    "wukong": PALETTE[1],
    "dlrm": PALETTE[0],
    "dcnv2": PALETTE[2],
    "autoint+": PALETTE[3],
    "finalmlp": PALETTE[4],
    "masknet": PALETTE[5],
    "afn+": PALETTE[6],
    "xdeepfm": PALETTE[7],
    "crossnet": PALETTE[8],
    "wukong+cross": PALETTE[9],
    "sasrec": PALETTE[0],
    "hstu": PALETTE[1],
    "llama": PALETTE[2],
}
"""The same model has the same colour in every chapter. The two families never share a figure, so they share hues."""

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "pentagon", "star", "x", "hexagon")
"""A second sign beside the colour, for readers who can't tell the colours apart and for print."""

AXIS = {
    "automargin": True,
    "gridcolor": "rgba(127,135,146,0.25)",
    "zeroline": False,
    "exponentformat": "power",
    "title": {"font": {"size": 13}, "standoff": 8},
    "tickfont": {"size": 12},
}

TEMPLATE = go.layout.Template(
    layout={
        "colorway": PALETTE,
        "font": {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 13, "color": "#5A6270"},
        "title": {"x": 0, "xanchor": "left", "y": 0.985, "yanchor": "top", "font": {"size": 15}, "pad": {"l": 8}},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 48, "r": 12, "t": 44, "b": 44},
        "hovermode": "closest",
        "legend": {"orientation": "h", "xref": "container", "x": 0.01, "yref": "container", "y": 0},
        "xaxis": AXIS,
        "yaxis": AXIS,
        "colorscale": {"sequential": "Cividis"},
        "modebar": {"bgcolor": "rgba(0,0,0,0)"},
    }
)

CONFIG = {
    "responsive": True,
    "displaylogo": False,
    "showSendToCloud": False,  # no figure offers to upload its data, and there is no address to upload them to
    "plotlyServerURL": "",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}


def colour(name: str) -> str:
    """The colour of a model (any spelling of its case); the same neutral grey for everything else."""
    return MODEL_COLOURS.get(name.lower(), NEUTRAL)


def symbol(name: str) -> str:
    """The marker of a model; a circle for everything else."""
    hue = MODEL_COLOURS.get(name.lower(), PALETTE[0])
    return SYMBOLS[PALETTE.index(hue)]


def translucent(hue: str, opacity: float = 0.18) -> str:
    """``#rrggbb`` as an ``rgba(…)`` string, for bands."""
    red, green, blue = hex_to_rgb(hue)
    return f"rgba({red},{green},{blue},{opacity})"


def figure(
    title: str = "", *, x: str = "", y: str = "", log_x: bool = False, log_y: bool = False, height: int = 460
) -> go.Figure:
    """An empty figure in the book's look. ``x`` and ``y`` are axis titles with units, in Unicode or HTML, not LaTeX."""
    fig = go.Figure()
    fig.update_layout(template=TEMPLATE, height=height, title_text=title or None)
    fig.update_xaxes(title_text=x or None, type="log" if log_x else None)
    fig.update_yaxes(title_text=y or None, type="log" if log_y else None)
    return fig


def points(fig: go.Figure, x: ArrayLike, y: ArrayLike, name: str, **options: Any) -> go.Figure:
    """Add measured or published points: counted by ``show``. Colour and symbol follow ``name`` if it is a model's.

    ``options`` go to ``plotly.graph_objects.Scatter`` (``marker``, ``error_y``, ``customdata``, ``hovertemplate``, …).
    """
    hue = colour(name) if name.lower() in MODEL_COLOURS else None
    marker = {"size": 9, "color": hue, "symbol": symbol(name)} | options.pop("marker", {})
    return fig.add_scatter(
        **{"x": x, "y": y, "name": name, "mode": "markers", "marker": marker, "meta": DATA} | options
    )


def draw(
    fig: go.Figure,
    rows: pd.DataFrame | Mapping[str, Any],
    x: str | ArrayLike,
    y: str | ArrayLike,
    name: str,
    *,
    place: int | None = None,
    hue: Any = None,
    sign: Any = None,
    size: Any = None,
    joined: float = 0,
    dash: str | None = None,
    data: Any = None,
    hover: str | None = None,
    x_ends: Sequence[str] = (),
    y_ends: Sequence[str] = (),
    bar: Mapping[str, Any] | None = None,
    **options: Any,
) -> go.Figure:
    """Add ``rows`` of a table as ``points``; ``x`` and ``y`` are columns of it, or values.

    ``place``: the hue and the sign of the ``place``-th of several series. ``hue``, ``sign``, ``size``: the marks' own,
    or one for each. ``joined``: width of a line through them, 0 for none. ``data``: columns for ``customdata``, shown
    by ``hover``, the template. ``x_ends``, ``y_ends``: columns of both ends of an interval, drawn by ``bars`` with
    ``bar``. ``options``: as for ``points``.
    """
    if place is not None:
        hue = hue or PALETTE[place % len(PALETTE)]
        sign = SYMBOLS[place % len(SYMBOLS)] if sign is None else sign
    at = {letter: rows[one] if isinstance(one, str) else one for letter, one in (("x", x), ("y", y))}
    for letter, ends in (("x", x_ends), ("y", y_ends)):
        if ends:
            options[f"error_{letter}"] = bars(at[letter], *(rows[end] for end in ends), **{"hue": hue} | (bar or {}))
    own = {"color": hue, "symbol": sign, "size": size}
    options["marker"] = {key: one for key, one in own.items() if one is not None} | options.pop("marker", {})
    if joined:
        options = {"mode": "lines+markers", "line": {"color": hue, "width": joined, "dash": dash}} | options
    if data is not None:
        options["customdata"] = rows[data]
    return points(fig, **at, name=name, hovertemplate=hover, **options)


def series(fig: go.Figure, table: pd.DataFrame, by: str, x: str, y: str, name: str = "{}", **options: Any) -> go.Figure:
    """``draw`` the rows of ``table`` as joined points, one series per value of ``by`` under its ``name``."""
    for place, (key, rows) in enumerate(table.groupby(by, sort=False)):
        draw(fig, rows, x, y, name.format(key), **{"place": place, "joined": 1.5} | options)
    return fig


def line(fig: go.Figure, x: ArrayLike, y: ArrayLike, name: str, hue: str | None = None, **options: Any) -> go.Figure:
    """Add a computed curve (a fitted law): not counted. ``dash`` and ``width`` are those of its line."""
    stroke = {"color": hue or MODEL_COLOURS.get(name.lower()), "dash": options.pop("dash", None)}
    stroke |= {"width": options.pop("width", 2)} | options.pop("line", {})
    return fig.add_scatter(**{"x": x, "y": y, "name": name, "mode": "lines", "line": stroke} | options)


def level(fig: go.Figure, x: ArrayLike, y: float, name: str, **options: Any) -> go.Figure:
    """Add a line at ``y`` over the range of ``x``, neutral and dotted; ``options`` as for ``line``."""
    return line(fig, [np.min(x), np.max(x)], [y, y], name, **{"hue": NEUTRAL, "dash": "dot"} | options)


def pieces(fig: go.Figure, rows: pd.DataFrame, x: str, y: str, name: str, hue: str, **options: Any) -> go.Figure:
    """Add ``rows`` as pieces of lying bars, stacked in the order of their calls: counted."""
    bar = {"orientation": "h", "marker": {"color": hue}, "meta": DATA}
    fig.add_bar(x=rows[x], y=rows[y], name=name, **bar, **options)
    return fig.update_layout(barmode="stack", legend={"traceorder": "normal"})


def band(
    fig: go.Figure, x: ArrayLike, low: ArrayLike, high: ArrayLike, name: str, hue: str, **options: Any
) -> go.Figure:
    """Add an interval around a curve: a closed area from ``low`` to ``high``, not counted."""
    around = {
        "x": np.concatenate([np.asarray(x), np.asarray(x)[::-1]]),
        "y": np.concatenate([np.asarray(high), np.asarray(low)[::-1]]),
        "fill": "toself",
        "fillcolor": translucent(hue),
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
    }
    return fig.add_scatter(**around | {"name": name} | options)


def count_points(traces: Sequence[Mapping[str, Any]]) -> int:
    """How many points the data traces (``meta == DATA``) draw; one with a missing coordinate is not drawn."""
    return sum(_drawn(trace) for trace in traces if trace.get("meta") == DATA)


def _drawn(trace: Mapping[str, Any]) -> int:
    """Points of one trace, given as the plain dictionary that goes into the page."""
    if trace.get("z") is not None and trace.get("type") != "scatter3d":
        return int(np.sum(_present(trace["z"])))
    columns = [_present(trace[key]) for key in ("x", "y", "z", "values", "r", "theta") if trace.get(key) is not None]
    if not columns:
        return 0
    return int(np.sum(np.logical_and.reduce(columns)))


def _present(values: Any) -> np.ndarray:
    """Which entries of a column are there; Plotly writes numeric arrays as base64."""
    if isinstance(values, Mapping):
        return np.isfinite(_column(values)).ravel()
    flat = [entry for row in values for entry in (row if isinstance(row, list | tuple | np.ndarray) else (row,))]
    return np.array(
        [entry is not None and not (isinstance(entry, float) and math.isnan(entry)) for entry in flat], bool
    )


def trimmed(part: Any) -> Any:
    """Traces with seven digits a number, more than a screen or a hover label shows: half the weight of a page.

    Plotly writes columns of numbers as base64; double precision becomes single where the numbers fit into it, and
    decimal where a hover label may show them as they are.
    """
    if isinstance(part, float) and math.isfinite(part):
        return float(f"{part:.7g}")
    if isinstance(part, list):
        return [trimmed(entry) for entry in part]
    if isinstance(part, Mapping) and part.get("dtype") == "f8":
        doubles = _column(part)
        with np.errstate(over="ignore"):
            singles = doubles.astype("f4")
        if np.array_equal(np.isfinite(doubles), np.isfinite(singles)):
            return dict(part) | {"dtype": "f4", "bdata": base64.b64encode(singles.tobytes()).decode()}
        return part
    if isinstance(part, Mapping):
        return {key: trimmed(_decimal(entry) if key in _LABELS else entry) for key, entry in part.items()}
    return part


_LABELS = ("customdata", "text")


def _decimal(column: Any) -> Any:
    """A base64 column of doubles as a list; anything else as it is."""
    if not isinstance(column, Mapping) or column.get("dtype") != "f8":
        return column
    return listed(column)


def listed(column: Mapping[str, str]) -> list:
    """A base64 column as a list, with None for numbers that JSON has no word for."""
    values = _column(column)
    return np.where(np.isfinite(values), values.astype(object), None).tolist()


def _column(part: Mapping[str, str]) -> np.ndarray:
    shape = [int(n) for n in part["shape"].split(",")] if "shape" in part else -1
    return np.frombuffer(base64.b64decode(part["bdata"]), dtype=part["dtype"]).reshape(shape)


@dataclass(frozen=True, eq=False)
class Shown:
    """A figure on its way to a page: HTML when the book is built, the notebook's own renderer everywhere else."""

    figure: go.Figure
    points: int
    name: str
    caption: str

    def _ipython_display_(self) -> None:
        if os.environ.get(BOOK_BUILD):
            display(HTML(self.to_html()))
        else:
            self.figure.show(config=CONFIG)
            if self.caption:
                display(HTML(f"<p><em>{escape(self.caption)}</em></p>"))

    def to_html(self) -> str:
        """The figure as data: ``figures.js`` of the book draws it, in the colours of the reader's theme."""
        parts = json.loads(self.figure.to_json())
        parts |= {"data": trimmed(parts["data"]), "config": CONFIG}
        content = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
        content = content.replace("<", "\\u003c")  # text in the figure can't end the script element
        key = hashlib.sha256(content.encode()).hexdigest()[:8]
        height = self.figure.layout.height or 450
        label = escape(re.sub(r"<[^>]*>", "", self.figure.layout.title.text or self.name))
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        return (
            f'<figure class="recscale-figure" id="figure-{self.name}-{key}" '
            f'data-figure="{self.name}" data-points="{self.points}">'
            f'<div class="recscale-plot" style="height:{height}px" role="group" aria-label="{label}"></div>'
            f'<script type="application/json">{content}</script>{caption}</figure>'
        )


def show(fig: go.Figure, points: int, *, caption: str = "", name: str = "") -> Shown:
    """The last line of a cell with a figure.

    ``points`` is the number of rows the table behind the figure holds; ``caption`` is plain text; ``name`` names the
    figure in the page (default: from its title). Raises ``ValueError`` when the data traces draw another
    number of points.
    """
    drawn = count_points(fig.to_dict()["data"])
    if points <= 0:
        raise ValueError(f"a figure must show at least one point, and the table behind this one has {points}")
    if drawn != points:
        raise ValueError(f"the table behind the figure has {points} points, but its data traces draw {drawn}")
    title = re.sub(r"<[^>]*>", " ", fig.layout.title.text or "plot")
    slug = re.sub(r"[^a-z0-9]+", "-", (name or title).lower()).strip("-")[:48] or "plot"
    return Shown(label_log_axes(fig), points, slug, caption)
