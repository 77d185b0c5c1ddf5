"""Exponents of several curves: told apart by their own scatter, tasks of the same runs run by run."""

import numpy as np
import pytest

from recscale.analysis import ctr_curves, ctr_exponents

SIZE = "training_flop_per_example"


def power(model, flop):
    return 0.55 * flop**-0.002


def one(ctr_runs, loss=power, **options):
    return ctr_curves.curves(ctr_runs.scaling(loss, **options), "movielens-1m")


def test_two_tasks_of_the_same_runs_are_compared_run_by_run(ctr_runs):
    """What both losses of a run share hides no difference between them, and makes none."""
    first = one(ctr_runs, noise=0.02)
    logs = np.log(first[SIZE])
    steeper = first.assign(test_logloss=first["test_logloss"] * np.exp(-0.001 * (logs - logs.mean())))
    paired = ctr_exponents.paired_difference(first, steeper, SIZE)
    assert paired.value == pytest.approx(-0.001, rel=1e-6)
    assert paired.is_negative
    rows = ctr_exponents.exponents({"first": first, "steeper": steeper}, SIZE).to_dict("records")
    lines = [(row["α"], (row["ci_high"] - row["ci_low"]) / 2, int(row["sizes"]) - 2) for row in rows]
    apart = ctr_exponents.difference(*lines)
    assert apart.ci_low < 0 < apart.ci_high, "as if the runs were others it would drown"
    with pytest.raises(ValueError, match="over 3 sizes or more, and 1 are shared"):
        ctr_exponents.paired_difference(first.iloc[:1], steeper.iloc[:1], SIZE)


def test_exponents_of_two_sets_are_compared_with_their_scatter(ctr_runs):
    flat, fall = one(ctr_runs, lambda m, f: 0.5, noise=1e-4), one(ctr_runs, noise=1e-4)
    table = ctr_exponents.exponents({"flat": flat, "fall": fall, "few": fall[fall[SIZE] < 1.6e4]}, SIZE, 50)
    assert table.index.tolist() == ["flat", "fall"]
    assert table.loc["flat", "ci_low"] < 0 < table.loc["flat", "ci_high"]
    assert 0 < table.loc["fall", "boot_low"] < 0.002 < table.loc["fall", "boot_high"] + 1e-4
    assert table.loc["fall", "over_range"] == pytest.approx(100 * ((4e7 / 1.5e4) ** -0.002 - 1), abs=0.05)
    assert table.loc["fall", "seed_noise"] == pytest.approx(0.01, rel=0.3)
    assert ctr_exponents.paired_difference(flat, fall, SIZE).is_negative
    assert ctr_exponents.paired_difference(fall, fall, SIZE).value == 0


def test_a_fall_over_the_smaller_half_alone_is_found(ctr_runs):
    runs = one(ctr_runs, lambda model, flop: 0.55 * min(flop, 5e5) ** -0.01, noise=1e-4)
    table = ctr_exponents.exponents({"all": runs, "upper": ctr_curves.larger_half(runs)}, SIZE)
    assert table.loc["all", "ci_low"] > 0 > table.loc["upper", "ci_low"]


def test_signs_without_one_size(ctr_runs):
    sizes = sorted(one(ctr_runs).query("model == 'wukong'")[SIZE].unique())
    firm = ctr_exponents.signs_without_one(one(ctr_runs))
    assert (firm.agree, firm.contradict, firm.of) == (12, 0, 12)
    lever = one(ctr_runs, lambda model, flop: 0.5 * (1.05 if flop < 1.01 * sizes[0] else 1), noise=1e-4)
    assert ctr_exponents.signs_without_one(lever).agree < 12
    with pytest.raises(ValueError, match="leaving one size out needs 4 sizes, and there are 3"):
        ctr_exponents.signs_without_one(one(ctr_runs).query("training_flop_per_example < 7e4"))


def test_welchs_difference_is_students_for_equal_halves():
    found = ctr_exponents.difference((1.0, 0.5, 10), (0.0, 0.5, 10))
    assert found.value == 1.0
    assert found.ci_high - found.value == pytest.approx(0.5 * 2**0.5 * 2.0860 / 2.2281, rel=1e-3)
    assert list(ctr_exponents.difference((1.0, 0.0, 3), (0.5, 0.0, 3))) == [0.5, 0.5, 0.5]


def test_every_axis_that_varies_has_a_row(ctr_runs):
    table = ctr_exponents.by_axis(one(ctr_runs))
    assert len(table) == 4
    assert "embedding parameters" not in table.index
    alpha = table["α"]
    assert alpha["training compute (PF-days)"] == pytest.approx(alpha["training FLOP per example"], rel=1e-6)
