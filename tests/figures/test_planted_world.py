"""Figures of the planted world: every point once, lines where they were derived."""

import numpy as np
import pandas as pd
import pytest

from recscale.datasets.planted_world import PlantedWorld
from recscale.figures import planted_world as figures
from recscale.figures import show


@pytest.fixture
def ideal() -> pd.DataFrame:
    rows = np.repeat([100, 1000, 10_000], 2)
    table = pd.DataFrame(
        {"seed": [0, 1] * 3, "rows": rows, "excess": rows**-0.5 * np.tile([0.9, 1.1], 3), "bayes": 0.4}
    )
    return table.assign(logloss=table["excess"] + 0.4, derived=rows**-0.5)


@pytest.fixture
def curves() -> pd.DataFrame:
    runs = [("dlrm", 10, pd.NA), ("crossnet", 20, 64), ("crossnet", 5, 1)]
    rows = [1000, 3000]
    ideal = np.power([1000.0, 3000.0], -0.5)
    shared = {"seed": 0, "rows": rows, "excess": 9 * ideal, "ideal": ideal}
    return pd.concat(
        pd.DataFrame({"model": model, "dense_parameters": size, "rank": rank} | shared) for model, size, rank in runs
    )


def test_means_over_worlds_with_twice_their_standard_error(ideal):
    table = figures.by_rows(ideal)
    assert table["excess"].tolist() == pytest.approx([0.1, 1000**-0.5, 0.01])
    assert table["half"].iloc[0] == pytest.approx(2 * 0.1 * 0.1)


def test_learners_lie_beside_the_derived_power(ideal, curves):
    table = figures.by_rows(ideal)
    fig = figures.learners(table, curves, PlantedWorld(interactions=400))
    show(fig, points=len(table) + len(curves), name="learners")
    power = next(trace for trace in fig.data if trace.name.startswith("slope"))
    assert list(power.y) == pytest.approx([100**-0.5, 10_000**-0.5])
    worlds = {trace.name: list(trace.x) for trace in fig.data if trace.name.startswith("derived")}
    assert worlds == {"derived, J = 400": [100, 1000, 10_000], "derived, J = 120 (networks)": [1000, 3000]}
    looks = {(one.line.dash, one.marker.symbol) for one in fig.data if one.name.startswith("CrossNet")}
    assert len(looks) == 2


def test_the_floor_and_the_capacity_show_their_tables(ideal):
    table = figures.by_rows(ideal)
    fig = figures.floor(table, {"no floor": table})
    show(fig, points=len(table), name="floor")
    assert fig.layout.shapes[0].y0 == 0.4
    held = pd.DataFrame({"capacity": [1, 2, 4], "excess": [0.4, 0.2, 0.1], "derived": [0.4, 0.2, 0.1]})
    nets = pd.DataFrame({"capacity": [2], "excess": [0.25]})
    fig = figures.capacity(held, nets, 1.0)
    show(fig, points=len(held) + len(nets), name="capacity")
    assert list(fig.data[0].y) == pytest.approx([0.4, 0.2, 0.1])


def test_growth_and_ladders_show_every_mean_once_and_the_law_as_lines():
    shared = {"excess": [0.2, 0.02], "ci_low": [0.19, np.nan], "ci_high": [0.21, np.nan]}
    rows = {"rows": [1000, 10_000], "fitted": [0.21, 0.021], "ideal": [0.1, 0.01]} | shared
    table = pd.concat([pd.DataFrame(rows | {"model": "crossnet"}), pd.DataFrame(rows | {"model": "wukong"})])
    fig = figures.rows_law(table)
    show(fig, points=len(table), name="growth")
    assert [list(trace.y) for trace in fig.data if trace.line.dash == "dot"] == [[0.21, 0.021]] * 2
    sizes = pd.DataFrame(shared | {"model": "dlrm", "rows": 10**6, "training_flop_per_example": [1000, 4000]})
    fig = figures.rival_ladders(sizes)
    show(fig, points=len(sizes), name="ladders")
    assert fig.data[0].name == "DLRM, 1,000,000 rows"
