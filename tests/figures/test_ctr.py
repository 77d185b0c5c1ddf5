"""Figures on training draw every row of their tables, under the models' titles."""

import numpy as np
import pandas as pd

from recscale.figures import ctr, show


def test_every_logged_loss_is_drawn_and_seeds_are_separate_strokes():
    history = pd.DataFrame(
        {
            "model": ["dcnv2"] * 6,
            "seed": [0, 0, 1, 1, 0, 1],
            "part": ["train"] * 4 + ["valid"] * 2,
            "examples_seen": [1, 2, 1, 2, 2, 2],
            "logloss": [0.6, 0.5, 0.7, 0.4, 0.5, 0.5],
        }
    )
    fig = ctr.learning_curves(history)
    assert show(fig, points=6).points == 6
    assert {trace.name for trace in fig.data} == {"DCNv2"}
    assert np.isnan(fig.data[0].x[2])


def test_every_run_is_drawn_and_buttons_change_the_metric():
    table = pd.DataFrame(
        {
            "model": ["wukong", "wukong", "dlrm"],
            "seed": [0, 1, 0],
            "test_logloss": [0.5, 0.6, 0.7],
            "test_normalized_entropy": [0.9, 0.8, 0.7],
            "test_auc": [0.7, 0.8, 0.9],
        }
    )
    fig = ctr.comparison(table)
    assert show(fig, points=3).points == 3
    assert list(fig.data[0].y) == ["Wukong", "Wukong"]
    traces, layout = {button.label: button.args for button in fig.layout.updatemenus[0].buttons}["AUC"]
    assert traces["x"] == [[0.7, 0.8], [0.9], [0.75], [0.9]]
    assert layout == {"xaxis.title.text": "AUC on test"}


def test_every_group_of_a_calibration_is_drawn():
    table = pd.DataFrame(
        {
            "model": ["wukong"] * 2,
            "predicted": [0.1, 0.9],
            "observed": [0.2, 0.8],
            "error": [0.01, 0.02],
            "rows": [9, 9],
        }
    )
    fig = ctr.calibration(table)
    assert show(fig, points=2).points == 2
    assert list(fig.data[1].error_y.array) == [0.0196, 0.0392]
