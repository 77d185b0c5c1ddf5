"""Intervals that need no model: of a share, and of the difference of two independent estimates."""

from scipy import stats

from recscale.stats.estimate import Estimate


def wilson(count: int, trials: int) -> Estimate:
    """The share ``count`` of ``trials`` with Wilson's 95 % interval (Wilson 1927)."""
    limits = stats.binomtest(count, trials).proportion_ci(method="wilson")
    return Estimate(count / trials, float(limits.low), float(limits.high))


def welch_difference(first: Estimate, second: Estimate, dof: tuple[int, int], level: float = 0.95) -> Estimate:
    """``first`` less ``second`` where both have 95 % intervals by Student's t with ``dof`` degrees of freedom.

    The standard errors add in squares, with the degrees of freedom of Welch and Satterthwaite: the scatter of the two
    needn't be equal.
    """
    pairs = list(zip((first, second), dof, strict=True))
    variances = [((e.ci_high - e.ci_low) / 2 / stats.t.ppf(0.975, n)) ** 2 for e, n in pairs]
    value, variance = float(first.value - second.value), float(sum(variances))
    if not variance:
        return Estimate(value, value, value)
    joint_dof = variance**2 / sum(own**2 / n for own, n in zip(variances, dof, strict=True))
    half = float(stats.t.ppf((1 + level) / 2, joint_dof) * variance**0.5)
    return Estimate.around(value, half)
