"""The best shapes the Performance Law claimed and its "expansion potential", printed and recomputed."""

from itertools import product

import numpy as np
import pandas as pd

from recscale import laws
from recscale.laws.fit import Fit
from recscale.published.panels import AXES, panels, q1_profile
from recscale.published.tables import load

PEAKED = ("performance-law", "log-quadratic")
MEASURED = ["ndcg@10", "ndcg@50", "hr@10", "hr@50"]
# The claims of the paper's Table 2: where, under which constraint, and the shape said to be best (layers, width). The
# third names no panel: its printed rows lie on this one in both metrics, and on no other (``distances``).
CLAIMS = (
    ("ml-1m", 200, "none", 28, 54),
    ("industrial", 50, "layers = 64", 64, 603),
    ("ml-1m", 100, "layers × width = 512", 12, 44),
)


def optima_rows() -> pd.DataFrame:
    """The paper's table of shapes; ``same_as`` names the grid cell whose HR@10 and NDCG@10 equal the row's to four
    decimals.

    A row labelled with one shape and equal to the cell of another was not trained at the shape it names.
    """
    table, grid = load("performance_law_optima"), load("performance_law_grid")
    cells = grid.pivot_table(index=["dataset", "max_length", *AXES], columns="metric", values="value").reset_index()
    same = []
    for _, row in table.iterrows():
        equal = (np.abs(cells["HR@10"] - row["hr@10"]) < 1e-9) & (np.abs(cells["NDCG@10"] - row["ndcg@10"]) < 1e-9)
        equal &= (cells["dataset"] == row["dataset"]) & (cells["max_length"] == row["max_length"])
        same.append("; ".join(f"{c.layers} × {c.embedding_dim}" for c in cells[equal].itertuples()))
    table["same_as"] = same
    named = table["layers"].astype(str) + " × " + table["embedding_dim"].astype(str)
    return table.assign(relabelled=(table["same_as"] != "") & (table["same_as"] != named))


def optima_margins() -> pd.DataFrame:
    """By how much each claimed shape beats the best other row of its block, per metric."""
    table = load("performance_law_optima")
    rows = []
    for constraint, block in table.groupby("constraint", sort=False):
        claimed, others = block[block["predicted_optimum"] == "yes"], block[block["predicted_optimum"] == "no"]
        rows.append({"constraint": constraint, **{m: float(claimed[m].iloc[0] - others[m].max()) for m in MEASURED}})
    return pd.DataFrame(rows)


def distances() -> pd.DataFrame:
    """How far the rows printed under layers × width ≈ 512 lie from every panel whose range holds their shapes.

    Columns: ``metric``, ``dataset``, ``max_length``; ``miss``, the root mean square of printed value minus the panel's
    quadratic in ln H and ln d; ``scatter``, the standard deviation of the panel's own points about that surface. Rows
    wider than the widest panel of their depths (4 × 128) are left out.
    """
    table = load("performance_law_optima")
    printed = table[(table["dataset"] == "unstated") & (table["embedding_dim"] <= 100)]
    rows = []
    for (metric, dataset, length), points in panels().items():
        if all(printed[axis].between(points[axis].min(), points[axis].max()).all() for axis in AXES):
            fit = laws.fit("log-quadratic", points[AXES], points["value"])
            gap = printed[metric.lower()].to_numpy() - fit.predict(printed[AXES].astype(float))
            miss, scatter = float(np.sqrt((gap**2).mean())), float(np.sqrt(fit.linearised.variance))
            rows.append((metric, dataset, length, miss, scatter))
    return pd.DataFrame(rows, columns=["metric", "dataset", "max_length", "miss", "scatter"])


def constrained_peak(fit: Fit, product: float) -> tuple[float, float]:
    """The best (layers, width) with layers × width = ``product`` inside the measured range, on a fine grid."""
    layers, width = fit.problem.points.x
    low, high = max(layers.min(), product / width.max()), min(layers.max(), product / width.min())
    h = np.geomspace(low, high, 2001)
    best = int(np.argmax(fit.predict({"layers": h, "embedding_dim": product / h})))
    return float(h[best]), float(product / h[best])


def claimed_optima(bootstrap: int = 0) -> pd.DataFrame:
    """Each claimed shape and the peak of our refits to its panel, per metric and law, with 95 % intervals if
    ``bootstrap``.

    The paper doesn't name the panel of the third claim; it is taken as the one that its rows fit (``distances``).
    """
    grids, rows = panels(), []
    for (dataset, length, constraint, layers, width), metric, name in product(CLAIMS, ("HR@10", "NDCG@10"), PEAKED):
        points = grids[metric, dataset, length]
        fit = laws.fit(name, points[AXES], points["value"], bootstrap=bootstrap)
        row = {"dataset": dataset, "max_length": length, "constraint": constraint, "metric": metric, "law": name}
        rows.append(row | {"claimed_layers": layers, "claimed_width": width} | _peak(fit, constraint))
    return pd.DataFrame(rows)


def _peak(fit: Fit, constraint: str) -> dict:
    if constraint.startswith("layers ×"):
        layers, width = constrained_peak(fit, 512.0)
        return {"layers": layers, "width": width}
    peak, limits = dict(fit.optimum or {}), dict(fit.optimum_intervals or {})
    if constraint.startswith("layers ="):
        peak["layers"] = 64.0
        limits.pop("layers", None)
    place = {"width": peak.get("embedding_dim"), "layers": peak.get("layers")}
    for axis, column in (("layers", "layers"), ("width", "embedding_dim")):
        if column in limits:
            place[f"{axis}_low"], place[f"{axis}_high"] = limits[column]
    return place


def potential() -> pd.DataFrame:
    """The paper's table of expansion potentials, one row a model and precision."""
    table = load("performance_law_potential")
    wide = table.pivot(index=["model", "precision"], columns="quantity", values="value").reset_index()
    return wide[["model", "precision", "w1", "w2", *MEASURED]].rename_axis(columns=None)


def potential_by_q1(metric: str = "HR@10", dataset: str = "ml-1m", max_length: int = 200, q1=range(1, 33)):
    """How w₁ and w₂ (the script's signs) of one panel change with the constant q₁ that the paper chose panel by panel:
    q1, r2, w1, w2.

    "Potential" read off w₁ and w₂ compares models only at one common q₁.
    """
    return q1_profile(panels()[metric, dataset, max_length], q1)[["q1", "r2", "w1", "w2"]]
