"""Two explorers of laws: fit your own points, and a law dragged over measured ones.

``book/_static/laws.js`` holds the laws' functions, ``fitter.js``, ``solver.js`` and ``fit.js`` the library's fit in
JavaScript; what they need to know (names, bounds, search nodes, points) comes from here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recscale import laws, published
from recscale.analysis.data_scaling import data_grid, joint_inputs
from recscale.figures.explorers import Explorer
from recscale.laws.law import LAWS, Law, Parameter
from recscale.runs.table import Columns, by_configuration, load_runs

MOST_COLUMNS = 3
"""So many columns of x the page offers to the laws that take any number."""
_LADDERS = {
    ("movielens-1m", "random"): "Our ladder, MovieLens-1M",
    ("movielens-1m", "time"): "Our ladder, MovieLens-1M split by time",
    ("kuairand-pure", "official"): "Our ladder, KuaiRand-Pure",
}
DRAGGED = ("Our ladder, MovieLens-1M", "Our ladder, MovieLens-1M split by time")
"""The ladders of the law explorer: those whose loss falls with size."""
_METRIC = "test_logloss"


@dataclass(frozen=True, eq=False)
class Example:
    """A table the page offers: its ``points``, the law fitted at first, its columns and so many sizes held out."""

    title: str
    points: pd.DataFrame
    law: str
    x: tuple[str, ...]
    y: str
    hold_out: int = 0
    by: str = ""


def fit_points(examples: Iterable[Example] | None = None) -> Explorer:
    """Fit your own points, opened on the first of ``examples`` (default: ``example_tables``)."""
    content = [
        {"title": one.title, "file": "points.csv", "csv": one.points.to_csv(index=False)}
        | {"law": one.law, "x": list(one.x), "y": one.y, "by": one.by, "hold_out": one.hold_out}
        for one in (example_tables() if examples is None else examples)
    ]
    table = pd.DataFrame([{"law": law.name, "equation": law.equation} for law in LAWS.values()]).set_index("law")
    return Explorer("fit-points", "Fit your own points", {"registry": registry(), "examples": content}, table)


def law_explorer(form: str = "power-law-floor") -> Explorer:
    """The law explorer on our ladders and Wukong's published points; the table holds the fits of ``form``."""
    ladders = {title: points for title, points in _ladders().items() if title in DRAGGED}
    sets = [
        _dragged(title, "FLOP per example", "test log loss", points[Columns.FLOP], points[_METRIC])
        for title, points in ladders.items()
    ]
    for task in (1, 2):
        title, points = f"Wukong, Table 5, task {task}", _wukong(task)
        sets.append(_dragged(title, "GFLOP per example", "100 + relative log loss, %", points["gflop"], points["loss"]))
    entries = [entry for entry in registry() if entry["name"] in ("power-law", "power-law-floor")]
    rows = {
        one["title"]: laws.fit(form, one["x"], one["y"], hold_out_largest=one["hold_out"]).parameters for one in sets
    }
    table = pd.DataFrame.from_dict(rows, orient="index").map(lambda value: f"{value:.6g}")
    return Explorer("law", "Law explorer", {"registry": entries, "sets": sets}, table)


def _dragged(title: str, unit: str, value: str, x: pd.Series, y: pd.Series) -> dict[str, Any]:
    """Points of the law explorer, as its script reads them."""
    named = {"title": title, "size": "training compute", "unit": unit, "value": value, "hold_out": 2}
    return named | {"x": x.astype(float).tolist(), "y": y.tolist()}


def _ladders() -> dict[str, pd.DataFrame]:
    """Seed means of the committed Wukong ladders by title, one row per size."""
    runs = load_runs("ctr-scaling")
    own = runs[runs[Columns.MODEL] == "wukong"]
    return {
        title: by_configuration(own[(own["dataset"] == dataset) & (own["split"] == split)]).sort_values(Columns.FLOP)
        for (dataset, split), title in _LADDERS.items()
    }


def example_tables() -> list[Example]:
    """Our ladders and data grid, and every published table that a law was drawn through."""
    size = "flop_per_example"
    sizes = {title: points.rename(columns={Columns.FLOP: size}) for title, points in _ladders().items()}
    own = [Example(title, one[[size, _METRIC]], "power-law", (size,), _METRIC, 2) for title, one in sizes.items()]
    grid = data_grid(load_runs("ctr-data"))
    cells = joint_inputs(grid).assign(**{_METRIC: grid.table[_METRIC]})
    own.append(Example("Our data grid, parameters and rows", cells, "chinchilla", ("N", "D"), _METRIC, 2))
    wukong = [Example(f"Wukong, Table 5, task {task}", _wukong(task), "wukong", ("gflop",), "y", 2) for task in (1, 2)]
    parts = published.panels().items()
    panels = pd.concat([rows.assign(panel=" ".join(map(str, key))) for key, rows in parts], ignore_index=True)
    panels = panels[["panel", "layers", "embedding_dim", "value"]]
    axes = ("layers", "embedding_dim")
    joint = published.joint_points()[[*axes, "data", "value"]].rename(columns={"data": "D_prime"})
    curves = published.load("performance_law_loss")
    names = curves["max_length"].astype(str) + " items, width " + curves["embedding_dim"].astype(str)
    losses = curves.assign(curve=names)[["curve", "layers", "training_loss"]]
    return [
        *own,
        *wukong,
        Example("Performance Law, 20 panels", panels, "performance-law", axes, "value", by="panel"),
        Example("Performance Law, HR@10 of all settings", joint, "performance-law-joint", (*axes, "D_prime"), "value"),
        Example("Loss curves of the P-Law repository", losses, "loss-law", ("layers",), "training_loss", by="curve"),
    ]


def _wukong(task: int) -> pd.DataFrame:
    """Wukong's seven rows of Table 5: gflop, y (relative log loss, %), loss = 100 + y."""
    points = published.wukong_points()
    rows = points[(points["model"] == "Wukong") & (points["task"] == task)]
    return rows[["gflop", "y"]].assign(loss=100 + rows["y"])


def registry() -> list[dict[str, Any]]:
    """Every registered law as plain JSON values: what ``laws.js`` joins with its functions.

    Of a law that takes any number of columns there is an entry for 1 to ``MOST_COLUMNS``, with {0}, {1}, … for their
    names. ``lower``, ``upper`` and ``nodes`` are null where they are infinite or depend on the points.
    """
    return [_entry(law) for registered in LAWS.values() for law in _members(registered)]


def _members(law: Law) -> list[Law]:
    if law.any_variables is None:
        return [law]
    return [law.for_columns(tuple(f"{{{k}}}" for k in range(count))) for count in range(1, MOST_COLUMNS + 1)]


def _entry(law: Law) -> dict[str, Any]:
    return {
        "name": law.name,
        "equation": law.equation,
        "variables": list(law.variables),
        "scale": law.scale,
        "linear": [_parameter(one) for one in law.linear],
        "nonlinear": [
            _parameter(one) | {"nodes": None if callable(one.nodes) else [float(value) for value in one.nodes]}
            for one in law.nonlinear
        ],
        "constants": [{"name": c.name, "meaning": c.meaning, "values": list(c.values)} for c in law.grid_constants],
    }


def _parameter(one: Parameter) -> dict[str, Any]:
    limits = {"lower": one.lower, "upper": one.upper}
    return {"name": one.name, "meaning": one.meaning} | {n: v if np.isfinite(v) else None for n, v in limits.items()}
