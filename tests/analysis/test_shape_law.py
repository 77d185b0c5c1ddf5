"""The law on a planted grid: preferred where it is true, rejected where it is broken, nothing told from noise."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from recscale import laws
from recscale.analysis import shape_fits as shape_laws
from recscale.analysis import shape_law as law
from recscale.runs.store import load_results
from recscale.runs.table import run_table


@pytest.fixture(scope="module")
def planted(sequential_runs):
    return law.ShapeGrid.from_runs(sequential_runs.grid(noise=0.001), "ndcg@10")


@pytest.fixture(scope="module")
def straight(sequential_runs):
    return law.ShapeGrid.from_runs(sequential_runs.grid(sequential_runs.line, noise=0.002), "ndcg@10")


@pytest.fixture(scope="module")
def noise_alone(sequential_runs):
    return law.ShapeGrid.from_runs(sequential_runs.grid(lambda *shape, **differs: 0.17, noise=0.03), "ndcg@10")


def test_a_panel_holds_the_grid_s_own_cells_and_the_noise_of_its_diagonal(planted):
    assert len(planted.cells) == 14
    assert sorted(planted.cells["seeds"].unique()) == [1, 3]
    assert planted.dof == 8
    assert planted.noise == pytest.approx(0.001 * 0.17, rel=0.6)


def test_too_few_shapes_are_refused(sequential_runs):
    table = sequential_runs.grid()
    with pytest.raises(ValueError, match="needs 9 healthy shapes with three depths"):
        law.ShapeGrid.from_runs(table.iloc[:4], "ndcg@10")
    with pytest.raises(ValueError, match="has 0 shapes"):
        law.ShapeGrid.from_runs(table.iloc[:0], "ndcg@10")


def test_without_a_second_seed_nothing_is_rejected_or_bounded(sequential_runs):
    panel = law.ShapeGrid.from_runs(sequential_runs.grid(noise=0.001, seeds=(0,)), "ndcg@10")
    assert panel.dof == 0
    assert law.form_table(panel)["p"].isna().all()
    assert panel.is_flat
    assert law.sole_survivor(panel) == law.preference(panel, law.LINE) == law.preference(panel, law.QUADRATIC) == 0
    assert law.seeds_to_settle(panel) == law.seeds_to_prefer(panel, law.LINE) == np.inf
    assert not law.hold_out(panel, "layers").gain.has_interval
    assert not law.peak(panel, "layers", 60, 0).is_identified


def test_collapsed_and_diverged_runs_are_left_out_and_counted(sequential_runs):
    table = sequential_runs.grid()
    table.loc[0, "collapsed"], table.loc[1, "diverged"] = 1.0, True
    table.loc[:1, "test_ndcg@10"] = 0.01
    panel = law.ShapeGrid.from_runs(table, "ndcg@10")
    assert panel.excluded == 2
    assert panel.cells["value"].min() > 0.1
    assert shape_laws.left_out(table, model="llama") == 0


def test_the_planted_law_alone_survives(planted):
    assert law.sole_survivor(planted) == 1
    assert [law.robust_preference(planted, rival) for rival in (law.LINE, law.QUADRATIC)] == [1, 1]
    assert planted.lack_of_fit(law.LAW).p > 0.05 > planted.lack_of_fit(law.LINE).p
    assert law.seeds_to_settle(planted) == planted.seeds


def test_a_straight_line_needs_no_decay(straight):
    assert law.sole_survivor(straight) == law.preference(straight, law.LINE) == 0
    assert law.form_table(straight).index[0] == law.LINE


def test_a_quadratic_that_the_law_can_t_follow_is_preferred(sequential_runs):
    """A trough in depth, which no Performance Law has."""

    def trough(layers, width, **differs):
        return 0.16 + 0.02 * (np.log(layers) - 1) ** 2 + 0.004 * np.log(width)

    grid = law.ShapeGrid.from_runs(sequential_runs.grid(trough, noise=0.002), "ndcg@10")
    assert law.preference(grid, law.QUADRATIC) == law.robust_preference(grid, law.QUADRATIC) == -1


def test_a_shape_that_no_form_has_refutes_the_law(sequential_runs):
    def chessboard(layers, width, **differs):
        return sequential_runs.law(layers, width) * (1.05 if layers in (1, 4) else 1.0)

    assert law.sole_survivor(law.ShapeGrid.from_runs(sequential_runs.grid(chessboard, noise=0.002), "ndcg@10")) == -1


def test_noise_alone_supports_no_form(noise_alone):
    assert noise_alone.is_flat
    assert law.sole_survivor(noise_alone) == 0
    assert {law.preference(noise_alone, rival) for rival in (law.LINE, law.QUADRATIC)} == {0}


def test_a_misfit_beyond_seeds_is_asked_for(sequential_runs):
    """Bent cells whose seeds differ as much as the bend: AICc may prefer the law, the verdict must not."""
    table = sequential_runs.grid(noise=0.001)
    again = table["seed"] > 0
    table.loc[again, "test_ndcg@10"] *= np.where(table.loc[again, "seed"] == 1, 1.3, 0.7)
    panel = law.ShapeGrid.from_runs(table, "ndcg@10")
    assert law.preference(panel, law.QUADRATIC) == 0


def test_a_misfit_is_what_a_fit_to_all_runs_leaves_beyond_their_noise(sequential_runs):
    table = sequential_runs.grid(noise=0.02)
    panel = law.ShapeGrid.from_runs(table, "ndcg@10")
    runs = shape_laws.shapes(table, **shape_laws.GRID)
    fit = shape_laws.fit_forms(runs, "test_ndcg@10", forms=[law.LINE])[law.LINE]
    rest = len(panel.cells) - 3
    square = ((fit.residuals["residual"] ** 2).sum() - panel.dof * panel.noise**2) / rest
    expected = stats.f.sf(square / panel.noise**2, rest, panel.dof)
    assert panel.lack_of_fit(law.LINE).p == pytest.approx(expected, rel=1e-4)


def test_terms_that_the_line_lacks_are_asked_for_themselves(planted, straight, noise_alone):
    """Extra sum of squares: told for planted bends, for lines as often as chance has it, never from noise."""
    assert planted.extra_sum_of_squares(law.LINE).p < law.SIGNIFICANCE / 10
    assert straight.extra_sum_of_squares(law.LINE).p > law.SIGNIFICANCE
    fits = shape_laws.fit_forms(planted.cells.loc[planted.cells.index.repeat(planted.cells["seeds"])], "value")
    square = [(fits[form].residuals["residual"] ** 2).sum() for form in (law.LINE, law.LAW)]
    terms = fits[law.LAW].law.free - fits[law.LINE].law.free
    ratio = (square[0] - square[1]) / terms / planted.noise**2
    assert planted.extra_sum_of_squares(law.LINE).p == pytest.approx(stats.f.sf(ratio, terms, planted.dof), rel=1e-6)


def test_a_preference_that_hangs_by_one_shape_names_it(sequential_runs, planted):
    """A straight line, but for one shape whose single run went badly: the same as dropping runs from the table."""
    assert law.deciding_shapes(planted, law.LINE) == []
    table = sequential_runs.grid(sequential_runs.line, noise=0.002)
    known = run_table(table)
    spoilt = (known["model"] == "sasrec") & (known["layers"] == 8) & (known["width"] == 16)
    table.loc[spoilt, "test_ndcg@10"] *= 0.95
    panel = law.ShapeGrid.from_runs(table, "ndcg@10")
    deciding, sign = law.deciding_shapes(panel, law.LINE), law.preference(panel, law.LINE)
    assert deciding
    assert law.robust_preference(panel, law.LINE) == 0
    for layers, width in panel.cells.loc[panel.cells["seeds"] == 1, ["layers", "width"]].itertuples(index=False):
        rest = law.ShapeGrid.from_runs(table[(known["layers"] != layers) | (known["width"] != width)], "ndcg@10")
        assert (law.preference(rest, law.LINE) != sign) == ((layers, width) in deciding)


@pytest.mark.parametrize(("axis", "size", "cells"), [("layers", 8, 3), ("width", 96, 2)])
def test_held_out_sizes_are_those_of_the_axis_and_seeds_limit_what_counts(planted, straight, axis, size, cells):
    held = law.hold_out(planted, axis)
    assert (held.size, held.cells) == (size, cells)
    assert held.errors[law.LAW] < held.errors[law.LINE]
    assert held.least_significant > 0
    line = law.hold_out(straight, axis)
    assert line.errors[law.NO_GAIN] > line.errors[law.LINE] + line.least_significant


def test_both_published_forms_are_held_out_over_every_constant_the_seen_cells_allow(planted):
    held = law.hold_out(planted, "layers")
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
    errors = {law.NO_GAIN: flat} | {form: ends[0] for form, ends in ranges.items()}
    return law.HeldOut(8, 3, 0.1, errors, ranges, least)


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


def test_seeds_decide_what_constants_leave_open_to_them():
    assert held_out((0.003, 0.009), (0.009, 0.011)).seeds_to_decide(1.0) == pytest.approx(4)
    assert held_out((0.011, 0.020), (0.013, 0.020)).seeds_to_decide(1.5) == pytest.approx(6)
    assert held_out((0.003, 0.020), (0.009, 0.020)).seeds_to_decide(1.0) == np.inf
    assert held_out((0.003, 0.007), (0.009, 0.020)).seeds_to_decide(1.5) == 1.5


def test_the_largest_depth_of_the_committed_grid_is_undecided():
    """Inside, the error runs from 0.0063 to 0.0194 as q₁ goes to the end of its list, at nearly equal R²."""
    table = load_results("sequential-grid")
    ndcg, hr = (law.hold_out(law.ShapeGrid.from_runs(table, name), "layers") for name in ("ndcg@10", "hr@10"))
    inside, outside = law.BOTH_FORMS
    assert ndcg.errors[inside] == pytest.approx(0.0194, abs=5e-5)
    assert ndcg.errors[outside] == pytest.approx(0.0063, abs=5e-5)
    assert ndcg.errors[law.NO_GAIN] == pytest.approx(0.0059, abs=5e-5)
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
        law.hold_out(grid, "width")


def test_peaks_inside_are_identified_with_their_fall(planted):
    for axis, truth in (("layers", 3.5), ("width", 44)):
        peak = law.peak(planted, axis, 100, 0)
        assert peak.is_identified
        assert peak.ci_low < truth < peak.ci_high


def test_peaks_outside_or_none_are_not(straight, sequential_runs):
    line = law.peak(straight, "layers", 60, 0)
    assert np.isnan(line.value)
    assert not line.is_identified
    assert not line.estimate.has_interval

    def far(layers, width, **differs):
        return sequential_runs.law(layers, width, best=(24.0, 200.0))

    panel = law.ShapeGrid.from_runs(sequential_runs.grid(far, noise=0.001), "ndcg@10")
    assert not law.peak(panel, "layers", 60, 0).is_identified
    assert not law.peak(panel, "width", 60, 0).is_identified


def test_a_fall_within_the_seeds_identifies_nothing(planted):
    peak = law.peak(planted, "width", 60, 0)
    assert peak.estimate.has_interval
    assert peak.seeds_to_identify(2.0) == 2.0
    steep = replace(peak, least_significant=2 * peak.fall)
    assert not steep.is_identified
    assert not steep.estimate.has_interval
    assert steep.seeds_to_identify(2.0) == pytest.approx(8.0)
    assert replace(steep, inside=False).seeds_to_identify(2.0) == np.inf
