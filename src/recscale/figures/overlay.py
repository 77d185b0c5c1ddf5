"""The interval of a number as error bars."""

from typing import Any

import numpy as np
import pandas as pd


def bars(value: Any, low: Any, high: Any, hue: str | None, **look: float | None) -> dict[str, Any]:
    """Plotly's error bars from ``value`` to both limits; no bar to one that isn't known (nan) or lies behind it.

    ``look``: Plotly's ``thickness`` of a bar and ``width`` of its caps.
    """
    middle, below, above = (pd.Series(np.atleast_1d(column), dtype=float) for column in (value, low, high))
    sides = {"array": (above - middle).fillna(0).clip(lower=0), "arrayminus": (middle - below).fillna(0).clip(lower=0)}
    return {"type": "data", "symmetric": False, **sides, "color": hue, "thickness": 1.5, "width": 0} | look
