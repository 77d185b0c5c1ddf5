"""Data figures: every cell once, power laws through them, one line per share."""

import pytest

from recscale.analysis.data_scaling import data_grid, power_laws
from recscale.figures import ctr_data as figures
from recscale.figures import show


@pytest.fixture
def grid(ctr_runs):
    return data_grid(ctr_runs.grid(lambda flop, rows: 0.9 * rows**-0.05 * flop**-0.01, noise=1e-4))


def test_every_cell_is_drawn_once_over_rows_and_over_compute(grid):
    for fig in (figures.rows(grid.table, power_laws(grid)), figures.compute(grid.table)):
        show(fig, points=len(grid.table))


def test_the_law_runs_through_exact_points(ctr_runs):
    exact = data_grid(ctr_runs.grid(lambda flop, rows: 0.9 * rows**-0.05, noise=0))
    fig = figures.rows(exact.table, power_laws(exact))
    curve = next(trace for trace in fig.data if trace.mode == "lines")
    assert curve.y[0] == pytest.approx(0)
    assert curve.y[-1] == pytest.approx(100 * (10**-0.05 - 1))
    assert list(fig.layout.xaxis.ticktext) == ["10 k", "30 k", "100 k"]


def test_a_line_a_share_in_ascending_compute(grid):
    lines = figures.compute(grid.table).data
    assert [trace.name for trace in lines] == ["10 % of the rows", "30 % of the rows", "100 % of the rows"]
    assert all(list(trace.x) == sorted(trace.x) for trace in lines)
    assert lines[0].error_y.array[0] > 0


def test_single_seeds_have_no_bars(ctr_runs):
    single = data_grid(ctr_runs.grid(lambda flop, rows: 0.5, seeds=(0,)))
    fig = figures.compute(single.table)
    show(fig, points=len(single.table))
    assert list(fig.data[0].error_y.array) == [0, 0, 0]
