"""The measured law: planted truths are recovered, and what noise can explain decides nothing."""

import math

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import ctr_curves
from recscale.analysis import ctr_scaling as law
from recscale.runs.table import run_table
from recscale.stats.estimate import Estimate
from recscale.stats.seeds import SeedNoise

SIZE = "training_flop_per_example"
WUKONG = {("movielens-1m", "random"): {"wukong": 12}}


def power(model, flop):
    return 0.55 * flop**-0.002


def one(ctr_runs, loss=power, **options):
    return ctr_curves.curves(ctr_runs.scaling(loss, **options), "movielens-1m")


def test_the_planted_exponent_is_recovered_and_its_held_out_sizes_predicted(ctr_runs):
    fit = law.fit_law(one(ctr_runs), SIZE, 2)
    alpha = law.exponent(fit)
    assert alpha.value == pytest.approx(0.002, rel=1e-2)
    assert alpha.is_positive
    assert fit.n_points == 10
    assert fit.held_out["rmse"] < 1e-4


def test_the_law_in_pf_days_has_the_exponent_of_compute(ctr_runs):
    runs = one(ctr_runs)
    in_days, in_flop = (law.exponent(law.fit_law(runs, size, 0)).value for size in ("pf_days", SIZE))
    assert in_days == pytest.approx(in_flop, rel=1e-6)


def test_seeds_are_one_point_per_configuration(ctr_runs):
    few, many = (one(ctr_runs, noise=0, shared=0, seeds=seeds) for seeds in ((0,), tuple(range(5))))
    assert law.compare_forms(few, SIZE, 1)["aicc"].tolist() == pytest.approx(
        law.compare_forms(many, SIZE, 1)["aicc"].tolist()
    )


def test_a_model_without_runs_is_refused(ctr_runs):
    with pytest.raises(ValueError, match="there are no runs of hstu; there are wukong, dlrm"):
        law.fit_law(one(ctr_runs), SIZE, 0, model="hstu")


def test_a_curve_spans_all_sizes_and_is_empty_where_the_size_doesn_t_vary(ctr_runs):
    runs = one(ctr_runs)
    curves = law.curves_by_axis(runs, (SIZE, "embedding_parameters", "elsewhere"), 2)
    assert list(curves) == [SIZE, "embedding_parameters"]
    own = runs.loc[runs["model"] == "wukong", SIZE]
    assert curves[SIZE]["x"].iloc[[0, -1]].tolist() == pytest.approx([own.min(), own.max()])
    assert (curves[SIZE]["low"] < curves[SIZE]["high"]).all()
    assert curves["embedding_parameters"].empty


def test_a_change_per_decade_turns_the_limits_of_the_exponent():
    change = law.change_per_decade(Estimate(0.001, -0.001, 0.002))
    assert list(change) == pytest.approx([-0.23, -0.459, 0.2305], abs=1e-3)


def test_the_growth_that_a_gain_costs():
    factor = law.growth_factor(Estimate(0.002, 0.001, 0.004), 0.2)
    assert list(factor) == pytest.approx([2.72, 1.65, 7.40], abs=0.01)
    assert law.growth_factor(Estimate(0.002, -0.001, 0.004), 0.2).ci_high == math.inf
    assert law.growth_factor(Estimate(-0.002, -0.003, -0.001), 0.2).value == math.inf


def test_the_form_that_was_planted_leads_in_aicc(ctr_runs):
    floor = law.compare_forms(one(ctr_runs, lambda model, flop: 0.5 + 40 * flop**-0.6), SIZE)
    assert law.tied(floor) == ["power-law-floor"]
    assert law.lead_in_aicc(floor).value < -2 < 2 < law.lead_in_aicc(floor, "power-law-floor").value
    flat = law.compare_forms(one(ctr_runs, lambda model, flop: 0.5, noise=1e-3), SIZE)
    assert law.lead_in_aicc(flat).value < 0
    tie = law.compare_forms(one(ctr_runs, noise=1e-4), SIZE)
    assert abs(law.lead_in_aicc(tie).value) < 2
    assert {"power-law", "log-linear"} <= set(law.tied(tie))


def test_telling_a_power_law_from_a_line_takes_as_many_seeds_as_said(ctr_runs):
    """At four times the named number of seeds the power law leads the line on average by about four times the
    margin."""
    curve = {"noise": 1e-2, "shared": 0, "curves": WUKONG}
    runs = one(ctr_runs, lambda model, flop: flop**-0.01, seeds=tuple(range(6)), **curve)
    needed = law.seeds_to_tell_forms(runs, law.compare_forms(runs, SIZE), SIZE)
    assert 50 < needed < 1000
    curve["noise"] /= (4 * needed) ** 0.5
    leads = []
    for draw in range(12):
        many = one(ctr_runs, lambda model, flop: flop**-0.01, seeds=(0,), draw=draw, **curve)
        aicc = law.compare_forms(many, SIZE).set_index("law")["aicc"]
        leads.append(aicc["log-linear"] - aicc["power-law"])
    assert 4 < np.mean(leads) < 16
    alone = runs[runs["seed"] == 0]
    assert math.isnan(law.seeds_to_tell_forms(alone, law.compare_forms(alone, SIZE), SIZE))


def test_what_a_seed_does_to_all_sizes_is_not_noise(ctr_runs):
    assert law.noise_of(one(ctr_runs, shared=0.05)).sd < 1e-5
    noise = law.noise_of(one(ctr_runs, noise=1e-3, seeds=tuple(range(30))))
    assert noise.sd == pytest.approx(1e-3 * 0.535, rel=0.1)
    assert math.isnan(law.noise_of(one(ctr_runs, seeds=(0,))).sd)
    assert math.isnan(law.least_difference(one(ctr_runs, seeds=(0,))))


def test_a_gain_over_no_gain_is_known_only_beyond_the_noise(ctr_runs):
    assert law.gain_over_no_gain(one(ctr_runs), SIZE, 2).is_positive
    stops = law.gain_over_no_gain(one(ctr_runs, lambda model, flop: 0.55 * min(flop, 5e6) ** -0.01), SIZE, 2)
    assert stops.is_negative
    noisy = law.gain_over_no_gain(one(ctr_runs, noise=2e-3), SIZE, 2)
    assert noisy.ci_low < 0 < noisy.ci_high
    assert not law.gain_over_no_gain(one(ctr_runs, seeds=(0,)), SIZE, 2).has_interval


@pytest.mark.parametrize(("kink", "too_optimistic"), [(0.0, False), (0.01, True)])
def test_a_promise_that_was_not_kept_is_told_from_one_that_was(ctr_runs, kink, too_optimistic):
    runs = one(ctr_runs, lambda model, flop: power(model, flop) * (1 + kink * (flop > 1e7)), noise=1e-4)
    miss = law.missed(runs, SIZE, 2)
    assert miss.is_positive is too_optimistic
    assert miss.percent.value == pytest.approx(100 * kink, abs=0.05)


def test_a_miss_may_depend_on_how_many_sizes_are_held_out(ctr_runs):
    sizes = sorted(one(ctr_runs).query("model == 'wukong'")[SIZE].unique())

    def truth(model, flop):
        return power(model, flop) * (1.01 if flop > 0.99 * sizes[-1] else 0.99 if flop > 0.99 * sizes[-2] else 1.0)

    runs = one(ctr_runs, truth, noise=2e-4)
    table, pairs = law.held_out_table(runs, SIZE), law.misses(runs, SIZE)
    assert table.index.tolist() == [1, 2, 3, 4]
    assert table.loc[1, "ci_low"] > 0 > table.loc[2, "ci_low"]
    assert all(wide.ci_low < plain.ci_low for plain, wide in pairs)
    few = runs[(runs["model"] != "wukong") | runs[SIZE].isin(sizes[:5])]
    assert len(law.misses(few, SIZE)) == 2, "three sizes stay"


def test_slopes_and_offsets_are_each_model_s(ctr_runs):
    table = law.slopes(one(ctr_runs, noise=0, shared=0))
    assert set(table.index) == set(ctr_runs.FIELD)
    assert table["slope"].tolist() == pytest.approx([100 * (10**-0.002 - 1)] * 8, rel=0.02)
    assert (table["offset"] - power("", 1e6)).abs().max() < 1e-3
    assert law.slopes(one(ctr_runs).query("training_flop_per_example < 1.6e4")).empty


def test_relative_to_the_smallest_dlrm(ctr_runs):
    runs = one(ctr_runs, noise=0, shared=0)
    table = law.relative(runs)
    smallest = table[table["model"] == "dlrm"].sort_values(SIZE).iloc[0]
    assert smallest["relative"] == pytest.approx(0)
    assert table["relative"].min() == pytest.approx(100 * (4e7 / 2e4) ** -0.002 - 100, abs=1e-3)
    with pytest.raises(ValueError, match="no runs of dlrm"):
        law.relative(runs[runs["model"] != "dlrm"])


def test_more_seeds_help_where_residuals_are_noise():
    assert law.more_seeds_help(SeedNoise(0.9, 4), SeedNoise(1.0, 4)) is True
    assert law.more_seeds_help(SeedNoise(1.5, 3), SeedNoise(1.0, 2)) is True, "one in three has as much by luck"
    assert law.more_seeds_help(SeedNoise(4.0, 4), SeedNoise(1.0, 4)) is False
    assert law.more_seeds_help(SeedNoise(1.0, 3), SeedNoise(math.nan, 0)) is None
    ratio = law.detectable_ratio(3, 2)
    assert ratio == pytest.approx(19.164**0.5, rel=1e-4)
    assert law.more_seeds_help(SeedNoise(0.99 * ratio, 3), SeedNoise(1.0, 2)) is True
    assert law.more_seeds_help(SeedNoise(1.01 * ratio, 3), SeedNoise(1.0, 2)) is False
    assert law.detectable_ratio(3, 0) == math.inf


def test_any_table_of_runs_will_do(ctr_runs):
    """A ladder of other models and sizes, not that of the study."""
    rows = [
        ctr_runs.run(ctr_runs.config({"l": 1 + size}), seed, flop, 100, 0.6 * flop**-0.01)
        for size, flop in enumerate((1_000, 10_000, 100_000, 1_000_000))
        for seed in (3, 4)
    ]
    runs = run_table(pd.DataFrame(rows))
    assert law.exponent(law.fit_law(runs, SIZE, 1)).value == pytest.approx(0.01, rel=1e-6)
    assert law.decades(runs, SIZE) == pytest.approx(3)
    assert law.sizes_of(runs) == 4
