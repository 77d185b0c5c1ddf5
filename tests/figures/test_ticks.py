"""Ticks of logarithmic axes: numbers a reader can name, few where the axis is long, and those of a figure kept."""

import plotly.graph_objects as go
import pytest

from recscale.figures import base
from recscale.figures.ticks import label_log_axes, log_ticks


@pytest.mark.parametrize(
    ("low", "high", "inside"),
    [
        (5, 50, {5: "5", 7: "7", 10: "10", 15: "15", 20: "20", 30: "30", 50: "50"}),
        (0.5, 108, {0.5: "0.5", 1: "1", 2: "2", 5: "5", 10: "10", 20: "20", 50: "50", 100: "100"}),
        (2e4, 3e7, {1e5: "10<sup>5</sup>", 1e6: "10<sup>6</sup>", 1e7: "10<sup>7</sup>"}),
        (1e-8, 1, {1e-6: "10<sup>−6</sup>", 1e-3: "0.001", 1: "1"}),
        (2e4, 5e5, {3e4: "3×10<sup>4</sup>", 1e5: "10<sup>5</sup>", 3e5: "3×10<sup>5</sup>"}),
    ],
)
def test_the_ticks_inside_the_data(low, high, inside):
    assert {value: text for value, text in log_ticks(low, high).items() if low <= value <= high} == inside


def test_every_log_axis_gets_them_and_the_others_don_t():
    fig = base.points(base.figure(log_x=True), [1, 10, None], [1.0, 2.0, 3.0], "dots")
    fig.add_scatter(x=["a"], y=[1.0])
    label_log_axes(fig)
    assert fig.layout.xaxis.tickmode == "array"
    assert fig.layout.yaxis.tickmode is None


def test_a_figure_s_own_ticks_stay():
    fig = go.Figure(go.Scatter(x=[1, 40], y=[1, 2]))
    fig.update_xaxes(type="log", tickvals=[40])
    assert label_log_axes(fig).layout.xaxis.tickvals == (40,)
