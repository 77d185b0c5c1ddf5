import numpy as np
import pytest

from recscale import published


def test_the_printed_constants_come_out_unrounded():
    """Ordinary least squares of ln(100 + y) on ln x over the seven Wukong rows of Table 5, task 1."""
    fit = published.wukong_law(1)
    assert fit.parameters["A"] == pytest.approx(99.5601, abs=5e-5)
    assert -fit.parameters["c"] == pytest.approx(-0.000707, abs=5e-7)
    points = published.wukong_points()
    rows = points[(points["model"] == "Wukong") & (points["task"] == 1)]
    slope, intercept = np.polyfit(np.log(rows["gflop"]), np.log(100 + rows["y"]), 1)
    assert fit.parameters["c"] == pytest.approx(-slope, rel=1e-9)
    assert fit.parameters["A"] == pytest.approx(np.exp(intercept), rel=1e-9)


def test_every_model_and_task_has_slope_offset_and_plateau():
    table = published.wukong_models().set_index(["model", "task"])
    assert len(table) == 14
    plateaus = table.xs(1, level="task")["plateau"]
    assert set(plateaus[plateaus].index) == {"AFN+", "AutoInt+", "DLRM", "FinalMLP"}
    assert not plateaus["Wukong"]
    assert table.loc[("DCNv2", 1), "diverged"] == 1
    assert table.loc[("DLRM", 1), "points"] == 6  # the row that defines 0 % is left out
    advantage = table.loc[("DCNv2", 1), "offset_1gflop"] - table.loc[("Wukong", 1), "offset_1gflop"]
    assert 0.2 < advantage < 0.3


def test_forty_times_is_reached_against_the_law():
    table = published.wukong_forty()
    assert ((table["ratio_of_sizes"] > 35) & (table["ratio_of_sizes"] < 36)).any()
    assert table["ratio_by_law"].max() > 40


def test_training_compute_in_pf_days():
    assert published.wukong_pf_days()["pf_days"].to_numpy() == pytest.approx(
        [0.90, 2.11, 3.58, 9.46, 37.6, 103, 182], rel=6e-3
    )


def test_a_missing_table_is_said():
    with pytest.raises(ValueError, match="there is no file"):
        published.load("wukong_table9")
