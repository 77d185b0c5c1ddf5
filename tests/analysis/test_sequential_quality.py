"""Levels at a good size, the order of the models, and the tables of the searches."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from recscale.analysis import sequential_quality as quality
from recscale.runs.table import load_results
from recscale.stats.estimate import UNKNOWN
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
    assert quality.level([]) == UNKNOWN


def test_models_are_compared_on_common_data(sequential_runs):
    runs = sequential_runs.quality(LEVELS)
    chosen = quality.quality_runs(runs, "movielens-1m")
    assert set(chosen["loss"]) == {"softmax"}
    assert len(chosen) == 9
    with pytest.raises(ValueError, match="no healthy run of hstu on amazon-beauty"):
        quality.quality_runs(runs[(runs["model"] != "hstu") | (runs["dataset"] != "amazon-beauty")], "amazon-beauty")


def test_a_pair_counts_only_if_both_metrics_decide_it(sequential_runs):
    runs = quality.quality_runs(sequential_runs.quality(LEVELS, noise=0.002), "movielens-1m")
    assert quality.ordered_pairs() == [("sasrec", "hstu"), ("sasrec", "llama"), ("hstu", "llama")]
    assert count_above(quality.order_effects(runs)) == Count(3, 0, 3)
    turned = runs.assign(**{"test_hr@10": 0.3 + 0.001 * runs["seed"]})
    assert count_above(quality.order_effects(turned)) == Count(0, 0, 3), "HR@10 tells no model from another"
    low = {"sasrec": 0.17, "hstu": 0.16, "llama": 0.15}
    runs = quality.quality_runs(sequential_runs.quality(low, noise=0.002), "movielens-1m")
    assert count_above(quality.order_effects(runs)).contradict == 3


def test_validation_chooses_the_best_model(sequential_runs):
    runs = quality.quality_runs(sequential_runs.quality(LEVELS, noise=0.002), "movielens-1m")
    assert quality.best_by_validation(runs) == "llama"
    runs.loc[runs["model"] == "sasrec", "valid_ndcg@10"] = 1.0
    assert quality.best_by_validation(runs) == "sasrec"


def test_public_levels_are_the_best_printed():
    assert quality.public_level("ml-1m", "SASRec") == 0.1857
    assert quality.public_level("beauty (S3Rec)", "SASRec") == 0.0531
    assert quality.public_level("ml-1m", "HSTU-large") == 0.1893


def test_the_committed_order_on_movielens_is_decided_by_ndcg_alone():
    table = load_results("sequential-quality")
    movielens, beauty = (quality.order_effects(quality.quality_runs(table, name)) for name in quality.SETS)
    assert count_above(movielens) == Count(0, 0, 3)
    assert count_above(beauty) == Count(1, 1, 3)


def searched(rows):
    """Records of a search: (schedule or None, layers, width, rate, dropout, positions, NDCG); None: an older record."""
    return pd.DataFrame(
        {
            "model": "sasrec", "dataset": dataset, "split": "leave-one-out", "diverged": False,
            "dense_parameters": 1000, "embedding_parameters": 1000,
            "config": json.dumps(
                {
                    "model": {"layers": layers, "width": width, "dropout": dropout},
                    "training": {"learning_rate": rate} | ({"schedule": schedule} if schedule else {}),
                }
            ),
            "examples_seen": positions,
            "valid_ndcg@10": value,
        }
        for dataset, schedule, layers, width, rate, dropout, positions, value in rows
    )  # fmt: skip


def test_the_rate_search_stands_by_schedule_and_width_best_first():
    table = quality.rate_search(
        searched(
            [
                ("movielens-1m", None, 2, 32, 1e-3, 0.1, 9_000_000, 0.16),
                ("movielens-1m", "constant", 2, 32, 3e-3, 0.1, 8_000_000, 0.17),
                ("movielens-1m", "linear", 2, 16, 3e-3, 0.1, 6_600_000, 0.14),
                ("movielens-1m", "linear", 2, 32, 3e-3, 0.0, 6_600_000, 0.15),
                ("movielens-1m", "linear", 2, 32, 3e-3, 0.1, 6_600_000, 0.168),
            ]
        )
    )
    assert table.index.tolist() == [("linear", 16), *[("linear", 32)] * 2, *[("constant", 32)] * 2]
    assert table.loc["linear"].loc[32, "dropout"].tolist() == [0.1, 0.0]
    assert table.loc[("constant", 32), "positions"].tolist() == [8.0, 9.0]


def test_the_size_search_stands_best_first():
    table = quality.size_search(
        searched(
            [
                ("food", "linear", 2, 64, 1e-3, 0.3, 1, 0.05),
                ("wikipedia", "linear", 4, 64, 1e-3, 0.2, 1, 0.1),
                ("food", "linear", 4, 64, 1e-3, 0.1, 1, 0.06),
            ]
        )
    )
    assert table.index.tolist() == ["wikipedia", "food", "food"]
    assert table.loc["food", "dropout"].tolist() == [0.1, 0.3]
