"""The largest sizes predicted from the others: both forms, every constant, and what seeds explain."""

from dataclasses import replace

import numpy as np
import pytest

from recscale import laws
from recscale.analysis import shape_extrapolation as extrapolation
from recscale.analysis import shape_fits as shape_laws
from recscale.analysis import shape_law as law
from recscale.runs.table import load_results


@pytest.fixture(scope="module")
def planted(sequential_runs):
    return law.ShapeGrid.from_runs(sequential_runs.grid(noise=0.001), "ndcg@10")


@pytest.fixture(scope="module")
def straight(sequential_runs):
    return law.ShapeGrid.from_runs(sequential_runs.grid(sequential_runs.line, noise=0.002), "ndcg@10")


@pytest.mark.parametrize("axis", ["layers", "width"])
def test_held_out_sizes_are_those_of_the_axis_and_seeds_limit_what_counts(planted, straight, axis):
    held = extrapolation.hold_out(planted, axis)
    cells = planted.cells
    assert held.mean == pytest.approx(cells.loc[cells[axis] == cells[axis].max(), "value"].mean())
    assert held.errors[law.LAW] < held.errors[law.LINE]
    assert held.least_significant > 0
    line = extrapolation.hold_out(straight, axis)
    assert line.errors[extrapolation.NO_GAIN] > line.errors[law.LINE] + line.least_significant


def test_both_published_forms_are_held_out_over_every_constant_the_seen_cells_allow(planted):
    held = extrapolation.hold_out(planted, "layers")
    assert set(held.ranges) == set(law.BOTH_FORMS) <= set(held.errors)
    seen = planted.cells[planted.cells["layers"] < 8]
    unseen = planted.cells[planted.cells["layers"] == 8]
    x, errors = seen[["layers", "width"]].astype(float), []
    for q1 in shape_laws.Q1:
        fit = laws.fit(laws.get(law.LAW).with_values(q1=[q1]), x, seen["value"])
        said = fit.predict(unseen[["layers", "width"]].astype(float))
        errors.append(float(np.sqrt(np.mean((unseen["value"] - said) ** 2))))
    low, high = held.ranges[law.LAW]
    assert {round(low, 9), round(high, 9)} <= {round(error, 9) for error in errors}
    assert low == pytest.approx(min(errors), rel=1e-6)


def held_out(inside, outside, flat=0.010, least=0.002):
    """A ``HeldOut`` whose forms err between these ends."""
    ranges = dict(zip(law.BOTH_FORMS, (inside, outside), strict=True))
    errors = {extrapolation.NO_GAIN: flat} | {form: ends[0] for form, ends in ranges.items()}
    return extrapolation.HeldOut(0.1, errors, ranges, least)


@pytest.mark.parametrize(
    ("inside", "outside", "side"),
    [
        ((0.003, 0.007), (0.009, 0.020), 1),
        ((0.015, 0.020), (0.013, 0.014), -1),
        ((0.015, 0.020), (0.009, 0.014), 0),
        ((0.006, 0.020), (0.013, 0.020), 0),
        ((0.003, 0.009), (0.009, 0.011), 0),
    ],
)
def test_a_form_wins_or_loses_only_whatever_its_constant(inside, outside, side):
    gain = held_out(inside, outside).gain
    assert gain.is_positive - gain.is_negative == side


def test_the_tables_of_a_page_hold_what_their_objects_do(planted):
    held = extrapolation.hold_out(planted, "layers")
    table = extrapolation.error_table(held)
    assert table.loc["no further gain"].tolist() == [held.errors[extrapolation.NO_GAIN]] * 3
    assert tuple(table.loc["Performance Law", ["least", "largest"]]) == held.ranges[law.LAW]


def test_seeds_decide_what_constants_leave_open_to_them():
    assert held_out((0.003, 0.009), (0.009, 0.011)).seeds_to_decide(1.0) == pytest.approx(4)
    assert held_out((0.011, 0.020), (0.013, 0.020)).seeds_to_decide(1.5) == pytest.approx(6)
    assert held_out((0.003, 0.020), (0.009, 0.020)).seeds_to_decide(1.0) == np.inf
    assert held_out((0.003, 0.007), (0.009, 0.020)).seeds_to_decide(1.5) == 1.5


def test_the_largest_depth_of_the_committed_grid_is_undecided():
    """Inside, the error runs from 0.0063 to 0.0194 as q₁ goes to the end of its list, at nearly equal R²."""
    table = load_results("sequential-grid")
    ndcg, hr = (extrapolation.hold_out(law.ShapeGrid.from_runs(table, name), "layers") for name in ("ndcg@10", "hr@10"))
    inside, outside = law.BOTH_FORMS
    assert ndcg.errors[inside] == pytest.approx(0.0194, abs=5e-5)
    assert ndcg.errors[outside] == pytest.approx(0.0063, abs=5e-5)
    assert ndcg.errors[extrapolation.NO_GAIN] == pytest.approx(0.0059, abs=5e-5)
    assert ndcg.ranges[inside] == pytest.approx((0.0063, 0.0194), abs=5e-5)
    assert (hr.errors[inside], hr.errors[outside]) == pytest.approx((0.0474, 0.0102), abs=5e-5)
    assert (ndcg.least_significant, hr.least_significant) == pytest.approx((0.0045, 0.0057), abs=5e-5)
    for one in (ndcg, hr):
        assert one.gain.ci_low < 0 < one.gain.ci_high


def test_a_shape_without_a_smaller_neighbour_is_not_predicted(planted):
    """One layer was trained at the largest width alone."""
    cells = planted.cells
    alone = cells[(cells["layers"] > 1) & (cells["width"] < 96) | (cells["layers"] == 1) & (cells["width"] == 96)]
    grid = replace(planted, cells=alone.reset_index(drop=True))
    with pytest.raises(ValueError, match="width = 96 can't be predicted from the 9 other shapes"):
        extrapolation.hold_out(grid, "width")
