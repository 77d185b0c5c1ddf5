"""Laws of a model's shape: the tables, fits and checks behind the Performance Law chapters.

A table of shapes has one row a run with the columns ``layers`` (H), ``width`` (d), ``seed`` and the metrics.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from recscale import laws
from recscale.laws import Fit
from recscale.runs.store import load_results
from recscale.runs.table import Columns, healthy, run_table
from recscale.settings import DATA

FORMS = ("performance-law", "performance-law-outside", "log-quadratic", "log-linear", "constant")
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


def left_out(runs: pd.DataFrame, **values: object) -> int:
    """How many runs with these values ``shapes`` leaves out as collapsed or diverged."""
    table = run_table(runs)
    return len(having(table[~table[Columns.HEALTHY]], values))


def pairs(table: pd.DataFrame) -> set[tuple[int, int]]:
    """The shapes (layers, width) in ``table``."""
    return set(zip(table["layers"], table["width"], strict=True))


def having(table: pd.DataFrame, values: Mapping[str, object]) -> pd.DataFrame:
    """The rows of ``table`` with these values."""
    for column, value in values.items():
        table = table[table[column] == value]
    return table.reset_index(drop=True)


def published(dataset: str, max_length: int) -> pd.DataFrame:
    """A grid of the authors' own measurements, with the columns ``layers``, ``width``, ``hr@10`` and ``ndcg@10``."""
    rows = pd.read_csv(DATA / "published" / "performance_law_grid.csv")
    rows = rows[(rows["dataset"] == dataset) & (rows["max_length"] == max_length)]
    grid = rows.pivot(index=["layers", "embedding_dim"], columns="metric", values="value").reset_index()
    return grid.rename(columns={"embedding_dim": "width", "HR@10": "hr@10", "NDCG@10": "ndcg@10"})


def grids(live: pd.DataFrame, metric: str) -> dict[str, pd.DataFrame]:
    """The measured grids to lay side by side, title -> table with a column ``metric``: ``live``, the full one once it
    is committed, and one of the authors' (which hold HR@10 and NDCG@10 only)."""
    tables = {"measured here": live}
    full = load_results("sequential-grid")
    if len(full):
        grid = shapes(full, **GRID)
        tables["MovieLens-1M, full grid"] = grid.rename(columns={f"test_{metric}": metric})
    if metric in ("hr@10", "ndcg@10"):
        tables["the authors' MovieLens-1M"] = published("ml-1m", 100)
    return tables


def fit_forms(table: pd.DataFrame, metric: str, *, forms: Sequence[str] = FORMS, **options: object) -> dict[str, Fit]:
    """Each of ``forms`` fitted to ``metric`` over (layers, width); ``options`` go to ``Law.fit``."""
    x = table[["layers", "width"]].astype(float)
    return {name: laws.fit(name, x, table[metric], **options) for name in forms}


def comparison(fits: dict[str, Fit]) -> pd.DataFrame:
    """The fits side by side: how many numbers each may choose, and how it does on points it saw and did not see."""
    rows = {
        name: {
            "free": fit.law.free,
            "R²": fit.r2,
            "adjusted R²": fit.r2_adjusted,
            "AICc": fit.aicc,
            "left-out RMSE": fit.leave_one_size_out_rmse,
            "held-out RMSE": fit.held_out["rmse"] if fit.held_out else np.nan,
        }
        for name, fit in fits.items()
    }
    return pd.DataFrame(rows).T.astype({"free": int})


def largest(table: pd.DataFrame, count: int) -> pd.Series:
    """Marks the rows of the ``count`` largest sizes, by layers × width: those ``hold_out_largest`` keeps out."""
    size = table["layers"] * table["width"]
    return size >= np.sort(size.unique())[-count]


def predictions(fits: dict[str, Fit], held: pd.DataFrame, metric: str) -> pd.DataFrame:
    """What each fit says about the held-out shapes, with its 95 % band for one new measurement, and the measurement."""
    x = held[["layers", "width"]].astype(float)
    tables = []
    for name, fit in fits.items():
        low, high = fit.band(x, observation=True)
        said = {"law": name, "predicted": fit.predict(x), "low": low, "high": high, "measured": held[metric]}
        tables.append(pd.DataFrame(said))
    return pd.concat(tables, ignore_index=True)


def over_q1(table: pd.DataFrame, metric: str, values: Sequence[int] = Q1) -> pd.DataFrame:
    """The law (exponent inside) refitted with the constant q₁ held at each value: R², w's, and where its peak lies."""
    x, rows = table[["layers", "width"]].astype(float), []
    for value in values:
        fit = laws.fit(laws.get("performance-law").with_values(q1=[value]), x, table[metric])
        peak = dict(zip(("H*", "d*"), (fit.optimum or {"H": None, "d": None}).values(), strict=True))
        chosen = {name: fit.parameters[name] for name in ("w1", "w2", "w3", "w4")}
        rows.append({"q1": value, "r2": fit.r2, **chosen, **peak})
    return pd.DataFrame(rows).astype({"H*": float, "d*": float})


def data_term(offset: float, choices: Sequence[tuple[float, float]], p2: float = 0.5) -> pd.DataFrame:
    """Triples (D′, w₅, b) with one sum ``ln D′^w₅ + p₂/D′^w₅ + b``: a single data set can't tell them apart."""
    rows = []
    for data, w5 in choices:
        term = w5 * np.log(data) + p2 * data**-w5
        b = offset - term
        rows.append({"D′": data, "w₅": w5, "data term": term, "b": b, "sum": term + b})
    return pd.DataFrame(rows)


def peaks(table: pd.DataFrame, metric: str, form: str, *, resamples: int = 200, seed: int = 0) -> pd.DataFrame:
    """Where ``form`` peaks, an axis a row: ``peak`` (nan: nowhere), its 95 % interval ``low``, ``high`` over those
    resampled cells that have a peak, and whether it is ``inside``: that whole interval within what was measured, and a
    peak in at least ``SURE_PEAK`` of the resamples.
    """
    fit = fit_forms(table, metric, forms=[form], bootstrap=resamples, seed=seed)[form]
    rows = {}
    for axis in ("layers", "width"):
        peak = (fit.optimum or {}).get(axis)
        low, high = (fit.optimum_intervals or {}).get(axis, (np.nan, np.nan))
        inside = peak is not None and table[axis].min() <= low and high <= table[axis].max()
        inside = inside and fit.peaked(axis) >= SURE_PEAK
        rows[axis] = {"peak": np.nan if peak is None else peak, "low": low, "high": high, "inside": bool(inside)}
    return pd.DataFrame(rows).T.astype({"peak": float, "low": float, "high": float, "inside": bool})


def optimum(table: pd.DataFrame, metric: str, form: str, *, seed: int = 0) -> list[dict]:
    """``peaks`` with a verdict in words.

    Not identifiable: no peak, a peak outside the measured range, or an interval that leaves it.
    """
    rows = []
    for axis, found in peaks(table, metric, form, seed=seed).iterrows():
        known = (
            f"{found['low']:.3g} to {found['high']:.3g}" if np.isfinite([found["low"], found["high"]]).all() else "–"
        )
        rows.append(
            {
                "axis": axis,
                "measured": f"{table[axis].min()} to {table[axis].max()}",
                "peak": "none" if np.isnan(found["peak"]) else f"{found['peak']:.3g}",
                "95 % interval": known,
                "verdict": "identified" if found["inside"] else "not identifiable here",
            }
        )
    return rows


def by_metric(table: pd.DataFrame) -> pd.DataFrame:
    """Every test metric of one grid: how well law and line fit it, how far it spreads, and its best cell."""
    rows = {}
    for metric in ("ndcg@10", "hr@10", "ndcg@50", "hr@50", "mrr"):
        column = table[f"test_{metric}"]
        fits = fit_forms(table, f"test_{metric}", forms=("performance-law", "log-linear"))
        best = table.loc[column.idxmax()]
        rows[metric] = {
            "R², law": fits["performance-law"].r2,
            "R², line": fits["log-linear"].r2,
            "spread / mean": np.ptp(column) / column.mean(),
            "best H": best["layers"],
            "best d": best["width"],
        }
    return pd.DataFrame(rows).T


def winners(fit: Fit, table: pd.DataFrame, counts: Sequence[int], *, draws: int = 2000, seed: int = 0) -> pd.DataFrame:
    """If ``fit`` were the truth and its residuals the noise of one seed: how often the best cell wins.

    One row a number of seeds per cell.
    """
    cells = table[["layers", "width"]].drop_duplicates().astype(float)
    truth = fit.predict(cells)
    dof = max(fit.n_points - fit.law.free, 1)
    noise = float(np.sqrt((fit.residuals["residual"] ** 2).sum() / dof))
    random, rows = np.random.default_rng(seed), []
    for count in counts:
        measured = truth + random.normal(0, noise / np.sqrt(count), (draws, len(truth)))
        share = float((measured.argmax(1) == truth.argmax()).mean())
        rows.append({"seeds a cell": count, "noise of a cell": noise / np.sqrt(count), "best cell wins": share})
    return pd.DataFrame(rows)
