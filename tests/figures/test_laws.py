"""Figures of fits and of the published numbers draw every row, and their buttons switch what they say they switch."""

import numpy as np
import pandas as pd
import pytest

from recscale import laws, published
from recscale.analysis import fit_simulations as gallery
from recscale.figures import base, table5
from recscale.figures import laws as figures
from recscale.figures import published as drawn
from recscale.published import readings


def check_menu(fig):
    """Every choice names each trace once and shows at least one data trace."""
    for choice in fig.layout.updatemenus[0].buttons:
        visible = choice.args[0].get("visible")
        if visible is not None:
            assert len(visible) == len(fig.data)
            assert any(shown and trace.meta == base.DATA for shown, trace in zip(visible, fig.data, strict=True))


@pytest.fixture(scope="module")
def sizes() -> pd.DataFrame:
    return readings.wukong_sizes(1)


def test_hidden_runs_are_hollow_beside_a_law_with_a_band_and_its_rivals():
    runs = gallery.floor_points(3.0, 8, 1, 0.003, 0)
    fits = {
        name: laws.fit(name, runs[["x"]], runs["y"], hold_out_largest=3) for name in ("power-law-floor", "log-linear")
    }
    fig = figures.predicted(runs, fits, 3, x="x", y="y", reach=10)
    base.show(fig, points=len(runs))
    traces = {trace.name: trace for trace in fig.data}
    assert np.ptp(traces["95 % band of the law"].y) > np.ptp(traces["power-law-floor"].y)
    assert traces["no further gain"].y[0] == runs["y"].iloc[-4]
    assert list(traces["hidden runs"].x) == list(runs["x"].iloc[-3:])
    assert traces["hidden runs"].marker.symbol == "circle-open"


def test_early_stopping_switches_objective_and_parameters():
    points = gallery.chinchilla_points((6, 4), 0.003, 0)
    best = laws.fit("chinchilla", points[["N", "D"]], points["loss"], loss="huber")
    table = gallery.early_stopping(points, (1 / len(points), 1e6), best)
    fig = figures.early_stopping(table, 1 / len(points), gallery.CHINCHILLA)
    base.show(fig, points=len(table))
    chosen = {choice.label: choice.args[0]["y"] for choice in fig.layout.updatemenus[0].buttons}
    alpha = next(values for label, values in chosen.items() if label.startswith("α"))
    assert sum(map(len, alpha[:-1])) == len(table)
    assert sorted(v for part in alpha[:-1] for v in part) == sorted(table["α"])


def test_spans_show_one_step_and_count_all():
    found = gallery.spans((1.0, 3.0), 0.002, 0)
    fig = figures.spans(found, gallery.floor_truth)
    base.show(fig, points=16)
    shown = [trace for trace in fig.data if trace.meta == base.DATA and trace.visible]
    assert len(shown) == 1
    np.testing.assert_allclose(shown[0].x, found[1.0][0]["x"])
    assert [len(step.args[0]["visible"]) for step in fig.layout.sliders[0].steps] == [len(fig.data)] * 2


def test_simulated_tables_are_drawn_whole():
    noise = gallery.seed_noise((1, 2), 2.0, 0.002, 3, 0)
    base.show(figures.seed_noise(noise, gallery.FLOOR["α"]), points=6)
    counted = gallery.coverage((0.5, 0.95), 2.0, 0.002, 4, 0)
    base.show(figures.coverage(counted), points=4)
    single = pd.DataFrame({"q1": [2, 4], "one_start": [np.nan, 0.8], "best": [0.9, 0.9]})
    base.show(figures.one_start(single), points=3)
    ends = pd.DataFrame({"start": [0.1, 5.0], "D": [0.1, 5.0], "w5": [1.0, 2.0], "b": [0.3, 0.1]})
    fig = figures.data_terms(ends.assign(constant=0.04, r2=0.9))
    base.show(fig, points=2)
    assert fig.layout.updatemenus[0].type == "dropdown"


def test_bootstrap_draws_are_drawn_twice():
    points = gallery.chinchilla_points((6, 4), 0.003, 0)
    fit = laws.fit("chinchilla", points[["N", "D"]], points["loss"], bootstrap=20)
    ends = pd.DataFrame({"N": [1.0, 10.0], "D": [1.0, 10.0]}) * points[["N", "D"]].max()
    fig = figures.resampled(gallery.draws(fit, ends), gallery.truth_of_draws(ends))
    base.show(fig, points=40)
    check_menu(fig)


def test_table5_keeps_what_no_line_uses_as_open_markers():
    table, models = published.wukong_points(), published.wukong_models()
    rows = table.dropna(subset=["y"])
    fig = table5.table5(rows, models)
    base.show(fig, points=len(rows))
    check_menu(fig)
    symbols = [s for trace in fig.data if trace.meta == base.DATA for s in trace.marker.symbol]
    assert sum(s.endswith("-open") for s in symbols) == int((~rows["in_fit"]).sum())
    fig = table5.slopes_and_offsets(models)
    base.show(fig, points=len(models))
    offset = fig.layout.updatemenus[0].buttons[1].args[0]["x"]
    assert sorted(v for part in offset for v in part) == sorted(models["offset_1gflop"])
    forty = published.wukong_forty()
    base.show(table5.forty(forty), points=2 * len(forty))


def test_sizes_stand_alone_with_room_to_continue_them(sizes):
    fig = table5.sizes_alone(sizes, reach=10)
    base.show(fig, points=len(sizes))
    assert [trace.mode for trace in fig.data] == ["markers"]
    assert fig.layout.xaxis.range[1] == pytest.approx(np.log10(10 * sizes["gflop"].max()))


def test_held_out_sizes_are_points_too(sizes):
    fig = table5.rivals(sizes, readings.rival_forms(sizes, 2), 2)
    base.show(fig, points=len(sizes))
    check_menu(fig)
    held = next(trace for trace in fig.data if trace.name == "held out")
    assert sorted(held.x) == sorted(sizes["gflop"].nlargest(2))


def test_panels_come_one_at_a_time():
    panels = {key: points for key, points in published.panels().items() if key[1] == "industrial"}
    rows = []
    for key, points in panels.items():
        fit = laws.fit("log-quadratic", points[published.AXES], points["value"])
        rows.append({**dict(zip(published.SETTING, key, strict=True)), "fit": fit})
    first = list(panels)[1]
    fig = drawn.panel_curves(panels, pd.DataFrame(rows), first)
    base.show(fig, points=len(panels[first]))
    check_menu(fig)
    menu = fig.layout.updatemenus[0].buttons
    assert menu[0].label == drawn.panel_name(*first)
    for choice in menu:
        key = next(key for key in panels if drawn.panel_name(*key) == choice.label)
        traces = choice.args[0]
        drawn_values = [
            v for values, trace in zip(traces["y"], fig.data, strict=True) if trace.meta == base.DATA for v in values
        ]
        assert sorted(drawn_values) == sorted(panels[key]["value"])
        assert [len(x) > 0 for x in traces["x"]] == traces["visible"]


def test_published_tables_are_drawn_whole():
    terms, table = readings.reciprocal_terms(), published.load("performance_law_datasets")
    fig = drawn.ablation(terms, table, "HR")
    base.show(fig, points=4 * len(table))
    assert "0.9913" in fig.data[0].name
    points, curves = published.load("performance_law_loss"), published.loss_curves()
    fig = drawn.loss_curves(points, curves)
    base.show(fig, points=len(points))
    check_menu(fig)
    r2 = published.panel_r2(q1=(4, 32))
    base.show(drawn.r2_printed_and_ours(r2), points=5 * len(r2))
    terms = pd.DataFrame({"q1": [4, 16], "w1": -0.03, "w3": [-0.5, -1.0], "peak": [16.0, 16.0]})
    fig = drawn.depth_terms(terms, np.geomspace(1, 64, 200))
    base.show(fig, points=2)
    assert all(abs(curve.y.max()) < 1e-3 and abs(curve.x[curve.y.argmax()] - 16) < 0.5 for curve in fig.data[:2])
    one = published.q1_profile(published.panels()["HR@10", "ml-1m", 200], (4, 8, 16))
    base.show(drawn.q1_profile(one, 0.892374, "x"), points=3)
