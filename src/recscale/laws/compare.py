"""Rival laws on the same points, side by side."""

import numpy as np
import pandas as pd

from recscale.laws.law import LAWS, get
from recscale.laws.points import read_columns

COLUMNS = (
    "law",
    "free",
    "r2",
    "r2_adjusted",
    "aicc",
    "delta_aicc",
    "leave_one_size_out_rmse",
    "held_out_rmse",
    "verdict",
    "fit",
)


def candidates(variables: int) -> list[str]:
    """Names of the registered laws that take that many variables."""
    return [name for name, law in LAWS.items() if law.any_variables is not None or len(law.variables) == variables]


def compare(x, y, names=None, **options) -> pd.DataFrame:
    """One row a law, best AICc first; ``options`` go to ``fit``. A law that can't be fitted keeps its row, with the
    reason as verdict.

    ``delta_aicc`` under 2 is a tie, and the verdict says so: such laws can't be told apart on these points.
    """
    columns, _ = read_columns(x)
    rows = []
    for name in names or candidates(len(columns)):
        law = get(name)
        try:
            fit = law.fit(x, y, **options)
        except ValueError as error:
            rows.append({"law": name, "verdict": str(error), "fit": None})
            continue
        rows.append(
            {
                "law": name,
                "free": fit.law.free,
                "r2": fit.r2,
                "r2_adjusted": fit.r2_adjusted,
                "aicc": fit.aicc,
                "leave_one_size_out_rmse": fit.leave_one_size_out_rmse,
                "held_out_rmse": fit.held_out["rmse"] if fit.held_out else np.nan,
                "fit": fit,
            }
        )
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    finite = table["aicc"].astype(float).replace([np.inf, -np.inf], np.nan)
    table["delta_aicc"] = finite - finite.min()
    # As object: where every law fits, the column is all missing and pandas takes it for numbers.
    table["verdict"] = table["verdict"].astype(object).fillna(table["delta_aicc"].map(_verdict))
    return table.sort_values("aicc", na_position="last", ignore_index=True)


def _verdict(delta: float) -> str:
    if np.isnan(delta):
        return "too few points for AICc"
    if delta == 0:
        return "best AICc"
    return "ties with the best" if delta < 2 else "worse"
