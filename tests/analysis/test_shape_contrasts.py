"""Comparisons cell by cell: planted differences between models, lengths and precisions come back with their noise."""

import numpy as np
import pytest

from recscale.analysis import shape_contrasts as cellwise
from recscale.analysis.shape_contrasts import CellMeans
from recscale.stats.multiplicity import Count, count_below

NDCG = "test_ndcg@10"


@pytest.fixture(scope="module")
def differing(sequential_runs):
    """Histories of 100 are worth 4 %, bfloat16 costs 5 %; depth pays the LLaMA-style model most, the HSTU-style least.

    The best depth lies beyond the grid: past a peak a larger weight means a steeper fall, and w no longer room to grow.
    """

    def truth(layers, width, *, model, max_length, precision, **differs):
        share = {"sasrec": 1.0, "hstu": 0.4, "llama": 2.0}[model]
        best = (20.0, 44.0)
        flat, bent = sequential_runs.law(1, width, best), sequential_runs.law(layers, width, best)
        factor = {50: 1.0, 100: 1.04, 200: 1.06}[max_length] * {"fp32": 1.0, "bf16": 0.95}[precision]
        return (flat + share * (bent - flat)) * factor

    return sequential_runs.grid(truth, noise=0.001)


def test_one_seed_gives_values_without_intervals_and_none_is_refused(sequential_runs):
    table = sequential_runs.grid(seeds=(0,))
    cells = CellMeans.from_runs(table, NDCG)
    change = cells.change({}, {"max_length": 100})
    assert np.isfinite(change.value)
    assert not change.has_interval
    (hstu, _) = cellwise.potentials(cells)
    assert np.isnan(list(cellwise.w_limits(cells, hstu, 8, 10, 0).values())).all()
    with pytest.raises(ValueError, match="none of the 0 runs is healthy"):
        CellMeans.from_runs(table.iloc[:0], NDCG)


def test_collapsed_runs_are_no_cells(sequential_runs):
    table = sequential_runs.grid()
    llama = table["model"] == "llama"
    table.loc[llama, "collapsed"] = 1.0
    assert CellMeans.from_runs(table, NDCG).shapes(model="llama") == set()


def test_changes_over_shared_shapes_are_those_planted(differing):
    cells = CellMeans.from_runs(differing, NDCG)
    for to, count, planted in (
        ({"max_length": 100}, 5, 4.0),
        ({"max_length": 200}, 2, 6.0),
        ({"precision": "bf16"}, 2, -5.0),
    ):
        assert len(cells.shared({}, to)) == count
        value, low, high = cells.change({}, to).percent
        assert low < planted < high
        assert value == pytest.approx(planted, abs=0.4)
    with pytest.raises(ValueError, match="no shape has runs with both"):
        cells.change({}, {"max_length": 400})


def test_a_robust_change_covers_the_mean_without_any_one_shape(sequential_runs):
    """Longer histories help one shape alone: the mean is known to rise, but not without that shape."""

    def truth(layers, width, *, max_length, **differs):
        helped = max_length == 100 and (layers, width) == (4, 64)
        return sequential_runs.law(layers, width) * (1.2 if helped else 1.0)

    cells = CellMeans.from_runs(sequential_runs.grid(truth, noise=0.003), NDCG)
    plain, robust = cells.change({}, {"max_length": 100}), cells.robust_change({}, {"max_length": 100})
    assert plain.is_positive
    assert robust.value == plain.value
    assert robust.ci_low < 0 < plain.ci_low < plain.ci_high <= robust.ci_high
    bf16 = cells.robust_change({}, {"precision": "bf16"})
    assert bf16.ci_low <= cells.change({}, {"precision": "bf16"}).ci_low


def test_potentials_agree_where_the_same_law_is_only_scaled(differing):
    cells = CellMeans.from_runs(differing, NDCG)
    found = {one.model: one for one in cellwise.potentials(cells)}
    assert {name: (one.cells, one.own_exponents) for name, one in found.items()} == {
        "hstu": (7, True),
        "llama": (4, False),
    }
    assert found["llama"].w.loc[8, "w1"] > 0 > found["hstu"].w.loc[8, "w1"]
    effects = cells.contrasts.intervals([cellwise.disagreement(one, "layers", 8) for one in found.values()])
    assert count_below(effects) == Count(2, 0, 2)
    assert cellwise.same_order(found["llama"], "layers") == len(cellwise.FIXED_Q1)


def test_a_smaller_w_that_gains_more_is_a_disagreement(sequential_runs):
    """With its peak far away a law of small weight rises all the way; one of large weight that peaks inside doesn't."""

    def truth(layers, width, *, model, **differs):
        if model == "hstu":
            return sequential_runs.law(layers, width, best=(60.0, 44.0)) - 0.02
        return sequential_runs.law(layers, width, best=(2.5, 44.0))

    cells = CellMeans.from_runs(sequential_runs.grid(truth, noise=0.001), NDCG)
    (hstu,) = [one for one in cellwise.potentials(cells) if one.model == "hstu"]
    gain = cells.contrasts.contrast(hstu.gain["layers"])
    assert gain.is_positive
    smaller = cellwise.Potential(hstu.model, hstu.cells, True, -hstu.w.abs(), hstu.gain)
    assert count_below(cells.contrasts.intervals([cellwise.disagreement(smaller, "layers", 8)])) == Count(0, 1, 1)
    larger = cellwise.Potential(hstu.model, hstu.cells, True, hstu.w.abs(), hstu.gain)
    assert count_below(cells.contrasts.intervals([cellwise.disagreement(larger, "layers", 8)])) == Count(1, 0, 1)


def test_loss_falls_with_depth_and_the_metric_past_its_peak(sequential_runs):
    table = sequential_runs.grid(noise=0.001)
    train, test, metric = (CellMeans.from_runs(table, name) for name in ("train_loss", "test_loss", "test_hr@10"))
    steps = train.contrasts.intervals(cellwise.depth_steps(train))
    assert count_below(steps) == Count(10, 0, 10)
    table = cellwise.metric_and_loss(metric, test)
    assert len(table) == 14
    assert table.columns.tolist() == ["layers", "width", "metric", "loss", "metric_half", "loss_half"]
    alone, thrice = metric.spread([(1, 32), (2, 32)])
    assert alone == pytest.approx(thrice * 3**0.5)
    past = cellwise.past_the_peak(metric, test)
    assert [width for width, (_, strictly) in past.items() if strictly.is_negative] == [16, 32, 64]
    assert past[96][0].is_positive, "two layers are better than one: HR has not peaked there"


def test_a_metric_that_rises_with_its_loss_falling_peaks_nowhere(sequential_runs):
    table = sequential_runs.grid(sequential_runs.line, noise=0.001)
    past = cellwise.past_the_peak(CellMeans.from_runs(table, "test_hr@10"), CellMeans.from_runs(table, "test_loss"))
    assert count_below(list(past.values())).contradict > 0
    assert count_below(list(past.values())).agree == 0


def test_a_loss_that_rises_past_the_peak_does_not_still_fall(sequential_runs):
    table = sequential_runs.grid(noise=0.001)
    table["test_loss"] = 8.0 - 5 * table["test_ndcg@10"]
    past = cellwise.past_the_peak(CellMeans.from_runs(table, "test_hr@10"), CellMeans.from_runs(table, "test_loss"))
    assert not any(pair[1].is_negative for pair in past.values())


def test_the_w_of_alike_models_differ_no_more_than_seeds_explain(sequential_runs):
    cells = CellMeans.from_runs(sequential_runs.grid(noise=0.01), NDCG)
    (hstu,) = [one for one in cellwise.potentials(cells) if one.model == "hstu"]
    limits = cellwise.w_limits(cells, hstu, 8, 60, 0)
    assert set(limits) == {"w1", "w2"}
    for low, high in limits.values():
        assert low < 0 < high
