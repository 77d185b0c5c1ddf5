"""Noise told from difference: the losses row by row, the two kinds of interval, calibration, early falls."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import training_comparison as comparison
from recscale.datasets import load_ctr
from recscale.plans import live
from recscale.runs import train


@pytest.fixture(scope="module")
def trained():
    """Two seeds of Wukong, DLRM and DCNv2 on the synthetic set, in a second or two."""
    runs = live.training_comparison("smoke", "synthetic-ctr", (0, 1), split="random", layers=1)
    return runs, [train(run) for run in runs], load_ctr("synthetic-ctr").split("random").test


@pytest.mark.usefixtures("unchecked")
def test_losses_by_row_average_to_the_reported_loss(trained):
    runs, results, test = trained
    losses = comparison.losses_by_row(runs, results, test)
    for run, result in zip(runs, results, strict=True):
        assert losses[run.model.model, run.seed].mean() == pytest.approx(result.metrics["test_logloss"], rel=1e-6)


@pytest.mark.usefixtures("unchecked")
def test_calibration_groups_have_every_row_once_per_model(trained):
    runs, results, test = trained
    groups = comparison.calibration_table(runs, results, test)
    assert groups.groupby("model")["rows"].sum().tolist() == [len(test)] * 3
    assert groups.groupby("model")["predicted"].is_monotonic_increasing.all()


def fake_predictions(monkeypatch, logits):
    monkeypatch.setattr(comparison, "predict", lambda model, data: logits[:, None])
    run = SimpleNamespace(model=SimpleNamespace(model="wukong"), seed=0)
    return [run], [SimpleNamespace(model=None)]


@pytest.mark.usefixtures("unchecked")
def test_a_calibrated_model_has_a_small_calibration_error_and_a_biased_one_its_bias(monkeypatch):
    generator = np.random.default_rng(0)
    probability = generator.uniform(0.2, 0.8, 100_000)
    labels = (generator.random(100_000) < probability).astype(np.float32)[:, None]
    data = SimpleNamespace(labels=labels)
    for bias in (0.0, 0.1):
        claimed = probability + bias
        runs, results = fake_predictions(monkeypatch, np.log(claimed / (1 - claimed)))
        error = comparison.calibration_error(comparison.calibration_table(runs, results, data)).item()
        assert error == pytest.approx(bias, abs=0.008)


def gaps(difference, noise, seeds=3, rows=4000):
    generator = np.random.default_rng(1)
    losses = {}
    for seed in range(seeds):
        base = generator.normal(0.5, 0.1, rows)
        losses["wukong", seed] = base + difference + noise * generator.normal(size=rows)
        losses["dlrm", seed] = base
    return comparison.differences(losses)


def test_an_interval_without_zero_needs_a_difference_beyond_both_noises():
    better, worse, level = gaps(-0.05, 0.01), gaps(0.05, 0.01), gaps(0.0, 0.5)
    assert better.loc["dlrm", "ci_high"] < 0
    assert worse.loc["dlrm", "ci_low"] > 0
    assert level.loc["dlrm", "ci_low"] < 0 < level.loc["dlrm", "ci_high"]
    row = worse.loc["dlrm"]
    assert row["ci_high"] - row["difference"] == pytest.approx(np.hypot(row["seeds"], row["impressions"]))


def test_one_seed_gives_no_interval_over_seeds_but_one_over_impressions():
    table = gaps(0.01, 0.1, seeds=1)
    assert np.isnan(table.loc["dlrm", "seeds"])
    assert np.isnan(table.loc["dlrm", "ci_low"])
    assert table.loc["dlrm", "impressions"] == pytest.approx(1.96 * 0.1 / 4000**0.5, rel=0.1)


def test_rows_of_one_user_are_one_draw():
    users = np.repeat(np.arange(100), 40)
    shared = np.repeat(np.random.default_rng(0).normal(size=100), 40)
    losses = {("wukong", 0): 0.5 + shared, ("dlrm", 0): np.full(4000, 0.5)}
    apart, together = (comparison.differences(losses, who).loc["dlrm", "impressions"] for who in (None, users))
    assert together == pytest.approx(1.98 * shared[::40].std(ddof=1) / 10, rel=0.01)
    assert together > 6 * apart
    alone = comparison.differences(losses, np.arange(4000)).loc["dlrm", "impressions"]
    assert alone == pytest.approx(apart)


def test_seeds_that_disagree_make_a_difference_uncertain():
    losses = {("wukong", seed): np.full(1000, value) for seed, value in enumerate((0.4, 0.6))}
    losses |= {("dlrm", seed): np.full(1000, 0.45) for seed in range(2)}
    table = comparison.differences(losses)
    assert table.loc["dlrm", "impressions"] == pytest.approx(0)
    assert table.loc["dlrm", "ci_low"] < 0 < table.loc["dlrm", "ci_high"]


def test_the_share_of_the_fall_made_early_is_each_model_s_own():
    """One falls at once and stays, the other falls evenly; the end is the mean over the last tenth."""
    seen = np.arange(0, 101.0)
    even = 1 - 0.5 * np.minimum(seen / 90, 1)
    falls = {"fast": np.where(seen > 5, 0.5, 1 - 0.1 * seen), "even": even}
    parts = [
        pd.DataFrame({"examples_seen": seen, "logloss": loss, "model": name, "seed": 0, "part": "train"})
        for name, loss in falls.items()
    ]
    shares = comparison.early_share(pd.concat(parts, ignore_index=True), 0.1)
    assert shares["fast"] == pytest.approx(1.0)
    assert shares["even"] == pytest.approx(10 / 90)
