"""Ticks of logarithmic axes that read as numbers: 1, 2, 5, 10 where an axis is short, powers of ten elsewhere."""

import math
from collections.abc import Iterator

import numpy as np
import plotly.graph_objects as go

_STEPS = ((1.0, (1, 1.5, 2, 3, 5, 7)), (1.7, (1, 2, 3, 5)), (2.7, (1, 2, 5)), (math.inf, (1,)))
"""Ticks per decade for axes that span up to so many decades."""

PLAIN = (-3, 3)
"""Powers of ten that are written out: 0.001 to 1000."""

LONG, SHORT = (1,), (1, 3)
"""Ticks per decade beyond them, where labels are wide: on an axis of more than 1.7 decades, and on a shorter one."""

LONGEST, EVERY = 7, 3
"""On an axis of more decades than the first, every third power alone has a tick."""

BEYOND = 2
"""Decades with ticks on both sides of the data, for who zooms out or presses a button."""


def label_log_axes(fig: go.Figure) -> go.Figure:
    """Give each logarithmic axis of ``fig`` that has no ticks of its own the ones that its data call for."""
    for letter, axes in (("x", fig.select_xaxes()), ("y", fig.select_yaxes())):
        for axis in axes:
            if axis.type != "log" or axis.tickvals is not None or axis.dtick is not None:
                continue
            name = axis.plotly_name.replace("axis", "")
            values = np.concatenate([[], *_values(fig, letter, name)])
            if values.size:
                ticks = log_ticks(float(values.min()), float(values.max()))
                axis.update(tickmode="array", tickvals=list(ticks), ticktext=list(ticks.values()))
    return fig


def log_ticks(low: float, high: float) -> dict[float, str]:
    """Tick -> label for an axis whose data span ``low`` to ``high``."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    span = math.log10(high / low)
    steps = next(steps for most, steps in _STEPS if span <= most)
    ticks = {}
    for power in range(first - BEYOND, last + BEYOND + 1):
        if span > LONGEST and power % EVERY:
            continue
        plain = PLAIN[0] <= power <= PLAIN[1]
        for step in steps if plain else LONG if span > _STEPS[1][0] else SHORT:
            value = float(f"{step * 10.0**power:.6g}")
            factor = "" if step == 1 else f"{step}×"
            ticks[value] = f"{value:,g}" if plain else f"{factor}10<sup>{power}</sup>".replace("-", "−")
    return ticks


def _values(fig: go.Figure, letter: str, name: str) -> Iterator[np.ndarray]:
    """The positive numbers of every trace on the axis ``name``."""
    for trace in fig.data:
        if (getattr(trace, f"{letter}axis", None) or letter) == name and getattr(trace, letter, None) is not None:
            try:
                numbers = np.asarray(getattr(trace, letter), float)
            except (TypeError, ValueError):
                continue
            yield numbers[np.isfinite(numbers) & (numbers > 0)]
