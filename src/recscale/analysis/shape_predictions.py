"""Predict first, then train: what the law fitted to ``sequential-grid`` says about shapes that nobody has trained yet.

``write`` puts the predictions into ``data/predictions/performance-law.csv``, once; ``performance-law-predictions``
trains the shapes in that file; ``faults`` holds that no result is older than its prediction, and ``verdicts`` lays both
side by side.

Shapes are chosen by the Performance Law on NDCG@10 among those that the grid doesn't hold. All laws and both metrics
then predict the same shapes, so that the controls stand the same test.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from recscale.analysis import shape_planning as planning
from recscale.analysis.ctr_scaling import listed
from recscale.analysis.shape_fits import GRID, fit_forms, having, pairs, shapes
from recscale.analysis.shape_law import Panel
from recscale.laws import Fit
from recscale.plans.sequential import CELLS, PREDICTIONS
from recscale.runs.store import load_results
from recscale.runs.study import NotYetPlanned
from recscale.runs.table import run_table
from recscale.settings import write_atomically

COLUMNS = (
    *("question", "role", "layers", "width", "metric", "predicted", "low", "high"),
    *("law", "fitted_on", "predicted_at"),
)
PREDICTED, NEIGHBOUR = "predicted", "neighbour"
"""Roles of a shape."""
CHOSEN_BY, CHOSEN_FOR = "performance-law", "NDCG@10"
LAWS = ("performance-law", "log-quadratic", "log-linear")
NAMES = planning.LAW_NAMES | {"log-linear": "line in logs"}
"""``LAWS`` as the book calls them."""
STEP = 4
"""Widths are multiples of it: what is trained should also run fast."""
LEAST_SHAPES = 9

BUDGETS: Mapping[str, tuple[str, float]] = {
    "best of all untrained": ("none", 1.0),
    "best with H · d ≤ {:,.0f}": ("product", 0.25),
    "best with ≤ {:,.0f} parameters": ("parameters", 0.5),
    "best with ≤ {:,.0f} FLOP a position": ("flop", 0.3),
}
"""Question -> kind of budget, and the budget as a share of what the dearest measured shape costs (two digits kept)."""


def grid_runs() -> pd.DataFrame:
    """The committed runs the law is fitted to: SASRec-style, MovieLens-1M, histories of 50, single precision."""
    runs = load_results("sequential-grid")
    if runs.empty:
        raise NotYetPlanned("predictions need the committed results of sequential-grid, and there are none yet")
    if lacking := set(CELLS) - pairs(having(run_table(runs), GRID)):
        what = f"{len(lacking)} of {len(CELLS)} shapes, first {min(lacking)}"
        raise NotYetPlanned(f"sequential-grid lacks {what}; a prediction is made once, so it waits for all of them")
    return shapes(runs, **GRID)


def predict(runs: pd.DataFrame, now: datetime | None = None) -> pd.DataFrame:
    """The table of ``PREDICTIONS``: for every question the best shape and two neighbours, by every law and metric.

    ``low`` to ``high`` is the 95 % band for one new run. ``fitted_on`` names the runs by a hash of their ids.
    """
    count = runs[["layers", "width"]].drop_duplicates().shape[0]
    if count < LEAST_SHAPES:
        raise ValueError(f"the grid holds {count} healthy shapes; at least {LEAST_SHAPES} are needed for a prediction")
    grids = planning.recorded_grids("full grid", runs, STEP)
    grid = next(grid for grid in grids if grid.metric == CHOSEN_FOR)
    plan = planning.planner(grid, CHOSEN_BY)
    price = planning.costs(grid, plan.shapes)
    trained = pairs(runs)
    new = np.array([shape not in trained for shape in plan.shapes.itertuples(index=False, name=None)])
    chosen = []
    for question, (kind, share) in BUDGETS.items():
        budget = float(f"{share * price[kind].max():.2g}") if kind != "none" else float("inf")
        choice = plan.best(planning.within(price, kind, budget) & new)
        best = (choice.layers, choice.width)
        around = neighbours(plan.shapes[new], price.loc[new, "product" if kind == "none" else kind], best)
        named = [(PREDICTED, best), *((NEIGHBOUR, shape) for shape in around)]
        chosen += [{"question": question.format(budget), "role": r, "layers": s[0], "width": s[1]} for r, s in named]
    table = predicted_for(pd.DataFrame(chosen), {one.metric: _fits(one) for one in grids})
    key = hashlib.sha256("\n".join(sorted(runs["run_id"].astype(str))).encode()).hexdigest()[:12]
    stamp = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    return table.assign(fitted_on=f"sequential-grid, {len(runs)} runs, {key}", predicted_at=stamp)[list(COLUMNS)]


def neighbours(among: pd.DataFrame, price: pd.Series, best: tuple[int, int]) -> list[tuple[int, int]]:
    """Two shapes ``among`` those given that cost about as much as ``best``: one near half its depth, one near twice.

    Where the measured range has none on a side, a narrower or wider shape of the same depth stands in.
    """
    table = among.assign(price=price)
    own = table[(table["layers"] == best[0]) & (table["width"] == best[1])]["price"].iloc[0]
    found: list[tuple[int, int]] = []
    for depth, width in ((best[0] / 2, best[1] * 1.5), (best[0] * 2, best[1] / 1.5)):
        others = table[(table["layers"] < best[0]) if depth < best[0] else (table["layers"] > best[0])]
        similar = others[np.abs(np.log(others["price"] / own)) <= np.log(1.35)]
        if similar.empty:
            similar, depth = table[(table["layers"] == best[0]) & (table["width"] != best[1])], best[0]
            target = width
        else:
            nearest = similar.loc[(np.log(similar["layers"] / depth)).abs().idxmin(), "layers"]
            similar = similar[similar["layers"] == nearest]
            target = similar.loc[np.log(similar["price"] / own).abs().idxmin(), "width"]
        free = similar[[shape not in found for shape in zip(similar["layers"], similar["width"], strict=True)]]
        row = free.loc[np.log(free["width"] / target).abs().idxmin()]
        found.append((int(row["layers"]), int(row["width"])))
    return found


def predicted_for(spots: pd.DataFrame, fits: Mapping[str, Mapping[str, Fit]]) -> pd.DataFrame:
    """``spots`` (with layers and width) for every metric and law of ``fits``, with the band for one new run."""
    x, tables = spots[["layers", "width"]].astype(float), []
    for metric, by_law in fits.items():
        for law, fit in by_law.items():
            low, high = fit.band(x, observation=True)
            said = {"metric": metric.lower(), "predicted": fit.predict(x), "low": low, "high": high, "law": law}
            tables.append(spots.assign(**said))
    return pd.concat(tables, ignore_index=True)


def _fits(grid: planning.Grid) -> dict[str, Fit]:
    return fit_forms(grid.points, "value", forms=LAWS)


def rehearsal(grid: pd.DataFrame, tested: pd.DataFrame) -> pd.DataFrame:
    """The same test on live runs: the shapes in ``tested`` leave ``grid``, are predicted from the rest, and judged.

    Both tables: ``shape_laws.shapes``. ``inside`` says whether a shape lies within what the fit has seen.
    """
    spots = tested[["layers", "width"]].drop_duplicates().sort_values("layers").reset_index(drop=True)
    shape = pd.MultiIndex.from_frame(grid[["layers", "width"]])
    seen = grid[~shape.isin(pd.MultiIndex.from_frame(spots))]
    metrics = [metric.lower() for metric in planning.METRICS]
    fits = {metric: fit_forms(seen, f"test_{metric}", forms=LAWS) for metric in metrics}
    inside = [((seen["layers"] >= h) & (seen["width"] >= d)).any() for h, d in spots.itertuples(index=False)]
    known = spots.assign(question="rehearsal", role=PREDICTED, inside=inside)
    return verdicts(predicted_for(known, fits), tested)


def recorded_in_words(recorded: pd.DataFrame, runs: pd.DataFrame) -> str:
    """What is recorded for the full study, and how it fared. ``runs``: its committed results."""
    if recorded.empty:
        return (
            "No prediction is recorded yet: it will be made from the committed runs of the study "
            "sequential-grid, once they are there."
        )
    count = recorded[["layers", "width"]].drop_duplicates().shape[0]
    first = recorded.iloc[0]
    said = f"{count} shapes were predicted on {first['predicted_at'][:10]} (from {first['fitted_on']})."
    if runs.empty:
        return f"{said} None of them has been trained yet."
    if wrong := faults(recorded, runs):
        return f"{said} They can't be judged: {wrong[0]}."
    trained = shapes(runs)
    table, failed = verdicts(recorded, trained, every=True), pairs(run_table(runs)) - pairs(trained)
    lost = f" Every run of {listed([f'{h} × {d}' for h, d in sorted(failed)])} collapsed or diverged." if failed else ""
    return f"{said} {in_words(table)}{lost} {winners_in_words(table, failed)}"


def write(path: Path | None = None) -> Path:
    """Predict from the committed grid and write the file; never a second time."""
    path = path or PREDICTIONS
    if path.exists():
        stamp = read(path)["predicted_at"].min()
        raise ValueError(f"the predictions of {stamp} stand in {path}; a prediction is made once and not rewritten")
    if len(load_results("performance-law-predictions")):
        raise ValueError("results of performance-law-predictions are committed already: it is too late to predict them")
    table = predict(grid_runs())
    write_atomically(path, table.to_csv(index=False, float_format="%.6g"))
    return path


def read(path: Path | None = None) -> pd.DataFrame:
    """The recorded predictions; empty, with their columns, before there are any."""
    path = path or PREDICTIONS
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=list(COLUMNS))


def faults(recorded: pd.DataFrame, runs: pd.DataFrame) -> list[str]:
    """What is wrong between predictions and results, a sentence each: order in time, unpredicted shapes."""
    if runs.empty:
        return []
    if recorded.empty:
        return [f"{len(runs)} runs are there and no prediction is"]
    said = []
    made = pd.to_datetime(recorded["predicted_at"], utc=True).max()
    early = runs[pd.to_datetime(runs["finished_at"], utc=True) <= made]
    said += [f"run {row.run_id} finished {row.finished_at}, not after the prediction" for row in early.itertuples()]
    for shape in sorted(pairs(run_table(runs)) - pairs(recorded)):
        said.append(f"the shape {shape} was trained and never predicted")
    return said


def verdicts(recorded: pd.DataFrame, runs: pd.DataFrame, *, every: bool = False) -> pd.DataFrame:
    """A row a prediction with results: ``measured`` (mean over seeds), ``seeds``, and whether the band ``held`` it.

    ``runs``: healthy runs with ``layers``, ``width`` and ``test_<metric>``. With ``every``, predictions without results
    keep their row, with 0 seeds.
    """
    rows = []
    for row in recorded.to_dict("records"):
        found = runs[(runs["layers"] == row["layers"]) & (runs["width"] == row["width"])]
        if len(found) or every:
            each = found[f"test_{row['metric']}"].astype(float)
            held = float(((row["low"] <= each) & (each <= row["high"])).mean())
            rows.append(row | {"measured": float(each.mean()), "seeds": len(each), "held": held})
    return pd.DataFrame(rows, columns=[*recorded.columns, "measured", "seeds", "held"])


def promise_in_words(recorded: pd.DataFrame) -> str:
    """By how much the named shapes are said to be ahead, beside what two seeds a shape can tell apart."""
    panel = Panel.of(load_results("sequential-grid"), CHOSEN_FOR.lower())
    asked = recorded[(recorded["law"] == CHOSEN_BY) & (recorded["metric"] == CHOSEN_FOR.lower())]
    if asked.empty or not panel.dof:
        return ""
    promised = asked.groupby(["role", "question"])["predicted"].max()
    best, around = promised[PREDICTED], promised[NEIGHBOUR]
    leads = best / around - 1
    least = panel.least(2) / panel.cells["value"].mean()
    told = int((leads > least).sum())
    first = (
        f"The law puts the named shape ahead of the better neighbour by {leads.min():.1%} to {leads.max():.1%}. With "
        f"two seeds a shape the noise of the grid, all that was known beforehand, lets differences of {least:.1%} and "
        "more be told from none"
    )
    if told:
        return f"{first}, which is less than {told} of the {len(leads)} leads."
    return f"{first}: such a test can show that the law is badly wrong, hardly that it is right."


def in_words(table: pd.DataFrame, laws: Sequence[str] | None = None) -> str:
    """How the laws fared on ``CHOSEN_FOR``, every shape once: share of runs in their bands, and error."""
    table = table[(table["metric"] == CHOSEN_FOR.lower()) & (table["seeds"] > 0)]
    table = table.drop_duplicates(["law", "layers", "width"])
    if table.empty:
        return "No healthy run of a predicted shape is here, so there is nothing to judge."
    parts = []
    for law, rows in table.groupby("law", sort=False):
        if laws is None or law in laws:
            share = np.average(rows["held"], weights=rows["seeds"])
            error = float(np.sqrt(((rows["measured"] - rows["predicted"]) ** 2).mean()))
            parts.append(f"{NAMES.get(law, law)}: {share:.0%} of the runs in the 95 % band, error {error:.4f}")
    return "; ".join(parts) + "."


def winners_in_words(table: pd.DataFrame, failed: Collection[tuple[int, int]] = ()) -> str:
    """For how many questions the shape said to be best was best of the three, where all three were tried.

    ``table``: ``verdicts`` of every prediction. ``failed``: shapes whose every run collapsed or diverged; they lose.
    """
    first = table.drop_duplicates(["question", "role", "layers", "width", "metric"])
    first = first[first["metric"] == CHOSEN_FOR.lower()]
    lost = np.array([shape in failed for shape in zip(first["layers"], first["width"], strict=True)], bool)
    first = first.assign(measured=first["measured"].mask(lost, -np.inf), tried=(first["seeds"] > 0) | lost)
    asked = [rows for _, rows in first.groupby("question", sort=False) if rows["tried"].all() and len(rows) > 1]
    if not asked:
        return "No predicted shape has been trained together with both its neighbours."
    winners = [rows.loc[rows["measured"].idxmax()] for rows in asked]
    best = sum(row["role"] == PREDICTED and np.isfinite(row["measured"]) for row in winners)
    return (
        f"By means over seeds the shape said to be best was the best of the three trained in {best} of {len(asked)} "
        "questions, which share shapes; chance alone gives one in three of each."
    )
