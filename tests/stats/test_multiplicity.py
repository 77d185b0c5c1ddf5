"""Several estimates judged together."""

import math

from recscale.stats.estimate import UNKNOWN, Estimate
from recscale.stats.multiplicity import covering


def test_a_covering_interval_lies_on_one_side_only_if_all_do():
    first, second = Estimate(1.0, 0.5, 1.5), Estimate(2.0, 0.2, 3.0)
    assert covering([first, second]) == Estimate(1.0, 0.2, 3.0)
    assert covering([first, second]).is_positive
    assert not covering([first, second, Estimate(0.1, -0.1, 0.3)]).is_positive
    assert covering([first]) == first


def test_one_unknown_makes_it_unknown():
    both = covering([Estimate(1.0, 0.5, 1.5), UNKNOWN])
    assert both.value == 1.0
    assert math.isnan(both.ci_low)
    assert not both.has_interval
