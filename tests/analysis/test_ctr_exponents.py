"""Exponents of several curves, with their own scatter."""

import pytest

from recscale.analysis import ctr_curves, ctr_exponents

SIZE = "training_flop_per_example"


def power(model, flop):
    return 0.55 * flop**-0.002


def one(ctr_runs, loss=power, **options):
    return ctr_curves.curves(ctr_runs.scaling(loss, **options), "movielens-1m")


def test_exponents_of_two_sets_are_compared_with_their_scatter(ctr_runs):
    flat, fall = one(ctr_runs, lambda m, f: 0.5, noise=1e-4), one(ctr_runs, noise=1e-4)
    table = ctr_exponents.exponents({"flat": flat, "fall": fall, "few": fall[fall[SIZE] < 1.6e4]}, SIZE, 50)
    assert table.index.tolist() == ["flat", "fall"]
    assert table.loc["flat", "ci_low"] < 0 < table.loc["flat", "ci_high"]
    assert 0 < table.loc["fall", "boot_low"] < 0.002 < table.loc["fall", "boot_high"] + 1e-4
    assert table.loc["fall", "over_range"] == pytest.approx(100 * ((4e7 / 1.5e4) ** -0.002 - 1), abs=0.05)
    assert table.loc["fall", "seed_noise"] == pytest.approx(0.01, rel=0.3)


def test_a_fall_over_the_smaller_half_alone_is_found(ctr_runs):
    runs = one(ctr_runs, lambda model, flop: 0.55 * min(flop, 5e5) ** -0.01, noise=1e-4)
    table = ctr_exponents.exponents({"all": runs, "upper": ctr_curves.halves(runs)[1]}, SIZE)
    assert table.loc["all", "ci_low"] > 0 > table.loc["upper", "ci_low"]


def test_signs_without_one_size(ctr_runs):
    sizes = sorted(one(ctr_runs).query("model == 'wukong'")[SIZE].unique())
    firm = ctr_exponents.signs_without_one(one(ctr_runs))
    assert (firm.agree, firm.contradict, firm.of) == (12, 0, 12)
    lever = one(ctr_runs, lambda model, flop: 0.5 * (1.05 if flop < 1.01 * sizes[0] else 1), noise=1e-4)
    assert ctr_exponents.signs_without_one(lever).agree < 12
    with pytest.raises(ValueError, match="leaving one size out needs 4 sizes, and there are 3"):
        ctr_exponents.signs_without_one(one(ctr_runs).query("training_flop_per_example < 7e4"))


def test_every_axis_that_varies_has_a_row(ctr_runs):
    table = ctr_exponents.by_axis(one(ctr_runs))
    assert len(table) == 4
    assert "embedding parameters" not in table.index
    alpha = table["α"]
    assert alpha["training compute (PF-days)"] == pytest.approx(alpha["training FLOP per example"], rel=1e-6)
