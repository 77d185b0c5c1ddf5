"""The figures of the data quality chapter draw every row of their tables, and what they say they draw."""

import numpy as np
import pandas as pd
import pytest

from recscale.entropy import experiments
from recscale.entropy.markov import Chain
from recscale.figures import base, data_quality

SIZE = experiments.simulation("smoke")


@pytest.fixture(scope="module")
def users() -> tuple[np.ndarray, np.ndarray]:
    items, offsets = Chain.noisy_cycle(12, 0.7).sample(20, 30, seed=0)
    items[:30] = np.arange(100, 130)  # one user never repeats an item
    return items, offsets


def test_bias_curve_holds_both_entropies_and_shows_one():
    table = experiments.finite_size_bias(2, SIZE, seed=0)
    fig = data_quality.bias_curve(table)
    base.show(fig, points=2 * len(table))
    shown = [trace for trace in fig.data if trace.meta == base.DATA and trace.visible]
    assert sum(len(trace.x) for trace in shown) == len(table)
    for button in fig.layout.updatemenus[0].buttons:
        assert len(button.args[0]["visible"]) == len(fig.data)
        assert sum(button.args[0]["visible"]) == table["length"].nunique() + 1


def test_length_alone_puts_users_without_repeats_on_the_curve(users):
    table = experiments.per_user(*users, m=2)
    base.show(data_quality.length_alone(table, 2), points=len(table))
    assert (table["repeats"] == 0).sum() == 1
    np.testing.assert_allclose(table["ApEn"][table["repeats"] == 0], table["by_length"][table["repeats"] == 0])
    fig = data_quality.length_alone(table[table["repeats"] > 0], 2)
    assert [trace.name for trace in fig.data if trace.meta == base.DATA] == ["repeats items"]


def test_renaming_moves_nothing_below_1(users):
    table = experiments.renaming(*users, 1, (0, 0.9, 1, 2), SIZE.renamings, seed=0)
    assert len(table) == 4 * (1 + SIZE.renamings)
    spread = table.groupby("r")["ApEn"].agg(np.ptp)
    assert (spread[[0, 0.9]] < 1e-12).all()
    assert (spread[[1, 2]] > 1e-3).all()
    fig = data_quality.renamed(table)
    base.show(fig, points=len(table))
    assert list(fig.layout.xaxis.ticktext) == ["0", "0.9", "1", "2"]


def test_coding_sides_cross_at_one_bit():
    table = experiments.coding_table(12, 20, 30, 6, seed=0)
    base.show(data_quality.coding_sides(table), points=5 * len(table))
    low = table["entropy_rate"] < 0.6
    assert (table["reciprocal"] > table["shortest_code"])[low].all()
    assert (table["shortest_code"] >= table["entropy_rate"]).all()


def test_duplication_starts_at_one(users):
    table = experiments.duplication(*users, 2, (0.0, 0.5), seed=0)
    fig = data_quality.duplicated(table)
    base.show(fig, points=len(table))
    assert all(trace.y[0] == 1 for trace in fig.data)
    real = next(trace for trace in fig.data if trace.name == "real, per user")
    assert real.y[1] < 1


def test_credited_lays_live_over_stored(users):
    live = experiments.readings("mine", *users, 2, 10)
    assert (live["max_length"] == 10).all()
    assert live["tokens"].eq(20 * 10).all()
    np.testing.assert_allclose(live["factor"] * live["tokens"], live["value"])
    stored = pd.concat([live.assign(dataset=f"set {index}") for index in range(9)])
    fig = data_quality.credited(stored, live)
    base.show(fig, points=len(stored) + len(live))
    assert fig.data[-1].name == "mine, this page"
    signs = {(trace.marker.color, trace.marker.symbol) for trace in fig.data}
    assert len(signs) == len(fig.data)


def test_an_unknown_profile_gets_one_sentence():
    with pytest.raises(ValueError, match="unknown profile 'fast'; allowed are smoke, quick, full"):
        experiments.simulation("fast")
