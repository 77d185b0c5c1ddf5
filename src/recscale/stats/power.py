"""How many seeds a wanted precision takes."""

import math

import numpy as np
from jaxtyping import Float

from recscale.stats.estimate import Estimate


def seeds_needed(deviation: float, wanted_error: float) -> int:
    """The fewest seeds n whose mean has the standard error ``deviation / √n`` ≤ ``wanted_error``; at least 1.

    Both in the same unit. ``ValueError`` where the deviation isn't a number from 0 up or the error isn't above 0.
    """
    if not (math.isfinite(deviation) and deviation >= 0):
        raise ValueError(f"the standard deviation of a seed must be a number from 0 up, got {deviation}")
    if not wanted_error > 0:
        raise ValueError(f"the wanted standard error must be above 0, got {wanted_error}")
    return max(1, math.ceil((deviation / wanted_error) ** 2 * (1 - 1e-12)))


def pooled_deviation(losses: Float[np.ndarray, "configurations seeds"]) -> float:
    """Relative standard deviation of a seed: of ln loss within configurations, their variances averaged."""
    return float(np.sqrt(np.var(np.log(losses), axis=1, ddof=1).mean()))


def seeds_to_decide(estimate: Estimate, threshold: float, seeds: float) -> float:
    """How many seeds per configuration would let the interval leave out ``threshold``, if the value stayed as it is.

    With n seeds an interval is as wide as 1/√n: n · (half-width / distance)². inf where the value is the threshold, and
    nan without an interval. The same holds of n sizes over one range, where their scatter around a line makes the
    interval of its slope.
    """
    if not estimate.has_interval:
        return math.nan
    half_width, distance = (estimate.ci_high - estimate.ci_low) / 2, abs(estimate.value - threshold)
    if not distance:
        return math.inf
    return max(seeds, seeds * (half_width / distance) ** 2)
