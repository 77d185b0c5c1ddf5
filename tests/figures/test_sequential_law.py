"""The measured law's figures draw every row of the tables they are given."""

import numpy as np
import pandas as pd
import pytest

from recscale.figures import sequential_law as figures
from recscale.figures import show


@pytest.fixture
def cells():
    rows = [(h, d, 0.1 + 0.01 * np.log(h * d), 0.004 if h == 2 else np.nan) for h in (1, 2, 4, 8) for d in (16, 32)]
    return pd.DataFrame(rows, columns=["layers", "width", "value", "half_width"])


def test_depth_curves_show_every_shape_and_the_claimed_depth(cells):
    fig = figures.depth_curves(cells, lambda x: 0.1 + 0.01 * np.log(x["layers"] * x["width"]), "ndcg@10", 28)
    show(fig, points=len(cells))
    assert fig.layout.height <= 360
    (vertical,) = fig.layout.shapes
    assert vertical.x0 == 28
    curve = next(trace for trace in fig.data if trace.mode == "lines")
    assert curve.x[-1] == pytest.approx(8), "the law is drawn inside the grid"


def test_metric_and_loss_share_their_depths(cells):
    table = cells.rename(columns={"value": "metric", "half_width": "metric_half"})
    table = table.assign(loss=6.0 - table["metric"], loss_half=0.01)
    fig = figures.loss_and_metric(table, "hr@10")
    show(fig, points=2 * len(table))


def test_errors_and_leads_are_drawn_row_by_row():
    errors = pd.DataFrame(
        {"error": [0.01, 0.02], "least": [0.005, 0.02], "largest": [0.03, 0.02]}, index=["law", "flat"]
    )
    show(figures.prediction_errors(errors, "ndcg@10"), points=len(errors))
    leads = pd.DataFrame({"kind": ["none", "flop"], "named": [(5, 64), (3, 36)], "promised": [0.4, 0.1]})
    leads = leads.assign(measured=[0.7, 0.4], ci_low=[-1.0, np.nan], ci_high=[3.0, np.nan])
    show(figures.leads(leads), points=2 * len(leads))


def test_levels_have_a_button_per_term_and_open_signs_for_changed_data():
    table = pd.DataFrame(
        {
            "dataset": ["a", "a", "a", "b", "c"],
            "fraction": [1.0, 0.3, 1.0, 1.0, 1.0],
            "repeated": [0.0, 0.0, 0.5, 0.0, 0.0],
            "level": [0.1, 0.08, 0.09, 0.05, 0.2],
            "tokens": [1e5, 3e4, 1.1e5, 8e4, 3e5],
            "D′": [1e6, 3e5, 1.2e6, 1e6, 1e6],
        }
    )
    fig = figures.levels(table, ["tokens", "D′"], "ndcg@10")
    show(fig, points=2 * len(table))
    assert [str(symbol).endswith("-open") for symbol in fig.data[0].marker.symbol] == [False, True, True]
    assert len(fig.layout.updatemenus[-1].buttons) == 2
