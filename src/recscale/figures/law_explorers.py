"""The explorers of the static book: points, laws and their numbers as JSON for scripts that need no kernel."""

from typing import Any

import numpy as np

from recscale.laws import LAWS
from recscale.laws.law import Law, Parameter

MOST_COLUMNS = 3
"""So many columns of x the page offers to the laws that take any number."""


def registry() -> list[dict[str, Any]]:
    """Every registered law as plain JSON values: what ``laws.js`` joins with its functions.

    Of a law that takes any number of columns there is an entry for 1 to ``MOST_COLUMNS``, with {0}, {1}, … for their
    names. ``lower``, ``upper`` and ``nodes`` are null where they are infinite or depend on the points.
    """
    return [_entry(law) for registered in LAWS.values() for law in _members(registered)]


def _members(law: Law) -> list[Law]:
    if law.any_variables is None:
        return [law]
    return [law.for_columns(tuple(f"{{{k}}}" for k in range(count))) for count in range(1, MOST_COLUMNS + 1)]


def _entry(law: Law) -> dict[str, Any]:
    return {
        "name": law.name,
        "equation": law.equation,
        "variables": list(law.variables),
        "scale": law.scale,
        "linear": [_parameter(one) for one in law.linear],
        "nonlinear": [_parameter(one) | {"nodes": _nodes(one)} for one in law.nonlinear],
        "constants": [{"name": c.name, "meaning": c.meaning, "values": list(c.values)} for c in law.grid_constants],
        "source": law.source,
        "units": law.units,
        "caveats": list(law.caveats),
    }


def _parameter(one: Parameter) -> dict[str, Any]:
    limits = {"lower": one.lower, "upper": one.upper}
    return {"name": one.name, "meaning": one.meaning} | {n: v if np.isfinite(v) else None for n, v in limits.items()}


def _nodes(one: Parameter) -> list[float] | None:
    return None if callable(one.nodes) else [float(value) for value in one.nodes]
