"""Levels at a good size, the order of the models, and the tables of the searches."""

import numpy as np
import pytest
from scipy import stats

from recscale.analysis import sequential_quality as quality
from recscale.runs.table import load_results
from recscale.stats.multiplicity import Count, count_above

LEVELS = {"sasrec": 0.185, "hstu": 0.19, "llama": 0.195}


def test_levels_have_intervals_over_seeds(sequential_runs):
    runs = sequential_runs.quality({"sasrec": 0.19})
    table = quality.quality_table(runs)
    row = table.loc[("movielens-1m", "sasrec", "softmax")]
    values = runs.loc[(runs["dataset"] == "movielens-1m") & (runs["test_ndcg@10"] > 0.1), "test_ndcg@10"]
    half = stats.t.ppf(0.975, len(values) - 1) * values.std() / len(values) ** 0.5
    assert row["ndcg"] == pytest.approx(values.mean())
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((values.mean() - half, values.mean() + half))
    assert table["seeds"].tolist() == [3, 1, 3], "one row per data set and loss, best of a set first"
    assert np.isnan(table.loc[("movielens-1m", "sasrec", "bce"), "ci_low"])


def test_models_are_compared_on_common_data(sequential_runs):
    runs = sequential_runs.quality(LEVELS)
    chosen = quality.quality_runs(runs, "movielens-1m")
    assert set(chosen["loss"]) == {"softmax"}
    assert len(chosen) == 9
    with pytest.raises(ValueError, match="no healthy run of hstu on amazon-beauty"):
        quality.quality_runs(runs[(runs["model"] != "hstu") | (runs["dataset"] != "amazon-beauty")], "amazon-beauty")


def test_a_pair_counts_only_if_both_metrics_decide_it(sequential_runs):
    runs = quality.quality_runs(sequential_runs.quality(LEVELS, noise=0.002), "movielens-1m")
    assert count_above(quality.order_effects(runs)) == Count(3, 0, 3)
    turned = runs.assign(**{"test_hr@10": 0.3 + 0.001 * runs["seed"]})
    assert count_above(quality.order_effects(turned)) == Count(0, 0, 3), "HR@10 tells no model from another"
    low = {"sasrec": 0.17, "hstu": 0.16, "llama": 0.15}
    runs = quality.quality_runs(sequential_runs.quality(low, noise=0.002), "movielens-1m")
    assert count_above(quality.order_effects(runs)).contradict == 3


def test_public_levels_are_the_best_printed():
    assert quality.public_level("ml-1m", "SASRec") == 0.1857
    assert quality.public_level("beauty (S3Rec)", "SASRec") == 0.0531
    assert quality.public_level("ml-1m", "HSTU-large") == 0.1893


def test_the_committed_order_on_movielens_is_decided_by_ndcg_alone():
    table = load_results("sequential-quality")
    movielens, beauty = (quality.order_effects(quality.quality_runs(table, name)) for name in quality.SETS)
    assert count_above(movielens) == Count(0, 0, 3)
    assert count_above(beauty) == Count(1, 1, 3)
