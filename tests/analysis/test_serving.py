"""Serving tables: the columns of the contract, sums done by hand, sentences that read right whatever was measured."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import serving
from recscale.figures import serving as figures
from recscale.figures import show
from recscale.models.ctr_presets import dlrm_sizes, wukong_sizes
from recscale.runs.table import healthy, run_table
from recscale.settings import DATA
from recscale.training.serving import Request


def latencies(times, model="wukong", dataset="set") -> pd.DataFrame:
    """A size a time, each with ten times the compute of the one before; p99 is twice p50."""
    rows = [
        {
            **dict.fromkeys(serving.COLUMNS, 1),
            **{"dataset": dataset, "model": model, "training_flop_per_example": 10**place, "dense_parameters": place},
            **{"p50_ms": time, "p99_ms": 2 * time},
        }
        for place, time in enumerate(times, start=4)
    ]
    return pd.DataFrame(rows, columns=list(serving.COLUMNS))


def runs(losses, model="wukong", dataset="set", split="random") -> pd.DataFrame:
    """Two seeds a size around its loss (%), sizes as in ``latencies``."""
    config = '{"model": {}, "training": {"epochs": %d, "embedding": {}}}'
    rows = [
        {
            **{"dataset": dataset, "split": split, "model": model, "config": config % place, "seed": seed},
            **{"training_flop_per_example": 10**place, "dense_parameters": place, "embedding_parameters": 1},
            **{"relative": loss + 0.01 * (2 * seed - 1), "diverged": False},
        }
        for place, loss in enumerate(losses or [0], start=4)
        for seed in (0, 1)
    ]
    return healthy(run_table(pd.DataFrame(rows if losses else rows[:0], columns=list(rows[0]))))


NONE = latencies([])


def test_a_measured_table_has_the_columns_and_a_row_a_model():
    models = (wukong_sizes()[0], dlrm_sizes()[0])
    table = serving.measure("synthetic-ctr", models, Request(20, repeats=3, warm_up=1))
    assert list(table.columns) == list(serving.COLUMNS)
    assert table["model"].tolist() == ["wukong", "dlrm"]
    assert (table["p50_ms"] > 0).all()
    assert (table["p50_ms"] <= table["p99_ms"]).all()
    assert table["candidates"].tolist() == [20, 20]


def test_the_ladders_are_those_of_the_three_models():
    counts = pd.Series([config.model for config in serving.ladders()]).value_counts()
    assert counts.to_dict() == {"wukong": 12, "dlrm": 6, "dcnv2": 6}


def test_a_committed_table_is_read_and_none_is_an_empty_one(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    assert serving.stored().empty
    assert list(serving.stored().columns) == list(serving.COLUMNS)
    latencies([1, 2]).to_csv(tmp_path / "serving.csv", index=False)
    assert serving.stored()["p50_ms"].tolist() == [1, 2]


def test_committed_times_are_only_said_to_be_there_if_they_are():
    assert "holds no times" in serving.stored_words(NONE)
    words = serving.stored_words(latencies([1, 2]).assign(cpu="Some CPU", repeats=1000))
    assert words.startswith(
        "The 2 faint ones were measured by benchmarks/serving.py, 1,000 requests a size (threads: 1)"
    )


def test_the_committed_table_keeps_the_columns_and_no_size_twice():
    path = DATA / "results" / "serving.csv"
    if not path.exists():
        pytest.skip("serving times have not been measured yet: benchmarks/serving.py --write")
    table = pd.read_csv(path)
    assert list(table.columns) == list(serving.COLUMNS)
    assert not table.duplicated([*serving.KEYS, "candidates", "threads"]).any()


def test_the_processor_is_named_or_its_architecture(tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n\nmodel name\t: Some CPU @ 2 GHz\n")
    assert serving.cpu(path) == "Some CPU @ 2 GHz"
    assert serving.cpu(tmp_path / "none")


def test_growth_is_the_ratio_of_the_ends():
    row = serving.growth(latencies([3, 1, 2, 6]).iloc[::-1]).loc["wukong"]
    assert row["FLOP ×"] == 1000
    assert row["p50 ×"] == 2
    assert row["largest, p99 ms"] == 12
    assert serving.growth(NONE).empty


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (
            [1, 2, 4],
            "largest Wukong, compute grows 100-fold and the median time 4.0-fold, from 1.0 to 4.0 ms: more slowly than",
        ),
        ([1, 10, 100], "about as fast as compute"),
        ([1, 20, 400], "faster than compute"),
        ([1], "too few sizes of Wukong"),
        ([], "too few sizes of Wukong"),
    ],
)
def test_growth_in_words(times, words):
    assert words in serving.growth_words(latencies(times))


def test_quality_joins_the_same_model_on_the_same_data_only():
    table = pd.concat([latencies([1, 2, 3]), latencies([1], model="dlrm"), latencies([1], dataset="other")])
    trained = healthy(run_table(pd.concat([runs([0, -1]), runs([5], split="time"), runs([0], model="dcnv2")])))
    joined = serving.with_quality(table, trained, "relative")
    assert joined[["p50_ms", "relative", "seeds"]].to_numpy() == pytest.approx(np.array([[1, 0, 2], [2, -1, 2]]))
    for empty in (serving.with_quality(NONE, trained, "relative"), serving.with_quality(table, runs([]), "relative")):
        assert empty.empty
        assert "relative" in empty


def test_the_frontier_holds_what_no_faster_model_matches():
    joined = serving.with_quality(latencies([1, 2, 3, 5]), runs([0, 0.5, -1, -1.2]), "relative")
    steps = serving.frontier(joined, "relative", 0.5)
    assert steps["p99_ms"].tolist() == [2, 6, 10]
    assert steps["gain"].tolist()[1:] == pytest.approx([1, 0.2])
    assert steps["a millisecond"].tolist()[1:] == pytest.approx([0.25, 0.05])
    assert steps["beyond seeds"].tolist() == ["", "yes", "no"]
    assert serving.frontier(joined, "relative", float("nan"))["beyond seeds"].tolist() == ["", "not known", "not known"]


@pytest.mark.parametrize(
    ("losses", "least", "words"),
    [
        (
            [0, -1, -1.2],
            0.1,
            "falls by 1.20 % of the smallest DLRM's, for 8.0 ms more at p99: 0.150 % a millisecond. Half",
        ),
        ([0, -1, -1.2], 0.1, "Half of it is there at Wukong at 0.1 MFLOP (4.0 ms)."),
        ([0, -0.1, -1.2], 0.1, "a millisecond. No faster model has half of that."),
        ([0, -1, -1.2], 2.0, "Seeds alone could explain that much (2.00 %)."),
        ([0, -1, -1.2], float("nan"), "it is not known whether that is noise"),
        ([0, 1, 1.2], 0.1, "Wukong at 0.01 MFLOP (2.0 ms), is also the best: here no millisecond buys anything"),
        ([], 0.1, "No model has both"),
    ],
)
def test_what_time_buys_in_words(losses, least, words):
    joined = serving.with_quality(latencies([1, 2, 5]), runs(losses), "relative")
    assert words in serving.bought_words(joined, "relative", least)


def test_the_least_gap_follows_the_seeds_of_the_means():
    trained = runs([0, -1, -1.2])
    joined = serving.with_quality(latencies([1, 2, 5]), trained, "relative")
    # Two seeds 0.02 apart: a standard deviation of 0.02/√2, three degrees of freedom, means of two.
    assert serving.least_gap(joined, trained, "relative") == pytest.approx(3.182446 * 0.02 / 2**0.5)
    assert np.isnan(serving.least_gap(joined.iloc[:0], trained, "relative"))
    assert "within 0.30 %" in serving.least_words(0.3)
    assert "not known" in serving.least_words(float("nan"))


def test_what_is_in_full_is_told_where_it_is_there():
    assert serving.told("a.", "") == "a."
    assert serving.told("a.", "b.") == "Live: a. In full: b."


def test_figures_draw_every_row_with_and_without_a_committed_table():
    live, stored = latencies([1, 2, 5]), pd.concat([latencies([1, 2]), latencies([1, 3], model="dlrm")])
    for faint in (stored, NONE):
        show(figures.latency_figure(live, faint), points=len(live) + len(faint))
        bought, before = (serving.with_quality(part, runs([0, -1, -1.2]), "relative") for part in (live, faint))
        show(figures.price_figure(bought, before), points=len(bought) + len(before))


def test_who_is_not_on_the_frontier_is_named():
    table = serving.with_quality(latencies([1, 2, 5]), runs([0, -1, -1.2]), "relative")
    slow = table.iloc[[-1]].assign(model="dlrm", relative=5.0, p99_ms=99.0)
    words = serving.bought_words(pd.concat([table, slow], ignore_index=True), "relative", 0.1)
    assert words.endswith("No slower model is better; none of DLRM is on the frontier.")
