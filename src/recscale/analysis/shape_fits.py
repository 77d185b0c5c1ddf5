"""Laws of a model's shape: the tables, fits and checks behind the Performance Law chapters.

A table of shapes has one row per run with the columns ``layers`` (H), ``width`` (d), ``seed`` and the metrics.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from recscale import laws
from recscale.laws import Fit
from recscale.runs.table import healthy, load_results, run_table
from recscale.settings import DATA

SHAPE_FORMS = ("performance-law", "performance-law-outside", "log-quadratic", "log-linear", "constant")
"""The law in its two published forms, and three controls that know nothing of transformers."""
SURE_PEAK = 0.95
"""Share of resamples that must have a peak at all before its interval says anything."""
Q1 = (1, 2, 4, 8, 12, 16, 24, 32)
GRID: Mapping[str, object] = {
    "model": "sasrec",
    "dataset": "movielens-1m",
    "max_length": 50,
    "precision": "fp32",
    "fraction": 1.0,
    "repeated": 0.0,
}
"""What the runs of the law's own grid share."""


def shapes(runs: pd.DataFrame, **values: object) -> pd.DataFrame:
    """The healthy runs of a study with their ``layers``, ``width`` and ``max_length``.

    ``values`` keep the rows with these values (``model="sasrec", max_length=50``). Collapsed and diverged runs are
    left out before any fit: a law through failed optimisations would describe the failures.
    """
    return having(healthy(run_table(runs)), values)


def pairs(table: pd.DataFrame) -> list[tuple[int, int]]:
    """The shape (layers, width) of every row of ``table``."""
    return list(zip(table["layers"].astype(int).tolist(), table["width"].astype(int).tolist(), strict=True))


def having(table: pd.DataFrame, values: Mapping[str, object]) -> pd.DataFrame:
    """The rows of ``table`` with these values."""
    for column, value in values.items():
        table = table[table[column] == value]
    return table.reset_index(drop=True)


def published(dataset: str, max_length: int) -> pd.DataFrame:
    """A grid of the authors' own measurements, with the columns ``layers``, ``width``, ``hr@10`` and ``ndcg@10``."""
    rows = pd.read_csv(DATA / "published" / "performance_law_grid.csv")
    rows = rows.query("dataset == @dataset and max_length == @max_length")
    grid = rows.pivot(index=["layers", "embedding_dim"], columns="metric", values="value").reset_index()
    return grid.rename(columns={"embedding_dim": "width", "HR@10": "hr@10", "NDCG@10": "ndcg@10"})


def grids(live: pd.DataFrame, metric: str) -> dict[str, pd.DataFrame]:
    """Three measured grids side by side, title -> a row per shape, the mean over its seeds: ``layers``, ``width`` and
    ``metric``.

    One of the authors' (which hold HR@10 and NDCG@10 only), our full grid as committed, and ``live``.
    """
    full = shapes(load_results("sequential-grid"), **GRID).rename(columns={f"test_{metric}": metric})
    authors = {"the authors' grid": published("ml-1m", 100)} if metric in ("hr@10", "ndcg@10") else {}
    tables = authors | {"our full grid": full, "this page's grid": live}
    return {title: table.groupby(["layers", "width"], as_index=False)[metric].mean() for title, table in tables.items()}


def fit_forms(
    table: pd.DataFrame, metric: str, *, forms: Sequence[str] = SHAPE_FORMS, **options: object
) -> dict[str, Fit]:
    """Each of ``forms`` fitted to ``metric`` over (layers, width); ``options`` go to ``Law.fit``."""
    x = table[["layers", "width"]].astype(float)
    return {name: laws.fit(name, x, table[metric], **options) for name in forms}


def law_at(q1: float, x: pd.DataFrame, y: ArrayLike) -> Fit:
    """The law (exponent inside) fitted with the constant q₁ fixed. ``x``: layers and widths, by position."""
    return laws.fit(laws.get("performance-law").with_values(q1=[q1]), x, y)


def comparison(fits: Mapping[str, Fit]) -> pd.DataFrame:
    """The fits side by side, indexed by form.

    Columns: ``free`` (numbers it may choose), ``r2``, ``aicc``, ``loo_rmse`` (each shape predicted from all others) and
    ``held_out_rmse`` (the shapes kept out of the fit; nan without any), both in the unit of the metric.
    """
    rows = [(fit.law.free, fit.r2, fit.aicc, fit.leave_one_size_out_rmse, fit.held_out_rmse) for fit in fits.values()]
    return pd.DataFrame(rows, index=list(fits), columns=["free", "r2", "aicc", "loo_rmse", "held_out_rmse"])


def largest(table: pd.DataFrame, count: int) -> pd.Series:
    """Marks the rows of the ``count`` largest sizes, by layers × width: those ``hold_out_largest`` keeps out."""
    size = table["layers"] * table["width"]
    return size >= np.sort(size.unique())[-count]


def predictions(fits: Mapping[str, Fit], unseen: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Each fit's prediction for the shapes in ``unseen``, a row per fit and shape.

    Columns: ``law``, ``layers``, ``width``, ``predicted``, its 95 % band for one new run ``low``, ``high``, and
    ``measured``, the mean of the runs of that shape.
    """
    means = unseen.groupby(["layers", "width"], as_index=False)[metric].mean().rename(columns={metric: "measured"})
    table = predicted_for(means, {metric: fits})
    return table[["law", "layers", "width", "predicted", "low", "high", "measured"]]


def predicted_for(spots: pd.DataFrame, fits: Mapping[str, Mapping[str, Fit]]) -> pd.DataFrame:
    """``spots`` (with layers and width) for every metric and law of ``fits``, with the band for one new run."""
    x, tables = spots[["layers", "width"]].astype(float), []
    for metric, by_law in fits.items():
        for law, fit in by_law.items():
            low, high = fit.band(x, observation=True)
            columns = {"metric": metric.lower(), "predicted": fit.predict(x), "low": low, "high": high, "law": law}
            tables.append(spots.assign(**columns))
    return pd.concat(tables, ignore_index=True)


def over_q1(table: pd.DataFrame, metric: str, values: Sequence[int] = Q1) -> pd.DataFrame:
    """``law_at`` each value of the constant q₁.

    Columns: ``q1``, ``r2``, ``w1`` … ``w4``, and the place of the peak, ``H*`` and ``d*`` (nan: no peak on that axis).
    """
    x, weights, rows = table[["layers", "width"]].astype(float), ["w1", "w2", "w3", "w4"], []
    for value in values:
        fit = law_at(value, x, table[metric])
        peak = (fit.optimum or {"layers": np.nan, "width": np.nan}).values()
        rows.append((value, fit.r2, *(fit.parameters[name] for name in weights), *peak))
    return pd.DataFrame(rows, columns=["q1", "r2", *weights, "H*", "d*"])


def data_term(offset: float, choices: Sequence[tuple[float, float]], p2: float = 0.5) -> pd.DataFrame:
    """Triples (D′, w₅, b) with one sum ``ln D′^w₅ + p₂/D′^w₅ + b``: a single data set can't tell them apart.

    ``choices``: pairs (D′, w₅). Columns: ``D′``, ``w₅``, ``data term``, ``b`` and ``sum``, which is ``offset``
    everywhere.
    """
    table = pd.DataFrame(choices, columns=["D′", "w₅"])
    term = table["w₅"] * np.log(table["D′"]) + p2 * table["D′"] ** -table["w₅"]
    return table.assign(**{"data term": term, "b": offset - term, "sum": term + (offset - term)})


def peaks(table: pd.DataFrame, metric: str, form: str, *, resamples: int = 200, seed: int = 0) -> pd.DataFrame:
    """Where ``form`` peaks, a row per axis: ``measured_low`` and ``measured_high`` (the range of the axis), ``peak``
    (nan: nowhere), its 95 % interval ``low``, ``high`` over those resampled cells that have a peak, and whether it is
    ``inside``: that whole interval within what was measured, and a peak in at least ``SURE_PEAK`` of the resamples.
    """
    fit, rows = fit_forms(table, metric, forms=[form], bootstrap=resamples, seed=seed)[form], {}
    for axis in ("layers", "width"):
        first, last, peak = table[axis].min(), table[axis].max(), (fit.optimum or {}).get(axis, np.nan)
        low, high = (fit.optimum_intervals or {}).get(axis, (np.nan, np.nan))
        inside = np.isfinite(peak) and first <= low and high <= last and fit.peaked(axis) >= SURE_PEAK
        rows[axis] = (first, last, peak, low, high, bool(inside))
    columns = ["measured_low", "measured_high", "peak", "low", "high", "inside"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def optima(tables: Mapping[str, pd.DataFrame], metric: str, forms: Sequence[str], **options: int) -> pd.DataFrame:
    """``peaks`` of several forms on several grids, a row per grid, form and axis; ``options`` go to it.

    Columns: ``points`` (title of the grid), ``form``, ``axis``, and those of ``peaks``.
    """
    found = {(title, form): peaks(table, metric, form, **options) for title, table in tables.items() for form in forms}
    return pd.concat(found, names=["points", "form", "axis"]).reset_index()


def by_metric(table: pd.DataFrame) -> pd.DataFrame:
    """Every test metric of one grid, indexed by metric.

    Columns: ``r2_law`` and ``r2_line`` of the law and of the line in logs, ``spread`` (largest less smallest cell, over
    the mean), and the best cell, ``layers`` and ``width``.
    """
    rows = {}
    for metric in ("ndcg@10", "hr@10", "ndcg@50", "hr@50", "mrr"):
        column = table[f"test_{metric}"]
        r2 = [fit.r2 for fit in fit_forms(table, column.name, forms=("performance-law", "log-linear")).values()]
        best = table.loc[column.idxmax(), ["layers", "width"]]
        rows[metric] = (*r2, np.ptp(column) / column.mean(), *map(int, best))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["r2_law", "r2_line", "spread", "layers", "width"])


def winners(fit: Fit, table: pd.DataFrame, counts: Sequence[int], *, draws: int = 2000, seed: int = 0) -> pd.DataFrame:
    """How often the best cell wins if ``fit`` is the truth and its residuals are the noise of one seed.

    A row per number of seeds in ``counts``. Columns: ``seeds`` per cell, ``noise`` (standard deviation of a cell's
    mean, unit of the metric), ``best_wins`` (share of ``draws`` in which the truly best cell is the best measured).
    """
    truth = fit.predict(table[["layers", "width"]].drop_duplicates().astype(float))
    squares, dof = (fit.residuals["residual"] ** 2).sum(), max(fit.n_points - fit.law.free, 1)
    random, rows = np.random.default_rng(seed), []
    for count in counts:
        noise = float(np.sqrt(squares / dof)) / np.sqrt(count)
        measured = truth + random.normal(0, noise, (draws, len(truth)))
        rows.append((count, noise, (measured.argmax(1) == truth.argmax()).mean()))
    return pd.DataFrame(rows, columns=["seeds", "noise", "best_wins"])
