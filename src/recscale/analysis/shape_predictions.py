"""Predict first, then train: what the law fitted to ``sequential-grid`` says about shapes that nobody has trained yet.

``write`` puts the predictions into ``data/predictions/performance-law.csv``, once; ``performance-law-predictions``
trains the shapes in that file; ``faults`` checks that no result is older than its prediction. What became of them:
``prediction_outcomes``.

Shapes are chosen by the Performance Law on NDCG@10 among those that the grid doesn't hold. All laws and both metrics
then predict the same shapes, so that the controls stand the same test.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from recscale.analysis import shape_planning as planning
from recscale.analysis.shape_fits import GRID, fit_forms, having, pairs, predicted_for, shapes
from recscale.analysis.shape_law import LAW, LEAST_SHAPES, LINE, QUADRATIC, Shape
from recscale.plans.sequential import CELLS, PREDICTIONS
from recscale.runs import NotYetPlanned, load_results, run_table
from recscale.settings import write_atomically

PREDICTION_COLUMNS = (
    *("question", "role", "layers", "width", "metric", "predicted", "low", "high"),
    *("law", "fitted_on", "predicted_at"),
)
PREDICTED, NEIGHBOUR = "predicted", "neighbour"
"""Roles of a shape."""
CHOSEN_BY, CHOSEN_FOR = LAW, "NDCG@10"
RECORDED_LAWS = (LAW, QUADRATIC, LINE)
NO_BUDGET = "none"
STEP = 4
"""Widths are multiples of it: what is trained should also run fast."""

BUDGETS: Mapping[str, tuple[str, float]] = {
    "best of all untrained": (NO_BUDGET, 1.0),
    "best with H · d ≤ {:,.0f}": ("product", 0.25),
    "best with ≤ {:,.0f} parameters": ("parameters", 0.5),
    "best with ≤ {:,.0f} FLOP a position": ("flop", 0.3),
}
"""Question -> kind of budget, and the budget as a share of what the dearest measured shape costs (two digits kept). The
file has the questions in this order."""


@dataclass(frozen=True)
class ShapeQuestion:
    """One recorded question: ``kind`` of budget (a key of ``shape_planning.KINDS``), the shape ``named`` by the law as
    best, its ``neighbours``, and by how much the law puts it ahead of the better one (``promised``, in %)."""

    text: str
    kind: str
    named: Shape
    neighbours: tuple[Shape, ...]
    promised: float


def questions(recorded: pd.DataFrame) -> list[ShapeQuestion]:
    """The recorded questions; ``ValueError`` where they aren't those of ``BUDGETS``."""
    asked = recorded[(recorded["law"] == CHOSEN_BY) & (recorded["metric"] == CHOSEN_FOR.lower())]
    groups = list(asked.groupby("question", sort=False))
    if len(groups) != len(BUDGETS):
        raise ValueError(f"the predictions answer {len(groups)} questions instead of {len(BUDGETS)}")
    result = []
    for (text, rows), (kind, _) in zip(groups, BUDGETS.values(), strict=True):
        named, around = (rows[rows["role"] == role] for role in (PREDICTED, NEIGHBOUR))
        (best,), others = (pairs(part) for part in (named, around))
        promised = 100 * float(named["predicted"].iloc[0] / around["predicted"].max() - 1)
        result.append(ShapeQuestion(text, kind, best, tuple(others), promised))
    return result


def grid_runs() -> pd.DataFrame:
    """The committed runs the law is fitted to: SASRec-style, MovieLens-1M, histories of 50, single precision."""
    runs = load_results("sequential-grid")
    if runs.empty:
        raise NotYetPlanned("predictions need the committed results of sequential-grid, and there are none yet")
    if lacking := set(CELLS) - set(pairs(having(run_table(runs), GRID))):
        what = f"{len(lacking)} of {len(CELLS)} shapes, first {min(lacking)}"
        raise NotYetPlanned(f"sequential-grid lacks {what}; a prediction is made once, so it waits for all of them")
    return shapes(runs, **GRID)


def predict_shapes(runs: pd.DataFrame, now: datetime | None = None) -> pd.DataFrame:
    """The table of ``PREDICTIONS``: for every question the best shape and two neighbours, by every law and metric.

    ``low`` to ``high`` is the 95 % band for one new run. ``fitted_on`` names the runs by a hash of their ids.
    """
    trained = set(pairs(runs))
    if (count := len(trained)) < LEAST_SHAPES:
        raise ValueError(f"the grid holds {count} healthy shapes; at least {LEAST_SHAPES} are needed for a prediction")
    grids = planning.recorded_grids("full grid", runs, STEP)
    grid = next(grid for grid in grids if grid.metric == CHOSEN_FOR)
    plan = planning.shape_planner(grid, CHOSEN_BY)
    price = planning.shape_costs(grid, plan.shapes)
    new = np.array([shape not in trained for shape in pairs(plan.shapes)])
    chosen = []
    for question, (kind, share) in BUDGETS.items():
        budget = float(f"{share * price[kind].max():.2g}") if kind != NO_BUDGET else float("inf")
        choice = plan.best(planning.within(price, kind, budget) & new)
        best = (choice.layers, choice.width)
        around = neighbours(plan.shapes[new], price.loc[new, "product" if kind == NO_BUDGET else kind], best)
        named = [(PREDICTED, best), *((NEIGHBOUR, shape) for shape in around)]
        chosen += [{"question": question.format(budget), "role": r, "layers": s[0], "width": s[1]} for r, s in named]
    fits = {one.metric: fit_forms(one.points, "value", forms=RECORDED_LAWS) for one in grids}
    table = predicted_for(pd.DataFrame(chosen), fits)
    key = hashlib.sha256("\n".join(sorted(runs["run_id"].astype(str))).encode()).hexdigest()[:12]
    stamp = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    table = table.assign(fitted_on=f"sequential-grid, {len(runs)} runs, {key}", predicted_at=stamp)
    return table[list(PREDICTION_COLUMNS)]


def neighbours(among: pd.DataFrame, price: pd.Series, best: Shape) -> list[Shape]:
    """Two shapes ``among`` those given that cost about as much as ``best``: one near half its depth, one near twice.

    Where the measured range has none on a side, a narrower or wider shape of the same depth stands in.
    """
    table = among.assign(price=price)
    own = table[(table["layers"] == best[0]) & (table["width"] == best[1])]["price"].iloc[0]
    chosen: list[Shape] = []
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
        free = similar[[shape not in chosen for shape in zip(similar["layers"], similar["width"], strict=True)]]
        row = free.loc[np.log(free["width"] / target).abs().idxmin()]
        chosen.append((int(row["layers"]), int(row["width"])))
    return chosen


def rehearsal(grid: pd.DataFrame, tested: pd.DataFrame) -> pd.DataFrame:
    """The same test on live runs: the shapes in ``tested`` leave ``grid``, are predicted from the rest, and judged.

    Both tables: ``shape_fits.shapes``. Columns: those of ``outcomes``, and ``inside``. It says whether a shape lies
    within what the fit has seen.
    """
    spots = tested[["layers", "width"]].drop_duplicates().sort_values("layers").reset_index(drop=True)
    held_out = pairs(spots)
    seen = grid[[shape not in held_out for shape in pairs(grid)]]
    fits = {name: fit_forms(seen, f"test_{name.lower()}", forms=RECORDED_LAWS) for name in planning.METRICS}
    inside = [((seen["layers"] >= h) & (seen["width"] >= d)).any() for h, d in held_out]
    known = spots.assign(question="rehearsal", role=PREDICTED, inside=inside)
    return outcomes(predicted_for(known, fits), tested)


def write() -> Path:
    """Predict from the committed grid and write ``PREDICTIONS``; never a second time."""
    if (path := PREDICTIONS).exists():
        stamp = read()["predicted_at"].min()
        raise ValueError(f"the predictions of {stamp} stand in {path}; a prediction is made once and not rewritten")
    if len(load_results("performance-law-predictions")):
        raise ValueError("results of performance-law-predictions are committed already: it is too late to predict them")
    write_atomically(path, predict_shapes(grid_runs()).to_csv(index=False, float_format="%.6g"))
    return path


def read() -> pd.DataFrame:
    """The recorded predictions; empty, with their columns, before there are any."""
    return pd.read_csv(PREDICTIONS) if PREDICTIONS.exists() else pd.DataFrame(columns=list(PREDICTION_COLUMNS))


def faults(recorded: pd.DataFrame, runs: pd.DataFrame) -> list[str]:
    """What is wrong between predictions and results, a sentence each: order in time, unpredicted shapes."""
    if runs.empty:
        return []
    if recorded.empty:
        return [f"{len(runs)} runs are there and no prediction is"]
    made = pd.to_datetime(recorded["predicted_at"], utc=True).max()
    early = runs[pd.to_datetime(runs["finished_at"], utc=True) <= made]
    problems = [f"run {row.run_id} finished {row.finished_at}, not after the prediction" for row in early.itertuples()]
    unforeseen = sorted(set(pairs(run_table(runs))) - set(pairs(recorded)))
    return problems + [f"the shape {shape} was trained and never predicted" for shape in unforeseen]


def outcomes(recorded: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The predictions with what was measured: all columns of ``recorded``, and

    measured   mean of the metric over the healthy ``runs`` of the shape; nan without any
    seeds      how many runs
    in_band    share of them inside the predicted band; nan without any

    ``runs``: healthy runs with ``layers``, ``width`` and ``test_<metric>``.
    """
    rows = []
    for row in recorded.to_dict("records"):
        own = runs[(runs["layers"] == row["layers"]) & (runs["width"] == row["width"])]
        each = own[f"test_{row['metric']}"].astype(float)
        inside = float(((row["low"] <= each) & (each <= row["high"])).mean())
        rows.append(row | {"measured": float(each.mean()), "seeds": len(each), "in_band": inside})
    return pd.DataFrame(rows, columns=[*recorded.columns, "measured", "seeds", "in_band"])
