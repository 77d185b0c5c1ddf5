"""Our AUCs against published ones: exact where the table is made by hand, and noise is each sample's own."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import frappe
from recscale.figures import quality as figures
from recscale.figures import show
from recscale.plans.frappe import FRAPPE_WUKONG
from recscale.runs import load_results


@pytest.fixture(scope="module")
def runs(frappe_runs):
    return frappe_runs.runs


@pytest.fixture(scope="module")
def matched(frappe_runs):
    return frappe_runs.MATCHED


def test_every_model_has_its_printed_figures_and_wukong_none_of_the_benchmark():
    table = frappe.printed()
    assert table[["paper", "paper_logloss"]].notna().to_numpy().all()
    assert table.index[table["benchmark"].isna()].tolist() == ["wukong"]
    assert table.loc["dcnv2", ["benchmark", "paper"]].tolist() == [0.9845, 0.9774]
    assert table.loc["dlrm", ["benchmark_logloss", "paper_logloss"]].tolist() == [0.1444, 0.1465]
    assert frappe.plain_mlp() == 0.9833


def test_wukong_on_frappe_is_the_best_setting_tried():
    tried, chosen = frappe.tried().reset_index(), FRAPPE_WUKONG
    best = tried.loc[tried["AUC on valid"].idxmax()]
    assert (best["d"], best["λ"]) == (chosen.width, chosen.embedding_l2)
    assert (best["l"], best["dropout"]) == (chosen.config.l, chosen.config.dropout)


def test_means_intervals_and_differences_are_those_of_the_seeds(runs, matched):
    table = frappe.comparison(runs(noise=0.001))
    assert table["seeds"].tolist() == [3] * 8
    assert table["auc"].to_numpy() == pytest.approx(matched.to_numpy())
    assert table["auc_half_width"].to_numpy() == pytest.approx(4.302653 * 0.001 / 3**0.5)
    assert table["difference"].abs().max() < 1e-12
    assert table["difference_half_width"].to_numpy() == pytest.approx(4.302653 * 0.001 * (1 + 1 / 3) ** 0.5)


@pytest.mark.parametrize(("off", "close"), [(0.001, True), (-0.001, True), (0.00104, True), (0.0011, False)])
def test_close_is_a_thousandth_after_rounding(off, close, runs):
    assert frappe.comparison(runs({"dlrm": 0.9840 + off})).loc["dlrm", "close"] == close
    assert not frappe.comparison(runs(dataset="movielens-100k"))["close"].any()


def test_one_seed_has_no_interval(runs):
    table = frappe.comparison(runs(seeds=(0,)))
    assert table["auc"].notna().all()
    assert table[["auc_half_width", "difference_half_width"]].isna().to_numpy().all()


def test_diverged_runs_other_data_and_other_splits_do_not_count(runs):
    table = runs(seeds=(0, 1, 2, 3))
    table.loc[table["seed"] == 3, "diverged"] = True
    table.loc[table["seed"] == 2, "dataset"] = "movielens-100k"
    table.loc[table["seed"] == 1, "split"] = "random"
    assert frappe.comparison(table)["seeds"].tolist() == [1] * 8


@pytest.mark.parametrize(("wukong", "rank", "rival"), [(0.9880, 1, "finalmlp"), (0.9842, 5, "finalmlp")])
def test_wukongs_standing(wukong, rank, rival, runs, matched):
    """Three seeds, equal noise on both sides: Welch's interval has 4 degrees of freedom."""
    place = frappe.standing(runs({**matched, "wukong": wukong}))
    assert (place.rank, place.of, place.rival) == (rank, 8, rival)
    half = 2.776445 * 1e-4 * (2 / 3) ** 0.5
    assert tuple(place.gap) == pytest.approx((wukong - 0.9861, wukong - 0.9861 - half, wukong - 0.9861 + half))


def test_by_log_loss_less_is_better(runs, matched):
    place = frappe.standing(runs({**matched, "wukong": 0.9842}), frappe.LOG_LOSS)
    assert (place.rank, place.rival) == (5, "finalmlp")
    assert place.gap.value == pytest.approx(0.9861 - 0.9842)


def test_a_noisy_model_widens_its_own_interval_only(runs, matched):
    table = runs({**matched, "wukong": 0.9880})
    noisy = table.assign(test_auc=table["test_auc"] + 0.01 * (table["seed"] - 1) * (table["model"] == "afn+"))
    assert frappe.standing(noisy).gap == frappe.standing(table).gap
    noisy = table.assign(test_auc=table["test_auc"] + 0.01 * (table["seed"] - 1) * (table["model"] == "wukong"))
    assert not frappe.standing(noisy).gap.is_positive


def test_one_seed_has_no_interval_and_one_model_no_standing(runs):
    place = frappe.standing(runs({"wukong": 0.98, "dlrm": 0.97}, seeds=(0,), dataset="movielens-100k"))
    assert (place.rank, place.of, place.gap.value) == (1, 2, pytest.approx(0.01))
    assert not place.gap.has_interval
    for alone in ("wukong", "dlrm"):
        with pytest.raises(ValueError, match=f"takes runs of Wukong and of a rival, got those of \\['{alone}'\\]"):
            frappe.standing(runs({alone: 0.98}))


def test_the_difference_to_one_run_has_the_noise_of_both():
    sample = np.array([0.99, 1.0, 1.01])
    half = 4.302653 * 0.01 * (1 + 1 / 3) ** 0.5
    assert tuple(frappe.against_one_run(sample)) == pytest.approx((1.0, 1 - half, 1 + half))


def test_seeds_shrink_our_noise_and_not_that_of_the_one_run():
    """Deviation 0.01: 0.03 is left out as soon as t·√(1 + 1/n) < 3, and 0.0195 never, since t stays above 1.96."""
    sample = np.array([0.99, 1.0, 1.01])
    assert frappe.seeds_against_one_run(sample, 0.97) == 6
    assert frappe.seeds_against_one_run(sample, 1.0195) == np.inf
    assert frappe.seeds_against_one_run(sample, 0.5) == 3


def test_redrawn_negatives_are_known_by_the_files(runs):
    assert frappe.redrawn(runs())
    assert not frappe.redrawn(runs(checksum="another"))
    assert not frappe.redrawn(runs(dataset="movielens-100k"))


def test_the_papers_rivals_against_the_benchmarks():
    table = frappe.baselines()
    assert len(table) == 7
    assert table.index[table["weaker"]].tolist() == ["dcnv2", "autoint+", "masknet", "afn+", "xdeepfm"]
    assert table["difference"].min() == -0.0071
    reduced = frappe.reduced()
    assert reduced.loc["DCNv2"].tolist() == ["CrossNetV2", 0.9729, 0.9774, 0.9845]
    assert set(reduced["part"]) == {"CrossNetV2", "AutoInt", "CIN"}


def test_counted_parameters_are_the_printed_ones_but_for_afn():
    table = frappe.parameter_counts()
    assert (table["benchmark"] == table["benchmark_preset"]).all()
    assert table.index[table["paper"] != table["paper_preset"]].tolist() == ["AFN+"]


def test_log_loss_ranks_apart_from_auc(runs, matched):
    """The best by AUC may be nearly the last by log-loss; one bad seed shows."""
    table = runs({**matched, "wukong": 0.9880})
    table.loc[table["model"] == "wukong", "test_logloss"] = [0.160, 0.162, 0.219]
    losses = frappe.log_losses(table)
    assert losses.index[0] == "Wukong"
    assert losses.loc["Wukong", ["place_by_auc", "place_by_logloss", "d"]].tolist() == [1, 8, 128]
    assert losses.loc["Wukong", "logloss"] == pytest.approx((0.160 + 0.162 + 0.219) / 3)
    assert losses.loc["Wukong", "worst_seed"] == 0.219
    assert losses.loc["Wukong", "paper"] == 0.1757
    assert losses.loc["DLRM", ["benchmark", "paper"]].tolist() == [0.1444, 0.1465]
    assert frappe.log_losses(runs(dataset="movielens-100k"))["logloss"].isna().all()


def test_the_committed_log_losses_put_wukong_seventh():
    own = frappe.log_losses(load_results("frappe-quality")).loc["Wukong"]
    assert own[["place_by_auc", "place_by_logloss"]].tolist() == [1, 7]
    assert own["logloss"] == pytest.approx(0.1806, abs=5e-5)
    assert own["worst_seed"] == pytest.approx(0.2191, abs=5e-5)


def test_the_dot_plot_draws_every_figure_with_and_without_runs(runs):
    for table, count in ((runs(dataset="movielens-100k"), 15), (runs(), 23), (runs({"wukong": 0.98}, seeds=(0,)), 16)):
        compared = frappe.comparison(table)
        assert figures.marks(compared) == count
        fig = figures.frappe_figure(compared, frappe.plain_mlp(), "ours, negatives redrawn")
        assert show(fig, points=count).points == count
    assert fig.data[0].name == "ours, negatives redrawn"
    assert list(fig.layout.yaxis.categoryarray)[-1] == "Wukong"


def test_a_trial_of_afn_is_no_preset_and_is_compared_with_its_own_seed(runs):
    measured = runs()
    own = measured.query("model == 'afn+' and seed == 1")
    trial = own.assign(config='{"model": {"xavier_exponents": true}, "training": {"embedding": {}}}', test_auc=0.5)
    both = pd.concat([measured, trial], ignore_index=True)
    pd.testing.assert_frame_equal(frappe.comparison(both), frappe.comparison(measured))
    start = frappe.exponent_start(both)
    assert (start.library, start.ours) == (0.5, own["test_auc"].iloc[0])
    with pytest.raises(ValueError, match="no run of AFN\\+ with the library's exponents"):
        frappe.exponent_start(measured)
