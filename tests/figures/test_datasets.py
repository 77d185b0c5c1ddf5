"""Pictures of data sets: every counted point, in logarithms."""

import pandas as pd
import pytest

from recscale.datasets.planted_world import WORLD_OF_ORDERS
from recscale.figures import datasets as figures
from recscale.figures import show


def test_one_line_per_curve():
    curves = {"items": {"rank": [1, 2], "count": [9, 3]}, "users": {"rank": [1], "count": [4]}}
    fig = figures.rank_curves(curves, "rows")
    show(fig, points=3, name="rank")
    assert [trace.name for trace in fig.data] == ["items", "users"]
    assert fig.layout.xaxis.type == fig.layout.yaxis.type == "log"


def test_strengths_of_every_order_follow_the_power():
    fig = figures.strengths(WORLD_OF_ORDERS)
    show(fig, points=WORLD_OF_ORDERS.interactions, name="strengths")
    power, *orders = fig.data
    assert [trace.name for trace in orders] == ["order 2", "order 3", "order 4"]
    for trace in orders:
        assert list(trace.y) == pytest.approx([power.y[int(j) - 1] for j in trace.x])


def test_every_data_set_is_named():
    table = pd.DataFrame({"name": ["a", "b"], "kind": ["x", "y"], "rows": [10, 20], "values": [3, 4]})
    fig = figures.sizes(table)
    show(fig, points=2, name="sizes")
    assert [trace.text[0] for trace in fig.data] == ["a", "b"]
