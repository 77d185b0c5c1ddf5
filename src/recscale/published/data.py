"""The data side of the Performance Law: the D-against-D′ ablation, the loss law, and a joint fit."""

import numpy as np
import pandas as pd

from recscale import laws
from recscale.laws.fit import Fit
from recscale.published.tables import load

QUANTITIES = ("HR", "NDCG", "loss")
# The paper's Table 6: R² of a straight line, data term with real entropy and tokens only.
PRINTED_ABLATION = {"HR": (0.9913, 0.8259), "NDCG": (0.9906, 0.8160), "loss": (0.9881, 0.8776)}


def printed_data_terms() -> pd.DataFrame:
    """The paper's data table with the reciprocals it regresses: 1/tokens and ``inverse_quality`` = 1/(tokens × S′)."""
    table = load("performance_law_datasets")
    tokens = table["tokens"].astype(float)
    return table.assign(inverse_tokens=1 / tokens, inverse_quality=1 / (tokens * table["inverse_real_entropy"]))


def _straight(x: pd.Series, y: pd.Series) -> float:
    return float(np.corrcoef(x, y)[0, 1] ** 2)


def ablation() -> pd.DataFrame:
    """R² of a straight line between the fitted 1/D and 1/D′ (tokens × S′) or 1/tokens, printed and recomputed, with and
    without Industrial.

    Both sides are reciprocals, so the two large Industrial settings sit at the origin and hold the line there.
    """
    table = printed_data_terms()
    rest = table[table["dataset"] != "industrial"]
    rows = []
    for quantity in QUANTITIES:
        column = f"fitted_inverse_D_{quantity}_1e-7"
        for k, (term, name) in enumerate((("inverse_quality", "tokens × S′"), ("inverse_tokens", "tokens"))):
            full = _straight(table[term], table[column])
            rows.append((quantity, name, PRINTED_ABLATION[quantity][k], full, _straight(rest[term], rest[column])))
    return pd.DataFrame(rows, columns=["quantity", "data_term", "printed", "recomputed", "without_industrial"])


def leverage() -> pd.DataFrame:
    """Hat value of every setting in the regressions of ``ablation``: its share in its own fitted value (mean 2/n)."""
    table = printed_data_terms()
    values = table[["dataset", "max_length"]].copy()
    for term in ("inverse_quality", "inverse_tokens"):
        centred = table[term] - table[term].mean()
        values[term] = 1 / len(table) + centred**2 / (centred**2).sum()
    return values


def loss_curves() -> pd.DataFrame:
    """The eight loss curves: R² of K(1/N + 1/D)^a with the printed a and 1/D, the printed R², and the free refit."""
    rows, curves = [], load("performance_law_loss")
    for (length, width), points in curves.groupby(["max_length", "embedding_dim"], sort=False):
        n, loss = points["layers"].to_numpy(float), points["training_loss"].to_numpy(float)
        a, term = points["printed_a_d"].iloc[0], points["printed_inverse_D"].iloc[0]
        shape = (1 / n + term) ** a
        k = float(shape @ loss / (shape @ shape))
        total = ((loss - loss.mean()) ** 2).sum()
        r2 = 1 - float(((loss - k * shape) ** 2).sum()) / total
        fit = laws.fit("loss-law", n, loss)
        rows.append(
            {
                "max_length": length,
                "embedding_dim": width,
                "a_printed": a,
                "inverse_D_printed": term,
                "r2_printed": points["printed_r2"].iloc[0],
                "r2_recomputed": r2,
                "K": k,
                "a_refit": fit.parameters["a"],
                "inverse_D_refit": fit.parameters["1/D"],
                "r2_refit": fit.r2,
            }
        )
    return pd.DataFrame(rows)


def joint_points(metric: str = "HR@10", data: pd.DataFrame | None = None) -> pd.DataFrame:
    """All cells of one metric with the data term of their setting in the column ``data``.

    ``data`` holds dataset, max_length and data for the settings wanted (default: the paper's tokens × S′).
    """
    grid = load("performance_law_grid")
    if data is None:
        table = load("performance_law_datasets")
        data = table.assign(data=table["tokens"] * table["inverse_real_entropy"])
    wanted = data[["dataset", "max_length", "data"]]
    return grid[grid["metric"] == metric].merge(wanted, on=["dataset", "max_length"], validate="many_to_one")


def joint_law(metric: str = "HR@10", **options) -> Fit:
    """One Performance Law for all settings, D′ a column: the only fit in which the data term means anything."""
    points = joint_points(metric)
    return laws.fit("performance-law-joint", points[["layers", "embedding_dim", "data"]], points["value"], **options)
