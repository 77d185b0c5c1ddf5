"""The data side of the Performance Law: the D-against-D′ ablation, the loss law, and a joint fit."""

import pandas as pd

from recscale import laws
from recscale.entropy.experiments import ablation as straight_lines
from recscale.laws.fit import Fit
from recscale.published.tables import load

# The paper's Table 6: R² of a straight line, data term with real entropy and tokens only.
PRINTED_ABLATION = {"HR": (0.9913, 0.8259), "NDCG": (0.9906, 0.8160), "loss": (0.9881, 0.8776)}


def printed_data_terms() -> pd.DataFrame:
    """The paper's data table with the reciprocals it regresses: 1/tokens and ``inverse_quality`` = 1/(tokens × S′)."""
    table = load("performance_law_datasets")
    tokens = table["tokens"].astype(float)
    return table.assign(inverse_tokens=1 / tokens, inverse_quality=1 / (tokens * table["inverse_real_entropy"]))


def ablation() -> pd.DataFrame:
    """R² of a straight line between the fitted 1/D and 1/D′ (tokens × S′) or 1/tokens, printed and recomputed, with and
    without Industrial.

    Both sides are reciprocals, so the two large Industrial settings sit at the origin and hold the line there.
    """
    table = load("performance_law_datasets")
    rest = table[table["dataset"] != "industrial"]
    names = {"1/(tokens · S′)": "tokens × S′", "1/tokens": "tokens"}
    printed = pd.DataFrame(PRINTED_ABLATION, index=names.values()).T
    recomputed, without = (straight_lines(part, part["tokens"]).rename(columns=names) for part in (table, rest))
    columns = {"printed": printed, "recomputed": recomputed, "without_industrial": without}
    long = pd.DataFrame({name: part[printed.columns].loc[printed.index].stack() for name, part in columns.items()})
    return long.rename_axis(["quantity", "data_term"]).reset_index()


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
    rows = []
    for (length, width), points in load("performance_law_loss").groupby(["max_length", "embedding_dim"], sort=False):
        n, loss = points["layers"].to_numpy(float), points["training_loss"].to_numpy(float)
        a, term, r2 = points.iloc[0][["printed_a_d", "printed_inverse_D", "printed_r2"]]
        shape = (1 / n + term) ** a
        k = float(shape @ loss / (shape @ shape))
        total = ((loss - loss.mean()) ** 2).sum()
        fit = laws.fit("loss-law", n, loss)
        rows.append(
            {
                "max_length": length,
                "embedding_dim": width,
                "a_printed": a,
                "inverse_D_printed": term,
                "r2_printed": r2,
                "r2_recomputed": 1 - float(((loss - k * shape) ** 2).sum()) / total,
                "K": k,
                "a_refit": fit.parameters["a"],
                "inverse_D_refit": fit.parameters["1/D"],
                "r2_refit": fit.r2,
            }
        )
    return pd.DataFrame(rows)


def joint_points(metric: str = "HR@10") -> pd.DataFrame:
    """All cells of one metric with the data term of their setting, the paper's tokens × S′, in the column ``data``."""
    grid, table = load("performance_law_grid"), load("performance_law_datasets")
    data = table.assign(data=table["tokens"] * table["inverse_real_entropy"])[["dataset", "max_length", "data"]]
    return grid[grid["metric"] == metric].merge(data, on=["dataset", "max_length"], validate="many_to_one")


def joint_law(metric: str = "HR@10", **options) -> Fit:
    """One Performance Law for all settings, D′ a column: the only fit in which the data term means anything."""
    points = joint_points(metric)
    return laws.fit("performance-law-joint", points[["layers", "embedding_dim", "data"]], points["value"], **options)
