"""Data figures: every cell once, power laws through them, a line a share."""

import pytest

from recscale.analysis import data_scaling
from recscale.figures import ctr_data as figures
from recscale.figures import show


@pytest.fixture
def study(ctr_runs):
    return data_scaling.judge(ctr_runs.grid(lambda flop, rows: 0.9 * rows**-0.05 * flop**-0.01, noise=1e-4))


def test_every_cell_is_drawn_once_over_rows_and_over_compute(study):
    for fig in (figures.rows(study, None), figures.compute(study, None)):
        show(fig, points=figures.drawn(study))
    for fig in (figures.rows(study, study), figures.compute(study, study), figures.rows(None, study)):
        assert fig.data
    show(figures.compute(study, study), points=figures.drawn(study, study))


def test_the_law_runs_through_exact_points(ctr_runs):
    exact = data_scaling.judge(ctr_runs.grid(lambda flop, rows: 0.9 * rows**-0.05, noise=0))
    curve = next(trace for trace in figures.rows(exact, None).data if trace.mode == "lines")
    assert curve.y[0] == pytest.approx(0)
    assert curve.y[-1] == pytest.approx(100 * (10**-0.05 - 1))


def test_a_line_a_share_in_ascending_compute(study):
    lines = figures.compute(study, None).data
    assert [trace.name for trace in lines] == ["10 % of rows, live", "30 % of rows, live", "100 % of rows, live"]
    assert all(list(trace.x) == sorted(trace.x) for trace in lines)
    assert lines[0].error_y.array[0] > 0


def test_single_seeds_have_no_bars(ctr_runs):
    single = data_scaling.judge(ctr_runs.grid(lambda flop, rows: 0.5, seeds=(0,), fractions=(0.1,)))
    fig = figures.rows(single, None)
    show(fig, points=figures.drawn(single))
    assert list(fig.data[0].error_y.array) == [0]
