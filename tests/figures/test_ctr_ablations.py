"""Ablation figures: every variant once per table, intervals where seeds give them."""

import numpy as np
import pytest

from recscale.analysis import ablations
from recscale.figures import ctr_ablations as figures
from recscale.figures import show

FEW = {"fmb": 0.05, "lcb": 0.03, "residual": 0.08}


def variants(ctr_runs, changes, effects, **options):
    return ablations.compare_variants(ctr_runs.variants(changes, effects, **{"noise": 1e-4} | options)).table.iloc[1:]


def test_every_doubled_knob_stands_at_its_price(ctr_runs):
    table = variants(ctr_runs, ctr_runs.KNOBS, {"l": -0.1, "k": 0.05})
    fig = figures.knobs(table)
    show(fig, points=len(table))
    deep = next(trace for trace in fig.data if trace.name == "2 × l")
    assert deep.x[0] == table.loc["2 × l", "flop_ratio"]
    assert deep.y[0] == pytest.approx(-0.1, abs=0.03)
    assert deep.error_y.array[0] == pytest.approx(table.loc["2 × l", "ci_high"] - deep.y[0])
    assert "2 × n<sub>L</sub>" in [trace.name for trace in fig.data]
    left, right = fig.layout.xaxis.range
    assert left < 0 < np.log10(table["flop_ratio"].max()) < right


def test_each_table_has_a_mark_on_the_line_of_its_variant(ctr_runs):
    table = variants(ctr_runs, ctr_runs.COMPONENTS, FEW)
    fig = figures.effects({"live": table, "full study": table.iloc[:3]}, {"no FMB": 1.84})
    show(fig, points=len(table) + 3 + 1)
    assert [trace.name for trace in fig.data] == ["live", "full study", "the paper, on its data"]
    assert list(np.round(fig.data[0].y)) == list(range(6))
    assert list(np.round(fig.data[1].y)) == [0, 1, 2]
    assert fig.layout.yaxis.ticktext[0] == "no FMB"
    assert fig.data[2].x[0] == 1.84


def test_one_seed_draws_points_without_bars(ctr_runs):
    table = variants(ctr_runs, ctr_runs.COMPONENTS, FEW, seeds=(0,))
    fig = figures.effects({"live": table})
    show(fig, points=len(table))
    assert list(fig.data[0].error_x.array) == [0] * 6
    assert not fig.layout.showlegend
