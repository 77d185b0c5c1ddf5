"""F tests against pure error: equal to the textbook's, and priced in seeds."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from recscale.stats.anova import UNTESTED, FTest, against_noise, factor_test, split_plot


def test_one_factor_gives_the_textbook_s_anova():
    random = np.random.default_rng(0)
    groups = [random.normal(mean, 1.0, 6) for mean in (0.0, 0.5, 1.0)]
    y = pd.Series(np.concatenate(groups))
    level, everywhere = pd.Series(np.repeat(["a", "b", "c"], 6)), pd.Series(["all"] * 18)
    test = factor_test(y, [everywhere], [everywhere, level])
    expected = stats.f_oneway(*groups)
    assert (test.f, test.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (test.dof, test.noise_dof) == (2, 15)


def test_nothing_to_test_against_is_untested():
    y, names = pd.Series([1.0, 2.0]), pd.Series(["a", "b"])
    assert factor_test(y, [pd.Series(["x", "x"])], [names]) is UNTESTED
    assert factor_test(pd.Series(dtype=float), [], []) is UNTESTED
    assert against_noise(1.0, 2, math.nan, 0) is UNTESTED
    assert math.isnan(UNTESTED.p)
    assert not UNTESTED.rejects()
    assert UNTESTED.seeds_to_reject(2) == math.inf


def test_a_sum_of_squares_beyond_the_noise_is_rejected():
    assert against_noise(4 * 0.01**2, 4, 0.01, 8).p == pytest.approx(stats.f.sf(1.0, 4, 8))
    assert not against_noise(4 * 0.01**2, 4, 0.01, 8).rejects()
    assert against_noise(40 * 0.01**2, 4, 0.01, 8).rejects()
    assert against_noise(1.0, 4, 0.0, 8).p == 0


def test_seeds_to_reject_make_the_expected_f_significant():
    test = FTest(2.0, 4, 8)
    factor = test.seeds_to_reject(3) / 3
    assert factor > 1
    assert 1 + factor * (test.f - 1) == pytest.approx(stats.f.isf(0.05, 4, 8 * factor), rel=1e-6)
    assert test.seeds_to_reject(3, level=0.01) > test.seeds_to_reject(3)
    assert FTest(50.0, 4, 8).seeds_to_reject(3) == 3
    assert FTest(1.0, 4, 8).seeds_to_reject(3) == math.inf


def plots(noise_of_plots: float, width_effect: float = 0.0, depth_effect: float = 0.0, draw: int = 0):
    """(widths, depths, seeds, y) of 4 widths × 4 depths × 2 seeds; a seed moves whole widths."""
    random = np.random.default_rng(draw)
    shift = {(w, s): noise_of_plots * random.standard_normal() for w in range(4) for s in range(2)}
    rows = [
        (w, d, s, shift[w, s] + width_effect * w + depth_effect * d + 1e-3 * random.standard_normal())
        for w in range(4) for d in range(4) for s in range(2)
    ]  # fmt: skip
    widths, depths, seeds, y = zip(*rows, strict=True)
    return widths, depths, seeds, np.array(y)


def test_what_a_seed_does_to_whole_plots_is_no_effect_of_the_plot():
    """Four depths of a width that err together are one piece of evidence on it, not four."""
    naive, careful = 0, 0
    for draw in range(40):
        widths, depths, seeds, y = plots(0.05, draw=draw)
        levels, everywhere = pd.Series(widths), pd.Series(["all"] * len(y))
        naive += factor_test(pd.Series(y), [everywhere], [everywhere, levels]).rejects()
        careful += split_plot(widths, depths, seeds, y)[0].rejects()
    assert careful <= 6 < 20 <= naive


def test_effects_are_found_in_their_own_stratum():
    width, depth = split_plot(*plots(0.01, width_effect=0.2))
    assert width.rejects()
    assert not depth.rejects()
    width, depth = split_plot(*plots(0.05, depth_effect=0.01))
    assert depth.rejects()
    assert (depth.dof, width.dof, width.noise_dof) == (12, 3, 3)


def test_one_seed_tests_no_plots():
    widths, depths, seeds, y = plots(0.01)
    first = [k for k, seed in enumerate(seeds) if seed == 0]
    one = [[column[k] for k in first] for column in (widths, depths, seeds)]
    assert split_plot(*one, y[first]) == (UNTESTED, UNTESTED)
