"""Ablation figures: every variant once, live beside committed, intervals where seeds give them."""

import numpy as np
import pytest

from recscale.analysis import ablations
from recscale.figures import ctr_ablations as figures
from recscale.figures import overlay, show

FEW = {"fmb": 0.05, "lcb": 0.03, "residual": 0.08}


@pytest.fixture
def knobs(ctr_runs):
    return ablations.judge(ctr_runs.variants(ctr_runs.KNOBS, {"l": -0.1, "k": 0.05}, noise=1e-4))


@pytest.fixture
def components(ctr_runs):
    return ablations.judge(ctr_runs.variants(ctr_runs.COMPONENTS, FEW | {"lcb, residual": 3.0}, noise=1e-4))


def test_every_doubled_knob_is_drawn_once_and_joined_to_the_base(knobs):
    fig = figures.knobs(knobs, None)
    show(fig, points=figures.drawn(knobs, base_too=True))
    joined = [trace for trace in fig.data if trace.mode == "lines" and trace.name != "base"]
    assert len(joined) == 6
    assert all((trace.x[0], trace.y[0]) == (1, 0) for trace in joined)
    deep = next(trace for trace in fig.data if trace.name == "2 × l" and trace.mode == "markers")
    assert deep.y[0] == pytest.approx(-0.1, abs=0.03)
    assert deep.error_y.array[0] == pytest.approx(knobs.table.loc["2 × l", "high"] - deep.y[0])
    left, right = fig.layout.xaxis.range
    assert left < 0 < np.log10(knobs.table["flop_ratio"].max()) < right


def test_live_and_committed_share_a_legend_entry_and_differ_in_look(knobs):
    fig = figures.knobs(knobs, knobs)
    show(fig, points=figures.drawn(knobs, knobs, base_too=True))
    deep = [trace for trace in fig.data if trace.name == "2 × l" and trace.mode == "markers"]
    assert [trace.showlegend for trace in deep] == [True, False]
    assert deep[1].marker.symbol == f"{deep[0].marker.symbol}-open"
    assert "Hollow" in overlay.caption(knobs)
    assert "holds none" in overlay.caption(None)


def test_components_are_bars_with_a_close_up_where_one_dwarfs_the_rest(components, ctr_runs):
    fig = figures.components(components, components)
    show(fig, points=figures.drawn(components, components))
    assert [button.label for button in fig.layout.updatemenus[0].buttons] == ["all", "close-up"]
    close = fig.layout.updatemenus[0].buttons[1].args[1]["xaxis.range"]
    assert close[1] < 1 < fig.layout.xaxis.range[1]
    alike = ablations.judge(ctr_runs.variants(ctr_runs.COMPONENTS, dict.fromkeys(ctr_runs.COMPONENTS, 0.1)))
    assert not figures.components(alike, None).layout.updatemenus


def test_one_seed_draws_points_without_bars(ctr_runs):
    study = ablations.judge(ctr_runs.variants(ctr_runs.COMPONENTS, FEW, seeds=(0,)))
    fig = figures.components(study, None)
    show(fig, points=figures.drawn(study, None))
    assert list(fig.data[0].error_x.array) == [0] * 6
    assert all(row[2] == "not known" for row in fig.data[0].customdata)


def test_a_committed_study_alone_can_be_drawn(knobs, components):
    show(figures.knobs(None, knobs), points=figures.drawn(None, knobs, base_too=True))
    show(figures.components(None, components), points=figures.drawn(None, components))
