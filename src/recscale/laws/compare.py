"""Rival laws on the same points, side by side."""

import numpy as np
import pandas as pd

from recscale.laws.fit import fit as fit_law
from recscale.laws.law import LAWS, get
from recscale.laws.points import read_columns

_QUALITY = ("r2", "r2_adjusted", "aicc", "delta_aicc", "leave_one_size_out_rmse", "held_out_rmse")
TIE = 2.0
"""Laws within this AICc of the best can't be told from it."""


def candidates(variables: int) -> list[str]:
    """Names of the registered laws that take that many variables."""
    return [name for name, law in LAWS.items() if law.any_variables is not None or len(law.variables) == variables]


def compare(x, y, names=None, **options) -> pd.DataFrame:
    """Fit several laws to the same points: one row per law, best AICc first, laws that can't be fitted last.

    ``names``: registered laws, all that take so many variables by default; ``options`` go to ``fit``. Columns:

    law                      name
    free                     numbers the data must determine
    r2, r2_adjusted          share of the variance of y explained
    aicc, delta_aicc         corrected Akaike criterion, and its distance from the lowest
    leave_one_size_out_rmse  error at each size predicted from all others
    held_out_rmse            error at the largest sizes; nan where ``hold_out_largest`` is 0
    verdict                  "best"; "tie" (``delta_aicc`` below 2: not to be told from the best on these points);
                             "worse"; "unknown" (too few points for AICc); "not fitted"
    error                    why it wasn't fitted; missing where it was
    fit                      the ``Fit``, or None
    """
    columns, _ = read_columns(x)
    rows = []
    for law in [get(name) for name in names or candidates(len(columns))]:
        try:
            fit = fit_law(law, x, y, **options)
        except ValueError as error:
            rows.append({"law": law.name, "verdict": "not fitted", "error": str(error), "fit": None})
            continue
        quality = {name: getattr(fit, name, np.nan) for name in _QUALITY}
        rows.append({"law": law.name, "free": fit.law.free, "fit": fit} | quality)
    table = pd.DataFrame(rows).reindex(columns=["law", "free", *_QUALITY, "verdict", "error", "fit"])
    finite = table["aicc"].astype(float).replace([np.inf, -np.inf], np.nan)
    table["delta_aicc"] = finite - finite.min()
    gap = table["delta_aicc"]
    told = np.select([gap.isna(), gap == 0, gap < TIE], ["unknown", "best", "tie"], "worse")
    # As object: where every law fits, the column is all missing and pandas takes it for numbers.
    table["verdict"] = table["verdict"].astype(object).fillna(pd.Series(told, table.index))
    return table.sort_values("aicc", na_position="last", ignore_index=True)
