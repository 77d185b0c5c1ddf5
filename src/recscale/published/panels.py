"""The Performance Law's 20 panels, refitted: R² recomputed and printed, the searched constant, control models."""

import numpy as np
import pandas as pd

from recscale import laws
from recscale.laws.compare import compare
from recscale.laws.performance import BOX
from recscale.laws.points import read_points
from recscale.laws.problem import Problem
from recscale.laws.solve import conditional_optima
from recscale.published.tables import load

SETTING = ["metric", "dataset", "max_length"]
AXES = ["layers", "embedding_dim"]
EXACT = ("ml-1m", "kuairand-pure")  # whose panels the paper drew at the global optimum for an integer q₁
SIX_DECIMALS = 5.1e-7


def panels() -> dict[tuple[str, str, int], pd.DataFrame]:
    """The 20 panels: (metric, data set, maximum length) -> points (layers, embedding_dim, value), in paper order."""
    grid = load("performance_law_grid")
    return {(m, d, int(n)): rows.reset_index(drop=True) for (m, d, n), rows in grid.groupby(SETTING, sort=False)}


def q1_profile(rows: pd.DataFrame, values=range(1, 33)) -> pd.DataFrame:
    """One panel at each q₁: q1, r2, w1, w2 (the script's signs), w3, w4 and whether an exponent is at the edge of its
    box."""
    law = laws.get("performance-law").with_values(q1=values)
    points = read_points(rows[AXES], rows["value"], law.variables)
    solutions = conditional_optima(Problem(law, points, law.scale))
    total = ((rows["value"] - rows["value"].mean()) ** 2).sum()
    table = pd.DataFrame({"q1": solutions.theta[:, 2].astype(int), "r2": 1 - solutions.cost / total})
    table[["w1", "w2"]], table[["w3", "w4"]] = -solutions.coef[:, :2], solutions.theta[:, :2]
    return table.assign(at_edge=(np.abs(solutions.theta[:, :2]) >= BOX - 1e-9).any(axis=1))


def panel_r2(q1=range(1, 33)) -> pd.DataFrame:
    """All 20 panels, both laws: R² recomputed and printed, and their difference (recomputed - printed).

    ``q1_printed``: the values of q₁ in the search at which the printed R² is reached to six decimals; ``q1_best`` and
    ``r2_best``: the best in the search; ``edge``: the best lies at an end of the search. The Performance Law's
    recomputed R² is the one closest to the printed one over q₁, so that its difference is no artefact of another q₁.
    """
    printed = load("performance_law_printed_r2").set_index(SETTING)
    rows = []
    for key, points in panels().items():
        line = laws.fit("log-linear", points[AXES], points["value"])
        profile = q1_profile(points, q1)
        best = profile.loc[profile["r2"].idxmax()]
        paper, paper_line = printed.loc[key, "performance_law_r2"], printed.loc[key, "scaling_law_r2"]
        nearest = profile.loc[(profile["r2"] - paper).abs().idxmin()]
        hits = profile.loc[(profile["r2"] - paper).abs() <= SIX_DECIMALS, "q1"]
        rows.append(
            {
                **dict(zip(SETTING, key, strict=True)),
                "points": len(points),
                "performance_law_printed": paper,
                "performance_law_nearest": nearest["r2"],
                "performance_law_difference": nearest["r2"] - paper,
                "q1_printed": ", ".join(f"{q:g}" for q in hits),
                "q1_best": int(best["q1"]),
                "r2_best": best["r2"],
                "edge": best["q1"] in (min(q1), max(q1)),
                "scaling_law_printed": paper_line,
                "scaling_law_recomputed": line.r2,
                "scaling_law_difference": line.r2 - paper_line,
            }
        )
    return pd.DataFrame(rows)


def disagreements(table: pd.DataFrame) -> pd.DataFrame:
    """The printed R² of ``panel_r2`` that no fit of ours reaches to six decimals, with the size of the difference."""
    parts = []
    for law, recomputed in (("performance_law", "nearest"), ("scaling_law", "recomputed")):
        part = table[[*SETTING, f"{law}_printed", f"{law}_{recomputed}", f"{law}_difference"]]
        names = [*SETTING, "printed", "recomputed", "difference"]
        parts.append(part.set_axis(names, axis=1).assign(law=law.replace("_", " ")))
    both = pd.concat(parts, ignore_index=True)
    return both[both["difference"].abs() > SIX_DECIMALS].reset_index(drop=True)


def panel_models(**options) -> pd.DataFrame:
    """Every panel under the Performance Law and its controls: the columns of ``laws.compare`` (law, r2, aicc, …, fit),
    the setting (metric, dataset, max_length) and the place of the peak (peak_layers, peak_embedding_dim; nan: none).
    """
    names = ["constant", "log-linear", "log-quadratic", "performance-law", "performance-law-outside"]
    tables = {key: compare(rows[AXES], rows["value"], names, **options) for key, rows in panels().items()}
    both = pd.concat(tables, names=SETTING).reset_index(SETTING).reset_index(drop=True)
    for axis in AXES:
        both[f"peak_{axis}"] = [np.nan if f.optimum is None else f.optimum[axis] or np.nan for f in both["fit"]]
    return both[[*SETTING, *[c for c in both if c not in (*SETTING, "fit")], "fit"]]
