"""Rivals at equal compute: planted leads, slopes and plateaus are found, and noise makes none."""

import numpy as np
import pytest

from recscale.analysis import ctr_curves, ctr_rivals

SIZE = "training_flop_per_example"
OFFSET = {"wukong": 0.0, "dlrm": 0.5, "dcnv2": -0.5}


def power(model, flop):
    """α = 0.002 for all; rivals lie 0.5 % above, DCNv2 0.5 % below Wukong."""
    return 0.55 * flop**-0.002 * np.exp(OFFSET.get(model, 0.5) / 100)


def steep(model, flop):
    return 0.55 * flop ** -(0.01 if model == "wukong" else 0.002 if model == "dlrm" else 0.02)


def one(ctr_runs, loss=power, **options):
    return ctr_curves.curves(ctr_runs.scaling(loss, **options), "movielens-1m")


def test_a_rival_that_leads_is_found_and_a_lead_is_measured(ctr_runs):
    runs = one(ctr_runs)
    table = ctr_rivals.standings(runs)
    assert table.loc["dlrm", "lead"] == pytest.approx(0.5, abs=0.01)
    assert table["leader"].to_dict() == {m: "dcnv2" if m == "dcnv2" else "wukong" for m in table.index}
    assert set(table["steeper"]) <= {""} | set(table.index) | {"wukong"}


def test_differences_at_the_level_of_noise_have_no_leader(ctr_runs):
    wrong = 0
    for draw in range(1, 41):
        table = ctr_rivals.standings(one(ctr_runs, lambda m, f: 0.5, noise=2e-3, seeds=(0, 1), draw=draw))
        wrong += (table["leader"] != "").any() + (table["steeper"] != "").any()
    assert wrong <= 8  # of 80 families, each wrong with at most 5 %


def test_what_a_seed_shares_is_not_taken_for_noise(ctr_runs):
    runs = one(ctr_runs, shared=0.05)
    assert ctr_rivals.compare_rivals(runs).contrasts.noise < 1e-5
    assert ctr_rivals.standings(runs).loc["dlrm", "leader"] == "wukong"


def test_steeper_and_flatter_rivals_are_told_from_wukong(ctr_runs):
    runs = one(ctr_runs, steep)
    table = ctr_rivals.standings(runs)
    assert table["steeper"].to_dict() == {m: "wukong" if m == "dlrm" else m for m in table.index}
    plain, wide = ctr_rivals.steeper(runs)["dlrm"]
    assert plain.value == pytest.approx(100 * np.log(10) * (0.002 - 0.01), rel=0.05)
    assert wide.ci_low < plain.ci_low


def test_one_seed_has_no_leader(ctr_runs):
    table = ctr_rivals.standings(one(ctr_runs, seeds=(0,)))
    assert set(table["leader"]) == {""}
    assert table["lead"].notna().all()
    assert ctr_rivals.compare_rivals(one(ctr_runs, seeds=(0,))).contrasts.dof == 0


def test_without_two_wukongs_there_is_nothing_to_compare(ctr_runs):
    runs = one(ctr_runs)
    with pytest.raises(ValueError, match="two sizes of Wukong or more, and there are 0"):
        ctr_rivals.compare_rivals(runs[runs["model"] != "wukong"])
    alone = runs[runs["model"] == "wukong"]
    assert ctr_rivals.standings(alone).empty
    assert ctr_rivals.steeper(alone) == {}


def test_means_carry_their_model_s_own_noise(ctr_runs):
    means = ctr_rivals.model_means(one(ctr_runs, noise=1e-3))
    assert len(means) == sum(ctr_runs.FIELD.values())
    assert (means["half"] > 0).all()
    assert ctr_rivals.model_means(one(ctr_runs, seeds=(0,)))["half"].isna().all()


def test_slopes_stand_beside_the_papers(ctr_runs):
    rows = ctr_rivals.slopes_and_the_papers(one(ctr_runs))
    assert rows["source"].value_counts().to_dict() == {"ours": 8, "paper": 7}
    ours = rows[rows["source"] == "ours"]
    assert ours["slope"].tolist() == pytest.approx([100 * (10**-0.002 - 1)] * 8, rel=0.05)
    assert (ours["low"] <= ours["slope"]).all()
