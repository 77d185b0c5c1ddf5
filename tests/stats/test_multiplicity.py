"""Several estimates judged together."""

import math

import pytest

from recscale.stats.estimate import UNKNOWN, Estimate
from recscale.stats.multiplicity import Count, bonferroni_level, count_above, count_below, covering


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


def pairs(*values, plain=1.0, wide=2.0):
    return [(Estimate(v, v - plain, v + plain), Estimate(v, v - wide, v + wide)) for v in values]


def test_all_agree_where_every_plain_interval_lies_below():
    assert count_below(pairs(-1.5, -3)) == Count(2, 0, 2), "the wider ones need not decide then"
    assert count_below(pairs(-1.5, -0.5)) == Count(0, 0, 2), "one is undecided, so that the other needs its wider one"
    assert count_below(pairs(-3, -0.5)) == Count(1, 0, 2)
    assert count_below(pairs(-3, 3, 1.5)) == Count(1, 1, 3)


def test_thresholds_and_the_other_side():
    assert count_below(pairs(-3, -3), threshold=-2.5) == Count(0, 0, 2)
    assert count_above(pairs(3, 3)) == Count(2, 0, 2)
    assert count_above(pairs(3, -3), threshold=0.5) == Count(1, 1, 2)


def test_the_level_shares_its_error():
    assert bonferroni_level(1) == pytest.approx(0.95)
    assert bonferroni_level(5) == pytest.approx(0.99)


@pytest.mark.parametrize("numbers", [(1, 1, 1), (-1, 0, 2), (0, 0, 0)])
def test_a_count_adds_up(numbers):
    with pytest.raises(ValueError, match="cases that agree"):
        Count(*numbers)
