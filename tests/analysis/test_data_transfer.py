"""D′ across data sets: recovered where the metric is made from it, refuted where it is made from tokens."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import data_transfer as transfer
from recscale.analysis.data_transfer import D_PRIME, TOKENS
from recscale.datasets import load_sequences, repeat_within_user
from recscale.entropy.experiments import readings
from recscale.plans.sequential import OTHER_DATASETS
from recscale.stats.multiplicity import Count, count_below

WHOLE = ("movielens-1m", 1.0, 0.0)
VARIANTS = [
    WHOLE,
    *(("movielens-1m", fraction, 0.0) for fraction in (0.3, 0.1)),
    *(("movielens-1m", 1.0, repeated) for repeated in (1.0, 0.5, 0.25)),
    *((name, 1.0, 0.0) for name in OTHER_DATASETS),
]


@pytest.fixture(scope="module")
def terms():
    """Data terms that differ from each other as real ones do."""
    random = np.random.default_rng(3)
    tokens = np.array([2.7e5, 8e4, 2.7e4, 2.98e5, 2.9e5, 2.8e5, 1.9e5, 7.9e4, 8.2e5, 4.3e5, 3.1e5])
    per_token = np.array([40, 41, 41, 50, 48, 45, 5, 13, 14, 6, 8.0])
    table = pd.DataFrame({TOKENS: tokens, D_PRIME: tokens * per_token}, index=pd.MultiIndex.from_tuples(VARIANTS))
    table["real-concatenated"] = tokens / random.uniform(4, 9, len(tokens))
    table["zlib"] = tokens * random.uniform(1, 8, len(tokens))
    return table


@pytest.fixture(scope="module")
def made(sequential_runs, terms):
    """term -> the study of a metric that follows it."""

    def of(term, noise=0.003):
        def truth(layers, width, *, dataset, fraction, repeated, **differs):
            data = np.log(terms.loc[(dataset, fraction, repeated), term] / terms[term].max())
            return sequential_runs.law(layers, width) - 0.04 + 0.02 * data

        tables = sequential_runs.data(truth, noise), sequential_runs.grid(truth, noise)
        return transfer.data_study(*tables, "ndcg@10", terms)

    return {term: of(term) for term in (D_PRIME, TOKENS)}


def test_every_planned_setting_has_a_level(made):
    study = made[D_PRIME]
    assert set(study.levels.index) == set(VARIANTS)
    assert len(study.datasets) == 6
    assert 0 < study.cells.contrasts.noise < 0.01


def test_too_few_settings_are_refused_and_a_missing_set_is_left_out(sequential_runs, terms):
    def truth(layers, width, **differs):
        return sequential_runs.law(layers, width)

    data, grid = sequential_runs.data(truth), sequential_runs.grid(truth)
    with pytest.raises(ValueError, match="6 settings of 1 data sets; data terms are compared over at least 5 settings"):
        transfer.data_study(data[data["dataset"] == "movielens-1m"], grid, "ndcg@10", terms)
    short = data[data["dataset"] != "food"]
    assert "food" not in transfer.data_study(short, grid, "ndcg@10", terms).datasets


def test_without_a_second_seed_intervals_are_unknown(sequential_runs, terms):
    def truth(layers, width, **differs):
        return sequential_runs.law(layers, width)

    study = transfer.data_study(sequential_runs.data(truth), sequential_runs.grid(truth, seeds=(0,)), "ndcg@10", terms)
    gains, lead = transfer.ablate(study, 20, 0)
    estimates = [*gains.values(), lead, transfer.joint_law_test(study, 20, 0)]
    assert not any(estimate.has_interval for estimate in estimates)
    assert count_below(transfer.variants_effects(study, D_PRIME)) == Count(0, 0, 5)
    assert count_below(list(transfer.left_out(study).values())) == Count(0, 0, 6)


def test_levels_stand_with_their_terms(made):
    study = made[D_PRIME]
    table = transfer.level_table(study)
    assert table.columns.tolist() == ["dataset", "fraction", "repeated", "level", *transfer.TERMS.values()]
    assert table["level"].tolist() == study.levels.tolist()
    assert table["tokens"].tolist() == study.terms[TOKENS].tolist()


def test_the_ablation_names_the_term_the_metric_was_made_of(made):
    (quality, lead), (plain, lead_of_none) = (transfer.ablate(made[term], 200, 0) for term in (D_PRIME, TOKENS))
    r2 = [transfer.explained(made[term].levels.to_numpy(), made[term].terms) for term in (D_PRIME, TOKENS)]
    assert [one.idxmax() for one in r2] == [D_PRIME, TOKENS]
    assert r2[0][D_PRIME] > 0.98
    assert quality[D_PRIME].is_positive
    assert plain[D_PRIME].is_negative
    assert lead.is_positive
    assert lead_of_none.value < 0
    assert not lead_of_none.is_positive


def test_r2_of_a_constant_or_impossible_term_is_unknown(terms):
    table = terms.assign(flat=1.0, negative=-1.0)
    r2 = transfer.explained(np.log(terms[D_PRIME].to_numpy()), table)
    assert r2[D_PRIME] == pytest.approx(1)
    assert r2[["flat", "negative"]].isna().all()


def test_variants_move_as_the_term_they_were_made_of(made, sequential_runs, terms):
    study = made[D_PRIME]
    effects = study.cells.contrasts.intervals(list(transfer.variants_against(study, D_PRIME).values()))
    assert count_below(effects) == Count(5, 0, 5)

    def opposite(layers, width, *, dataset, fraction, repeated, **differs):
        data = np.log(terms.loc[(dataset, fraction, repeated), D_PRIME] / terms[D_PRIME].min())
        return sequential_runs.law(layers, width) - 0.01 * data

    tables = sequential_runs.data(opposite, 0.003), sequential_runs.grid(opposite, 0.003)
    study = transfer.data_study(*tables, "ndcg@10", terms)
    effects = study.cells.contrasts.intervals(list(transfer.variants_against(study, D_PRIME).values()))
    count = count_below(effects)
    assert count.agree == 0 < count.contradict


def test_one_law_fits_where_it_is_true_and_only_there(made):
    true, broken = (transfer.joint_law_test(made[term], 60, 0) for term in (D_PRIME, TOKENS))
    assert true.ci_low > 0.05
    assert transfer.joint_fit(transfer.term_points(made[D_PRIME])).r2 > 0.99
    assert broken.ci_high < 0.1
    assert broken.value == pytest.approx(1 / 61)


@pytest.mark.parametrize("draw", range(4))
def test_a_true_law_over_very_unlike_levels_is_not_refuted(sequential_runs, terms, draw):
    """Levels five times apart, and parts of the users moved by their own test users: none of it is the law's fault."""
    moved = dict(zip(VARIANTS, np.random.default_rng(draw).standard_normal(len(VARIANTS)), strict=True))

    def truth(layers, width, *, dataset, fraction, repeated, **differs):
        one = (dataset, fraction, repeated)
        value = sequential_runs.law(layers, width) + 0.053 * np.log(terms.loc[one, D_PRIME] / terms[D_PRIME].max())
        return value * (1 + transfer.user_noise(value, fraction) * moved[one])

    tables = (make(truth, 0.015, draw) for make in (sequential_runs.data, sequential_runs.grid))
    study = transfer.data_study(*tables, "ndcg@10", terms)
    assert study.levels.max() > 5 * study.levels.min()
    assert transfer.joint_law_test(study, 60, 0).value > 0.05


def test_a_data_set_left_out_is_predicted_where_the_law_is_true(made):
    true, broken = (list(transfer.left_out(made[term]).values()) for term in (D_PRIME, TOKENS))
    assert len(true) == 6
    assert count_below(true).agree >= 5
    assert count_below(broken).agree < count_below(true).agree


def test_terms_of_whole_sets_are_the_stored_ones_and_variants_are_made_as_training_makes_them():
    stored = transfer.measured_data_terms((WHOLE,))
    assert stored.loc[WHOLE, TOKENS] == 271_588
    chain = ("synthetic-markov", 1.0, 0.5)
    (computed,) = transfer.measured_data_terms((chain,)).to_dict("records")
    data = repeat_within_user(load_sequences("synthetic-markov"), 0.5, seed=0)
    expected = readings("x", data.items, data.offsets, 2, 50).set_index("name")["value"]
    assert computed[D_PRIME] == expected[D_PRIME]
    assert transfer.measured_data_terms((("no such set", 0.5, 0.0),)).empty


def test_a_part_of_the_users_is_known_less_well_and_a_falling_line_explains_nothing(made):
    study = made[D_PRIME]
    assert transfer.user_noise(0.15, 1.0) == 0
    assert transfer.user_noise(0.15, 0.1) == pytest.approx((0.85 / (0.15 * 604)) ** 0.5)
    plain = study.cells.contrasts.intervals(list(transfer.variants_against(study, D_PRIME).values()))
    wide = transfer.variants_effects(study, D_PRIME)
    parts = [variant for variant in study.levels.index if variant[0] == "movielens-1m" and variant[1:] != (1.0, 0.0)]
    for (_, fraction, _), (narrow, _), (wider, _) in zip(parts, plain, wide, strict=True):
        assert narrow.value == pytest.approx(wider.value)
        assert (wider.ci_high - wider.ci_low > narrow.ci_high - narrow.ci_low + 1e-9) == (fraction < 1)
    falling = pd.DataFrame({"up": [1.0, 2.0, 4.0], "down": [4.0, 2.0, 1.0]})
    assert transfer.explained(np.array([1.0, 2.0, 3.0]), falling).tolist() == pytest.approx([1.0, 0.0])
