"""Figures on training: every logged number is drawn."""

import pandas as pd
import pytest

from recscale.analysis import training_comparison as comparison
from recscale.datasets import load_ctr
from recscale.figures import ctr, show
from recscale.plans.live import training_comparison
from recscale.runs import train


@pytest.fixture(scope="module")
def trained():
    """Two seeds of Wukong, DLRM and DCNv2 on the synthetic set, in a second or two."""
    runs = training_comparison("smoke", "synthetic-ctr", (0, 1), split="random", layers=1)
    return runs, [train(run) for run in runs], load_ctr("synthetic-ctr").split("random").test


def test_every_run_and_every_logged_loss_is_drawn(trained):
    runs, results, _ = trained
    history = comparison.history_table(runs, results)
    logged = sum(result.history[["train_logloss", "valid_logloss"]].notna().to_numpy().sum() for result in results)
    assert len(history) == logged
    assert show(ctr.learning_curves(history), points=logged).points == logged
    assert show(ctr.comparison(comparison.comparison_table(runs, results)), points=6).points == 6


def test_calibration_groups_are_drawn(trained):
    groups = comparison.calibration_table(*trained)
    assert show(ctr.calibration(groups), points=30).points == 30


def test_a_difference_is_drawn_with_each_of_its_intervals():
    columns = ["difference", "seeds", "impressions", "ci_low", "ci_high"]
    table = pd.DataFrame([[0.1, 0.3, 0.4, -0.4, 0.6]], columns=columns, index=["dlrm"])
    fig = ctr.differences(table)
    assert show(fig, points=3).points == 3
    assert [trace.error_x.array[0] for trace in fig.data] == pytest.approx([0.3, 0.4, 0.5])
    assert list(fig.layout.yaxis.ticktext) == ["DLRM"]
