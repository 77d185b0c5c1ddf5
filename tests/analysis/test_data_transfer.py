"""D′ across data sets: recovered where the metric is made from it, refuted where it is made from tokens."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import data_transfer as sequential_data
from recscale.analysis.data_transfer import D_PRIME, TOKENS
from recscale.datasets import load_sequences, repeat_within_user
from recscale.entropy.experiments import readings
from recscale.plans.sequential import OTHER_DATASETS
from recscale.stats.contrasts import reached, verdict

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
        return sequential_data.study(*tables, "ndcg@10", terms)

    return {term: of(term) for term in (D_PRIME, TOKENS)}


def test_every_planned_setting_has_a_level(made):
    study = made[D_PRIME]
    assert set(study.levels.index) == set(VARIANTS)
    assert len(study.datasets) == 6
    assert 0 < study.noise < 0.01


def test_without_seeds_or_settings_there_is_no_study(sequential_runs, terms):
    def truth(layers, width, **differs):
        return sequential_runs.law(layers, width)

    data, grid = sequential_runs.data(truth), sequential_runs.grid(truth)
    assert sequential_data.study(data.iloc[:0], grid, "ndcg@10", terms) is None
    assert sequential_data.study(data, grid.iloc[:0], "ndcg@10", terms) is None
    assert sequential_data.study(data, sequential_runs.grid(truth, seeds=(0,)), "ndcg@10", terms) is None
    assert sequential_data.study(data[data["dataset"] == "movielens-1m"], grid, "ndcg@10", terms) is None
    short = data[data["dataset"] != "food"]
    assert "food" not in sequential_data.study(short, grid, "ndcg@10", terms).datasets


def test_the_ablation_names_the_term_the_metric_was_made_of(made):
    quality, plain = (sequential_data.ablate(made[term], 200, 0) for term in (D_PRIME, TOKENS))
    assert (quality.best, plain.best) == (D_PRIME, TOKENS)
    assert quality.r2[D_PRIME] > 0.98
    assert quality.gains[D_PRIME].is_positive
    assert plain.gains[D_PRIME].is_negative
    assert quality.share > 0.95 > 0.1 > plain.share


def test_r2_of_a_constant_or_impossible_term_is_unknown(terms):
    table = terms.assign(flat=1.0, negative=-1.0)
    r2 = sequential_data.explained(np.log(terms[D_PRIME].to_numpy()), table)
    assert r2[D_PRIME] == pytest.approx(1)
    assert r2[["flat", "negative"]].isna().all()


def test_variants_move_as_the_term_they_were_made_of(made, sequential_runs, terms):
    study = made[D_PRIME]
    effects = study.cells.effects(sequential_data.variants_against(study, D_PRIME))
    assert len(effects) == 5
    assert verdict(effects) == "holds"

    def opposite(layers, width, *, dataset, fraction, repeated, **differs):
        data = np.log(terms.loc[(dataset, fraction, repeated), D_PRIME] / terms[D_PRIME].min())
        return sequential_runs.law(layers, width) - 0.01 * data

    tables = sequential_runs.data(opposite, 0.003), sequential_runs.grid(opposite, 0.003)
    study = sequential_data.study(*tables, "ndcg@10", terms)
    effects = study.cells.effects(sequential_data.variants_against(study, D_PRIME))
    assert (verdict(effects), reached(effects)) == ("does not hold", 0)


def test_one_law_fits_where_it_is_true_and_only_there(made):
    true, broken = (sequential_data.joint(made[term], 60, 0) for term in (D_PRIME, TOKENS))
    assert true.verdict == "holds"
    assert true.r2 > 0.99
    assert broken.verdict == "does not hold"
    assert broken.means > broken.r2


@pytest.mark.parametrize("draw", range(4))
def test_a_true_law_over_very_unlike_levels_is_not_refuted(sequential_runs, terms, draw):
    """Levels five times apart, and parts of the users moved by their own test users: none of it is the law's fault."""
    moved = dict(zip(VARIANTS, np.random.default_rng(draw).standard_normal(len(VARIANTS)), strict=True))

    def truth(layers, width, *, dataset, fraction, repeated, **differs):
        one = (dataset, fraction, repeated)
        value = sequential_runs.law(layers, width) + 0.053 * np.log(terms.loc[one, D_PRIME] / terms[D_PRIME].max())
        return value * (1 + sequential_data.user_noise(value, fraction) * moved[one])

    tables = (make(truth, 0.015, draw) for make in (sequential_runs.data, sequential_runs.grid))
    study = sequential_data.study(*tables, "ndcg@10", terms)
    assert study.levels.max() > 5 * study.levels.min()
    assert sequential_data.joint(study, 60, 0).verdict == "holds"


def test_a_data_set_left_out_is_predicted_where_the_law_is_true(made):
    true, broken = (list(sequential_data.left_out(made[term]).values()) for term in (D_PRIME, TOKENS))
    assert len(true) == 6
    assert reached(true) >= 5
    assert reached(broken) < reached(true)
    assert verdict(broken) != "holds"


def test_terms_of_whole_sets_are_the_stored_ones_and_variants_are_made_as_training_makes_them():
    stored = sequential_data.data_terms((WHOLE,))
    assert stored.loc[WHOLE, TOKENS] == 271_588
    chain = ("synthetic-markov", 1.0, 0.5)
    (computed,) = sequential_data.data_terms((chain,)).to_dict("records")
    data = repeat_within_user(load_sequences("synthetic-markov"), 0.5, seed=0)
    expected = readings("x", data.items, data.offsets, 2, 50).set_index("name")["value"]
    assert computed[D_PRIME] == expected[D_PRIME]
    assert sequential_data.data_terms((("no such set", 0.5, 0.0),)).empty


def test_a_part_of_the_users_is_known_less_well_and_a_falling_line_explains_nothing(made):
    study = made[D_PRIME]
    assert sequential_data.user_noise(0.15, 1.0) == 0
    assert sequential_data.user_noise(0.15, 0.1) == pytest.approx((0.85 / (0.15 * 604)) ** 0.5)
    plain = study.cells.effects(sequential_data.variants_against(study, D_PRIME))
    wide = sequential_data.variants_effects(study, D_PRIME)
    parts = [variant for variant in study.levels.index if variant[0] == "movielens-1m" and variant[1:] != (1.0, 0.0)]
    for (_, fraction, _), (narrow, _), (wider, _) in zip(parts, plain, wide, strict=True):
        assert narrow.value == pytest.approx(wider.value)
        assert (wider.ci_high - wider.ci_low > narrow.ci_high - narrow.ci_low + 1e-9) == (fraction < 1)
    falling = pd.DataFrame({"up": [1.0, 2.0, 4.0], "down": [4.0, 2.0, 1.0]})
    assert sequential_data.explained(np.array([1.0, 2.0, 3.0]), falling).tolist() == pytest.approx([1.0, 0.0])
