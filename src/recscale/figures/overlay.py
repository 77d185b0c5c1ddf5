"""A live study over the committed one: which are there, how each is drawn, and the interval of a number."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd

Study = TypeVar("Study")


@dataclass(frozen=True)
class Look:
    """How the points and lines of one source look: live ones solid, committed ones hollow and dotted."""

    name: str
    hollow: bool

    def sign(self, symbol: str) -> str:
        return f"{symbol}-open" if self.hollow else symbol

    def stroke(self, hue: str) -> dict[str, Any]:
        return {"color": hue, "width": 1.5, "dash": "dot" if self.hollow else "solid"}


LIVE, COMMITTED = Look("live", False), Look("committed", True)


def sources(live: Study | None, stored: Study | None) -> Iterator[tuple[Look, Study]]:
    """The studies that are there, the live one first."""
    yield from ((look, study) for look, study in ((LIVE, live), (COMMITTED, stored)) if study is not None)


def bars(value: Any, low: Any, high: Any, hue: str) -> dict[str, Any]:
    """Plotly's error bars from ``value`` to both limits; no bar where they aren't known (nan)."""
    middle, below, above = (pd.Series(np.atleast_1d(column), dtype=float) for column in (value, low, high))
    sides = {"array": (above - middle).fillna(0), "arrayminus": (middle - below).fillna(0)}
    return {"type": "data", "symmetric": False, **sides, "color": hue, "thickness": 1.5, "width": 0}


def caption(stored: object | None) -> str:
    """The sentence of a caption that tells the two apart."""
    if stored is None:
        return "All runs are live: the repository holds none of the full study yet. "
    return "Solid: live. Hollow and dotted: the committed full study, on its own data. "
