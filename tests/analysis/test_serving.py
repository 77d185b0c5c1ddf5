"""Serving tables: the columns of the contract, and sums done by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import serving
from recscale.figures import serving as figures
from recscale.figures import show
from recscale.models.ctr_presets import rival_sizes, wukong_ladder
from recscale.runs.table import run_table
from recscale.training.serving import Request


def latencies(times, model="wukong", dataset="set") -> pd.DataFrame:
    """One size per time, each with ten times the compute of the one before; p99 is twice p50."""
    rows = [
        {
            **dict.fromkeys(serving.LATENCY_COLUMNS, 1),
            **{"dataset": dataset, "model": model, "training_flop_per_example": 10**place, "dense_parameters": place},
            **{"p50_ms": time, "p99_ms": 2 * time},
        }
        for place, time in enumerate(times, start=4)
    ]
    return pd.DataFrame(rows, columns=list(serving.LATENCY_COLUMNS))


def runs(losses, model="dlrm", dataset="set", spread=0.0001) -> pd.DataFrame:
    """A run table, sizes as in ``latencies``: two seeds per size, ``spread`` on either side of its loss (nats)."""
    rows = [
        {
            **{"dataset": dataset, "split": "random", "model": model, "seed": seed, "diverged": False},
            "config": json.dumps({"model": {"model": model, "place": place}, "training": {"embedding": {}}}),
            **{"training_flop_per_example": 10**place, "dense_parameters": place, "embedding_parameters": 1},
            **{"test_logloss": loss + spread * (2 * seed - 1), "wall_seconds": 3600.0, "threads": 1},
        }
        for place, loss in enumerate(losses, start=4)
        for seed in (0, 1)
    ]
    return run_table(pd.DataFrame(rows))


def test_a_measured_table_has_the_columns_and_a_row_a_model():
    models = (wukong_ladder()[0], rival_sizes("dlrm")[0])
    table = serving.measure("synthetic-ctr", models, Request(20, repeats=3, warm_up=1))
    assert list(table.columns) == list(serving.LATENCY_COLUMNS)
    assert table["model"].tolist() == ["wukong", "dlrm"]
    assert (table["p50_ms"] > 0).all()
    assert (table["p50_ms"] <= table["p99_ms"]).all()
    assert table["candidates"].tolist() == [20, 20]


def test_the_ladders_are_those_of_the_three_models():
    counts = pd.Series([config.model for config in serving.ladders()]).value_counts()
    assert counts.to_dict() == {"wukong": 12, "dlrm": 6, "dcnv2": 6}


def test_the_processor_is_named_or_its_architecture(tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n\nmodel name\t: Some CPU @ 2 GHz\n")
    assert serving.cpu(path) == "Some CPU @ 2 GHz"
    assert serving.cpu(tmp_path / "none")


def test_the_committed_table_has_the_columns_and_every_size_once():
    table = serving.load_latencies()
    assert list(table.columns) == list(serving.LATENCY_COLUMNS)
    assert not table.duplicated([*serving.KEYS, "candidates", "threads"]).any()
    assert len(table) == len(serving.ladders())


def test_growth_is_the_ratio_of_the_ends():
    row = serving.growth(latencies([3, 1, 2, 6]).iloc[::-1]).loc["wukong"]
    assert row[["sizes", "flop_factor", "p50_factor"]].tolist() == [4, 1000, 2]
    assert row["exponent"] == pytest.approx(np.log(2) / np.log(1000))
    assert row[["first_p50_ms", "last_p50_ms", "last_p99_ms"]].tolist() == [3, 6, 12]
    assert np.isnan(serving.growth(latencies([3])).loc["wukong", "exponent"])


def test_quality_joins_the_same_model_on_the_same_data_only():
    table = pd.concat([latencies([1, 2, 3], "dlrm"), latencies([1], "wukong"), latencies([1], "dlrm", "other")])
    trained = pd.concat([runs([0.5, 0.4]), runs([0.6], "dcnv2")], ignore_index=True)
    joined = serving.with_quality(table, trained)
    columns = ["p50_ms", "test_logloss", "relative", "seeds"]
    assert joined[columns].to_numpy() == pytest.approx(np.array([[1, 0.5, 0, 2], [2, 0.4, -20, 2]]))
    with pytest.raises(ValueError, match="there is no run of DLRM"):
        serving.with_quality(table, runs([0.6], "dcnv2"))


def test_the_least_gap_follows_the_seeds_of_the_means():
    """Two seeds 0.0002 apart: a standard deviation of 0.0002/√2, three degrees of freedom, means of two."""
    trained = runs([0.5, 0.4, 0.3])
    joined = serving.with_quality(latencies([1, 2, 5], "dlrm"), trained)
    assert serving.least_gap(joined, trained) == pytest.approx(100 * 3.182446 * 0.0002 / 2**0.5 / 0.5)
    single = trained[trained["seed"] == 0]
    assert np.isnan(serving.least_gap(serving.with_quality(latencies([1, 2, 5], "dlrm"), single), single))


def test_the_frontier_holds_what_no_faster_model_matches():
    joined = serving.with_quality(latencies([1, 2, 3, 5], "dlrm"), runs([0.5, 0.51, 0.45, 0.449]))
    steps = serving.frontier(joined, 0.5)
    assert steps["p99_ms"].tolist() == [2, 6, 10]
    assert steps["gain"].tolist()[1:] == pytest.approx([10, 0.2])
    assert steps["gain_per_ms"].tolist()[1:] == pytest.approx([2.5, 0.05])
    assert steps["significant"].tolist() == [pd.NA, True, False]
    assert serving.frontier(joined, float("nan"))["significant"].isna().all()


def planted(wukong: list[float], spread=0.0001) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Times and runs of two DLRMs (p99 2 and 8 ms, losses 0.5 and 0.4) and of Wukongs at 4 and 10 ms."""
    table = pd.concat([latencies([1, 4], "dlrm"), latencies([2, 5])])
    trained = pd.concat([runs([0.5, 0.4], spread=spread), runs(wukong, "wukong", spread=spread)], ignore_index=True)
    return serving.with_quality(table, trained), run_table(trained)


def test_a_size_is_compared_with_the_best_rival_that_is_no_slower():
    table, _ = planted([0.51, 0.39])
    assert [lag.value for lag in serving.lag_behind_faster(table, 1.0)] == pytest.approx([2, -2])
    assert tuple(serving.lag_behind_faster(table, 1.0)[0]) == pytest.approx((2, 1, 3))
    fastest = table[table["p99_ms"] > 2]
    assert not serving.lag_behind_faster(fastest, 1.0)[0].has_interval


@pytest.mark.parametrize(
    ("wukong", "spread", "agree", "contradict"),
    [([0.51, 0.41], 1e-4, 2, 0), ([0.51, 0.39], 1e-4, 1, 1), ([0.49, 0.39], 1e-4, 0, 2), ([0.51, 0.41], 0.1, 0, 0)],
)
def test_sizes_beaten_by_a_faster_rival_are_counted_beyond_noise(wukong, spread, agree, contradict):
    count = serving.beaten_by_faster(*planted(wukong, spread))
    assert (count.agree, count.contradict, count.of) == (agree, contradict, 2)


def test_figures_draw_every_row_with_and_without_live_ones():
    stored = pd.concat([latencies([1, 2, 4], "dlrm"), latencies([1, 3], "wukong")])
    for live in (latencies([1, 2], "dlrm"), stored.iloc[:0]):
        show(figures.latency_figure(live, stored), points=len(live) + len(stored))
        bought, before = (serving.with_quality(part, runs([0.5, 0.4, 0.3])) for part in (live, stored))
        fig = figures.price_figure(bought, before, serving.frontier(before, 0.1))
        show(fig, points=len(bought) + len(before))
    assert fig.data[0].name == "frontier"
