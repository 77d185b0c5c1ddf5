"""The pilot's tables on runs whose means, gains and rates are known."""

import json

import pandas as pd
import pytest

from recscale.analysis.averaging import at_best_rates, long_form, mean_gain, noise_ratio, pilot_table, protocols
from recscale.plans import plan_study
from recscale.plans.averaging import SHARES, best_dense_rates


def run(seed: int, *, flop=1e6, batch_size=256, rate=1e-3, averaged=0.50, last=0.52, schedule="constant") -> dict:
    """One run with shares 0.2 (first) and 0; its seed moves both losses by the same amount."""
    training = {"batch_size": batch_size, "schedule": schedule, "dense_learning_rate": rate, "averaged": [0.2, 0.0]}
    noise = 0.001 * (seed - 1)
    losses = {"": averaged + noise, "~0": last + noise}
    metrics = {f"{part}_logloss{tail}": loss for part in ("valid", "test") for tail, loss in losses.items()}
    config = json.dumps({"model": {}, "training": {**training, "embedding": {}}})
    where = {"model": "wukong", "dataset": "set", "split": "random", "seed": seed, "config": config}
    sizes = {"training_flop_per_example": flop, "dense_parameters": flop, "embedding_parameters": 1}
    return {**where, **sizes, **metrics, "diverged": False}


@pytest.fixture
def runs() -> pd.DataFrame:
    """At the higher rate the average is worse and the last weights are better."""
    low = [run(seed) for seed in range(3)]
    high = [run(seed, rate=1e-2, averaged=0.51, last=0.515) for seed in range(3)]
    large = [run(seed, flop=1e7, averaged=0.49, last=0.495) for seed in range(3)]
    slow = [run(seed, batch_size=1024, averaged=0.505, last=0.53) for seed in range(3)]
    return pd.DataFrame([*low, *high, *large, *slow])


def test_a_run_is_one_row_for_each_share(runs):
    rows = long_form(runs)
    assert len(rows) == 2 * len(runs)
    assert rows.loc[rows["share"] == 0, "valid_logloss"].min() == pytest.approx(0.494)


def test_each_share_stands_at_its_own_best_rate(runs):
    best = at_best_rates(runs)
    small = best[(best["training_flop_per_example"] == 1e6) & (best["batch_size"] == 256)]
    rates = small.groupby("share")["dense_learning_rate"].unique().map(list).to_dict()
    assert rates == {0.0: [1e-2], 0.2: [1e-3]}


def test_means_spread_and_paired_gains(runs):
    table = pilot_table(runs).set_index(["training_flop_per_example", "batch_size", "share"])
    cell = table.loc[(1e6, 256, 0.2)]
    assert cell["seeds"] == 3
    assert cell["valid_mean"] == pytest.approx(0.50)
    assert cell["valid_sd"] == pytest.approx(0.001)
    assert cell["gain"] == pytest.approx(100 * (1 - 0.50 / 0.515), abs=0.01)
    assert cell["ci_high"] - cell["ci_low"] < 0.1  # paired: the seeds' noise is in both
    assert table.loc[(1e6, 256, 0.0), "gain"] == 0


def test_gains_are_measured_on_test_rows_and_rates_chosen_on_valid_ones(runs):
    moved = runs.assign(test_logloss=runs["test_logloss"] - 0.01)
    cell = pilot_table(moved).set_index(["training_flop_per_example", "batch_size", "share"]).loc[(1e6, 256, 0.2)]
    assert cell["gain"] == pytest.approx(100 * (1 - 0.49 / 0.515), abs=0.01)
    assert cell["dense_learning_rate"] == 1e-3


def test_the_mean_gain_takes_the_seeds_that_ran_everywhere(runs):
    gain = mean_gain(runs, 0.2, "constant")
    cells = [1 - 0.50 / 0.515, 1 - 0.49 / 0.495, 1 - 0.505 / 0.53]
    assert gain.value == pytest.approx(100 * sum(cells) / 3, abs=0.01)
    assert gain.ci_low < gain.value < gain.ci_high
    fourth = pd.DataFrame([run(3, averaged=0.1)])
    assert mean_gain(pd.concat([runs, fourth]), 0.2, "constant") == pytest.approx(gain)
    linear = pd.DataFrame(
        [
            run(seed, flop=flop, batch_size=batch_size, schedule="linear", last=0.55)
            for seed in range(3)
            for flop, batch_size in ((1e6, 256), (1e7, 256), (1e6, 1024))
        ]
    )
    against = mean_gain(pd.concat([runs, linear]), 0.2, "linear")
    assert against.value == pytest.approx(100 * (3 - (0.50 + 0.49 + 0.505) / 0.55) / 3, abs=0.01)
    with pytest.raises(ValueError, match="no seed"):
        mean_gain(runs, 0.2, "linear")


def test_the_noise_ratio_is_that_of_the_spreads(runs):
    wide = runs.copy()
    small = wide["training_flop_per_example"] == 1e6
    wide.loc[:, "test_logloss~0"] = wide["test_logloss~0"] + 0.001 * (wide["seed"] - 1)  # twice the spread
    ratio = noise_ratio(pilot_table(wide[small]), 0.2)
    assert ratio.value == pytest.approx(0.5, rel=0.06)
    assert ratio.ci_low < ratio.value < ratio.ci_high


def test_protocols_are_compared_over_all_sizes(runs):
    ranked = protocols(pilot_table(runs[runs["seed"] < 3]))
    first = ranked.iloc[0]
    assert (first["batch_size"], first["share"]) == (256, 0.2)
    assert first["excess"] == 0
    assert first["noise"] == pytest.approx(100 * 0.001 * ((1 / 0.50**2 + 1 / 0.49**2) / 2) ** 0.5)


def test_the_plan_tries_both_best_rates():
    search = pd.DataFrame(
        {
            "dense_learning_rate": [1e-3, 3e-3, 1e-2],
            "valid_logloss": [0.5, 0.6, 0.7],
            "valid_logloss~0": [0.7, 0.6, 0.5],
        }
    )
    assert best_dense_rates(search) == [1e-3, 1e-2]
    assert best_dense_rates(search.assign(**{"valid_logloss~0": [0.5, 0.6, 0.7]})) == [1e-3]


def test_the_smoke_pilot_crosses_batch_size_and_schedule_and_measures_every_share():
    study = plan_study("ctr-averaging", "smoke", dataset="synthetic-ctr")
    cells = {(run.training.batch_size, run.training.schedule) for run in study.runs}
    assert len(cells) == 4
    assert all(run.training.averaged == SHARES for run in study.runs)
