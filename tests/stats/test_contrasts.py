"""Contrasts: equal to the paired test where there is one, silent where the runs say nothing."""

import numpy as np
import pytest
from scipy import stats

from recscale.stats.contrasts import Contrasts, combined
from recscale.stats.multiplicity import Count, count_below


def table(effects, seeds, noise, shared=0.0, seed=0):
    """(names, blocks, y): ln y = effect + what a seed shares + noise."""
    random = np.random.default_rng(seed)
    common = shared * random.normal(size=seeds)
    rows = [(n, s, np.exp(v + common[s] + noise * random.normal())) for s in range(seeds) for n, v in effects.items()]
    return tuple(zip(*rows, strict=True))


def test_two_configurations_give_the_paired_t_test():
    names, blocks, y = table({"a": 0.0, "b": 0.1}, 6, 0.02, shared=0.5)
    effect = Contrasts.of(names, blocks, y).difference("b", "a")
    pairs = np.log(np.reshape(y, (6, 2)))
    paired = stats.ttest_rel(pairs[:, 1], pairs[:, 0]).confidence_interval()
    assert (effect.ci_low, effect.ci_high) == pytest.approx((paired.low, paired.high))


def test_what_a_seed_shares_costs_nothing():
    names, blocks, y = table({"a": 0.0, "b": 0.1, "c": 0.0}, 3, 1e-4, shared=0.5)
    model = Contrasts.of(names, blocks, y)
    assert model.dof == 4
    assert model.noise == pytest.approx(1e-4, rel=1)
    assert model.difference("b", "a").is_positive
    assert Contrasts.of(names, [0] * len(y), y).noise > 0.05


def test_intervals_hold_their_level():
    inside = 0
    for seed in range(400):
        model = Contrasts.of(*table({"a": 0.0, "b": 0.03, "c": 0.1}, 2, 0.02, shared=0.1, seed=seed))
        effect = model.difference("b", "a")
        inside += effect.ci_low <= 0.03 <= effect.ci_high
    assert 0.92 <= inside / 400 <= 0.98


def test_a_group_has_the_noise_of_its_own():
    """Five quiet configurations and a loud one: pooled, the loud one's interval is far too short."""
    effects, inside = dict.fromkeys("abcdef", 0.0), {False: 0, True: 0}
    for seed in range(300):
        names, _, y = table(effects, 3, 0.005, shared=0.1, seed=seed)
        random = np.random.default_rng(seed + 1000)
        y = [value * np.exp(0.05 * random.normal() * (name == "f")) for name, value in zip(names, y, strict=True)]
        for apart in inside:
            groups = [name == "f" for name in names] if apart else None
            effect = Contrasts.of(names, [0] * len(y), y, groups).difference("f", "a")
            inside[apart] += effect.ci_low <= 0 <= effect.ci_high
    assert inside[True] / 300 >= 0.92
    assert inside[False] < inside[True]


def test_one_group_of_all_is_no_group():
    names, blocks, y = table({"a": 0.0, "b": 0.1, "c": 0.0}, 3, 0.02, shared=0.5)
    effects = [Contrasts.of(names, blocks, y, groups).difference("b", "a") for groups in (None, ["x"] * len(y))]
    assert effects[0] == effects[1]


def test_a_group_with_single_runs_takes_the_noise_of_all():
    names, _, y = table({"a": 0.0, "b": 0.1}, 3, 0.02)
    known = Contrasts.of([*names, "c"], [0] * 7, [*y, 1.0], [*names, "c"])
    assert known.difference("c", "a").ci_high < np.inf
    assert known.parts[2][:2] == (known.noise, known.dof)


def test_missing_runs_leave_the_others_paired():
    names, blocks, y = table({"a": 0.0, "b": 0.1, "c": 0.0}, 3, 1e-5, shared=0.5)
    kept = [k for k, pair in enumerate(zip(names, blocks, strict=True)) if pair != ("b", 2)]
    model = Contrasts.of(*([column[k] for k in kept] for column in (names, blocks, y)))
    assert model.difference("b", "a").value == pytest.approx(0.1, abs=1e-4)


def test_one_seed_has_a_value_and_no_interval():
    model = Contrasts.of(*table({"a": 0.0, "b": 0.1}, 1, 0.0))
    effect = model.difference("b", "a")
    assert effect.value == pytest.approx(0.1)
    assert np.isnan([effect.ci_low, effect.ci_high, model.noise]).all()
    assert not effect.is_positive
    assert count_below(model.intervals([{"a": 1, "b": -1}])) == Count(0, 0, 1)


def test_no_common_block_means_nothing_is_known():
    model = Contrasts.of(["a", "b", "a"], [0, 1, 2], [1.0, 2.0, 1.0])
    assert np.isnan(model.difference("b", "a").value)


def test_percent_is_the_ratio():
    effect = Contrasts.of(*table({"a": 0.0, "b": np.log(1.02)}, 1, 0.0)).difference("b", "a")
    assert effect.percent.value == pytest.approx(2)


def test_several_contrasts_are_counted():
    model = Contrasts.of(*table({"base": 0.0, "down": -0.1, "more": -0.2, "same": 0.0, "up": 0.1}, 3, 1e-3))
    against = {name: {name: 1.0, "base": -1.0} for name in ("down", "more", "same", "up")}

    def count(*contrasts):
        return count_below(model.intervals(contrasts))

    assert count(against["down"], against["more"]) == Count(2, 0, 2)
    assert count(against["down"], against["up"]) == Count(1, 1, 2)
    assert count(against["down"], against["up"], {"up": 1.0, "more": -1.0}) == Count(1, 2, 3)
    assert count(against["up"], against["same"]) == Count(0, 1, 2)
    noisy = Contrasts.of(*table({"base": 0.0, "down": -0.01}, 3, 0.1))
    assert count_below(noisy.intervals([{"down": 1.0, "base": -1.0}])) == Count(0, 0, 1)


def test_weights_add_up():
    assert combined((0.5, {"a": 1.0, "b": -1.0}), (0.5, {"a": 1.0})) == {"a": 1.0, "b": -0.5}
