"""Figures of losses and metric traps draw every row of hand-made tables, under every button."""

import numpy as np
import pandas as pd
import pytest

from recscale.figures import metric_traps as figures
from recscale.figures import show

RUNS = pd.DataFrame({"loss": ["softmax", "bce"], "seed": [0, 0], "ndcg@10": [0.2, 0.1], "hr@10": [0.4, 0.3]})


def buttons(fig):
    return {button.label: button.args for button in fig.layout.updatemenus[0].buttons}


def test_losses_live_alone_and_beside_the_committed():
    show(figures.losses(RUNS, RUNS.iloc[:0], ("live", "stored")), points=2)
    fig = figures.losses(RUNS, pd.concat([RUNS, RUNS]), ("live", "stored"))
    show(fig, points=6)
    assert [trace.marker.symbol for trace in fig.data] == ["circle", "circle-open"]
    traces, layout = buttons(fig)["HR@10"]
    assert traces["x"] == [[0.4, 0.3], [0.4, 0.3, 0.4, 0.3]]
    assert layout == {"xaxis.title.text": "HR@10"}


def test_protocols_show_what_is_drawn_beside_what_is_expected():
    rows = [("full", m, 0.1, np.nan, np.nan) for m in figures.TRAP_METRICS]
    rows += [("100", m, 0.5, 0.51, 0.02) for m in figures.TRAP_METRICS]
    fig = figures.protocols(pd.DataFrame(rows, columns=["protocol", "metric", "expected", "simulated", "sd"]))
    show(fig, points=3)
    traces, _ = buttons(fig)["HR@10"]
    assert traces["x"] == [[0.1, 0.5], [0.51]]
    assert traces["error_x.array"] == [None, [0.02]]


def test_orders_are_relative_to_the_first_model():
    table = pd.DataFrame({"full": [0.2, 0.1], "100": [0.5, 0.6]}, index=["a", "b"])
    fig = figures.orders(table)
    show(fig, points=4)
    assert list(fig.data[0].y) == [1, 1]
    assert list(fig.data[1].y) == pytest.approx([0.5, 1.2])


def test_splits_with_intervals():
    columns = ["split", "model", "cases", "ndcg@10", "± ndcg@10", "hr@10", "± hr@10"]
    rows = [(s, m, 9, 0.1, 0.01, 0.2, 0.02) for s in ("leave-one-out", "global-time") for m in ("a", "b")]
    fig = figures.splits(pd.DataFrame(rows, columns=columns))
    show(fig, points=4)
    spread = buttons(fig)["HR@10"][0]
    assert spread["error_x.array"] == spread["error_x.arrayminus"] == [[0.02, 0.02], [0.02, 0.02]]
    near_zero = figures.splits(pd.DataFrame([("s", "a", 9, 0.1, 0.3, 0.2, 0.02)], columns=columns))
    assert near_zero.data[0].error_x.arrayminus == (0.1,)


def test_published_levels_keep_their_names():
    table = pd.DataFrame(
        {
            "model": ["A", "B"],
            "loss": ["bce", "softmax"],
            "ranking": ["all items", "100 uniform"],
            "hr@10": [0.9, 0.3],
            "source": ["s", "t"],
        }
    )
    fig = figures.published_levels(table)
    show(fig, points=2)
    assert list(fig.layout.yaxis.ticktext) == ["B<br>softmax", "A<br>bce"]
    where = {trace.name: trace.y[0] for trace in fig.data}
    assert where == {"ranked: all items": 1, "ranked: 100 uniform": 0}
