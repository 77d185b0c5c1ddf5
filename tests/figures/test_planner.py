"""The planner's figures draw their tables, and the page's script shows what was computed."""

import json
import shutil
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import shape_choices as choices
from recscale.analysis import shape_planning as planning
from recscale.figures import planner as figures
from recscale.figures import show
from recscale.settings import BOOK
from recscale.stats.estimate import Estimate

CELLS = [(h, d) for h in (2, 4, 8, 16) for d in (10, 20, 40, 80)]


def grid(title, metric, peak):
    points = pd.DataFrame(CELLS, columns=["layers", "width"])
    noise = np.random.default_rng(0).normal(0, 1e-3, len(points))
    bend = 0.02 * np.log(points["layers"] / peak[0]) ** 2 + 0.03 * np.log(points["width"] / peak[1]) ** 2
    return planning.Grid(title, metric, points.assign(value=0.3 - bend + noise), 500, 50)


@pytest.fixture(scope="module")
def prepared():
    return choices.prepare([grid("one", "HR@10", (4, 20)), grid("two", "HR@10", (8, 40))], resamples=50)


@pytest.fixture(scope="module")
def fig(prepared):
    return figures.planner(prepared, planning.KINDS)


def states_of(entry):
    return [state for states in entry["kinds"].values() for state in states]


def test_the_figure_carries_every_choice(fig, prepared):
    show(fig, points=len(CELLS))
    plan = fig.layout.meta["planner"]
    assert [(e["grid"], e["law"]) for e in plan["entries"]] == [
        (g, law) for g in ("one", "two") for law in planning.LAW_NAMES.values()
    ]
    for entry, one in zip(plan["entries"], prepared, strict=True):
        for state, outcome in zip(states_of(entry), one.outcomes, strict=True):
            assert state["best"] == [outcome.choice.layers, outcome.choice.width]
            assert state["limits"] == [str(outcome.limits[axis]) for axis in ("layers", "width")]
            assert state["count"] == [outcome.choice.tied.sum(), outcome.allowed.sum()]
            assert state["claimed"] is None
    json.dumps(plan, allow_nan=False)


def test_a_claim_is_shown_with_the_budget_it_was_made_for(prepared):
    one = prepared[0]
    claimed = choices.Claimed(9, 41, 369, Estimate(0.001, -0.001, 0.003))
    outcomes = tuple(replace(each, claimed=claimed if each.kind == "none" else None) for each in one.outcomes)
    fig = figures.planner([replace(one, outcomes=outcomes)], planning.KINDS)
    kinds = fig.layout.meta["planner"]["entries"][0]["kinds"]
    assert kinds["none"][0]["claimed"] == {"shape": [9, 41], "product": 369, "loss": [0.001, -0.001, 0.003]}
    assert all(state["claimed"] is None for kind, states in kinds.items() if kind != "none" for state in states)
    star = next(trace for trace in fig.data if trace.name == "claimed in the paper")
    assert (list(star.x), list(star.y)) == ([9], [41])


def test_tied_shapes_are_drawn_depth_by_depth(prepared):
    one = prepared[0]
    for outcome in one.outcomes:
        ranges = figures._state(one.plan.shapes, outcome)["tied"]
        x, y = figures._strokes(ranges)
        tied = one.plan.shapes[outcome.choice.tied]
        assert set(zip(x[::3], y[::3], strict=True)) <= set(tied.itertuples(index=False, name=None))
        assert x[::3] == sorted(tied["layers"].unique()) == x[1::3], "a stroke never leaves its depth"
        assert x[2::3] == [None] * len(x[::3])


def test_a_limited_axis_has_no_bar_and_a_free_one_stays_on_measured_ground(prepared):
    for one in prepared:
        for outcome in one.outcomes:
            bars = figures._state(one.plan.shapes, outcome)["error"]
            for axis, other, (down, up) in zip(("layers", "width"), ("width", "layers"), bars, strict=True):
                best, shapes = getattr(outcome.choice, axis), one.plan.shapes
                if outcome.limits[axis] is not choices.Limit.FREE:
                    assert (down, up) == (0, 0)
                line = shapes.loc[shapes[other] == getattr(outcome.choice, other), axis]
                assert line.min() <= best - down <= best + up <= line.max()


def test_the_budget_line_is_the_last_affordable_width(prepared):
    one = prepared[0]
    outcome = next(each for each in one.outcomes if each.kind == "product")
    x, y = figures._state(one.plan.shapes, outcome)["line"]
    assert all(h * d <= outcome.budget < h * (d + 1) for h, d in zip(x, y, strict=True))


def test_unmeasured_corners_stay_empty():
    cut = grid("cut", "HR@10", (4, 20))
    points = cut.points[(cut.points["layers"] < 16) | (cut.points["width"] < 40)]
    (one,) = choices.prepare([planning.Grid("cut", "HR@10", points, 500, 50)], ["log-quadratic"], resamples=50)
    entry = figures.planner([one], planning.KINDS).layout.meta["planner"]["entries"][0]
    assert entry["z"][-1][-1] is None
    assert entry["z"][0][0] is not None
    assert one.plan.shapes.query("layers > 8")["width"].max() == 20


def test_certainty_marks_the_ends_of_the_range_and_switches_metrics(prepared):
    table = choices.agreement(prepared)
    table.loc[0, "layers_edge"] = True
    both = pd.concat([table, table.assign(metric="NDCG@10")], ignore_index=True)
    fig = figures.certainty(both)
    show(fig, points=2 * len(both))
    assert [next(iter(trace.marker.symbol)) for trace in fig.data][:2] == ["x", "circle"]
    assert [button.label for button in fig.layout.updatemenus[0].buttons] == ["HR@10", "NDCG@10"]
    for number, button in enumerate(fig.layout.updatemenus[0].buttons):
        assert button.args[0]["visible"] == [number == 0] * 4 + [number == 1] * 4


def test_applications_draw_a_point_per_row():
    rows = [(c, m, law, 1, 2, 0.001, -0.001, 0.003) for c in ("none", "layers = 2") for m in planning.METRICS
            for law in planning.LAW_NAMES]  # fmt: skip
    columns = ["constraint", "metric", "law", "claimed_layers", "claimed_width", "loss", "loss_low", "loss_high"]
    fig = figures.applications(pd.DataFrame(rows, columns=columns))
    show(fig, points=len(rows))
    assert list(fig.layout.yaxis.ticktext) == ["(1, 2)<br>no budget", "(1, 2)<br>layers = 2"]


def test_verdicts_with_and_without_measurements():
    rows = [(h, 8, m, law, 0.1, 0.05, 0.15) for h in (1, 2) for m in ("ndcg@10", "hr@10") for law in planning.LAW_NAMES]
    table = pd.DataFrame(rows, columns=["layers", "width", "metric", "law", "predicted", "low", "high"])
    show(figures.verdicts(table), points=4)
    show(figures.verdicts(table.assign(measured=0.12)), points=4 + 2)
    partly = table.assign(measured=[0.12 if h == 1 else np.nan for h in table["layers"]])
    show(figures.verdicts(partly, "hr@10"), points=4 + 1)


LIMITS = {"range": "at the edge: no optimum known", "budget": "forced by the budget"}


def check_numbers(page, one, outcome):
    """The numbers below the figure are those of the choice; an axis that is limited has no interval."""
    choice = outcome.choice
    rows = page.locator(".planner-numbers div")
    numbers = dict(zip(rows.locator("dt").all_inner_texts(), rows.locator("dd").all_inner_texts(), strict=True))
    assert numbers["best shape, H × d"] == f"{choice.layers} × {choice.width}"
    assert numbers[one.grid.metric] == f"{choice.predicted:.4f} [{choice.low:.4f}, {choice.high:.4f}]"
    for name, axis, interval in (
        ("depth H", "layers", choice.layers_interval),
        ("width d", "width", choice.width_interval),
    ):
        low, high = (round(end) for end in interval)
        assert numbers[name] == LIMITS.get(outcome.limits[axis], f"95 % of refits: {low} to {high}")
    corner = "free" not in outcome.limits.values()
    assert ("both axes limited" in numbers) == corner
    assert numbers["tied with the best"].startswith(f"{choice.tied.sum():,} of {outcome.allowed.sum():,} ")


def check_typed(page, one):
    """A typed budget is answered by the largest computed one within it, or by the smallest of all."""
    page.locator(".planner-bar select").nth(3).select_option("product")
    levels = [outcome for outcome in one.outcomes if outcome.kind == "product"]
    field = page.locator(".planner-bar input[type=number]")
    for typed, level in ((levels[1].budget * 1.3, 1), (levels[2].budget, 2), (1, 0), (1e9, -1)):
        field.fill(str(typed))
        choice = levels[level].choice
        rows = page.locator(".planner-numbers dd").all_inner_texts()
        assert rows[0] == f"{choice.layers} × {choice.width}"
        assert page.locator(".planner-bar output").inner_text() == f"computed for {levels[level].budget:,.0f}"
        assert field.input_value() == str(typed), "what the reader typed stays"


@pytest.mark.browser
@pytest.mark.slow
def test_the_menus_show_the_computed_choice(fig, prepared, tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    playwright = pytest.importorskip("playwright.sync_api")
    if chromium is None:
        pytest.skip("there is no Chromium on the path")
    shutil.copy(str(files("plotly") / "package_data" / "plotly.min.js"), tmp_path)
    for name in ("figures.js", "planner.js", "custom.css"):
        shutil.copy(BOOK / "_static" / name, tmp_path)
    scripts = "".join(f'<script src="{name}" defer></script>' for name in ("plotly.min.js", "figures.js", "planner.js"))
    body = show(fig, points=len(CELLS)).to_html()
    head = f'<head><meta charset="utf-8"><link rel="stylesheet" href="custom.css">{scripts}</head>'
    (tmp_path / "page.html").write_text(f"<html>{head}<body>{body}</body></html>", encoding="utf-8")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 390, "height": 900}, offline=True).new_page()
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((tmp_path / "page.html").as_uri())
        page.wait_for_function("() => document.querySelector('.recscale-plot').dataset.drawn === 'yes'")
        menus, slider = page.locator(".planner-bar select"), page.locator(".planner-bar input[type=range]")
        for one in prepared:
            menus.nth(0).select_option(one.grid.title)
            menus.nth(2).select_option(planning.LAW_NAMES[one.law])
            for kind in dict.fromkeys(outcome.kind for outcome in one.outcomes):
                menus.nth(3).select_option(kind)
                for level, outcome in enumerate([each for each in one.outcomes if each.kind == kind]):
                    if slider.is_enabled():
                        slider.fill(str(level))
                    shown = page.evaluate("() => { const t = document.querySelector('.recscale-plot').data[6]; "
                                          "return [t.x[0], t.y[0]]; }")  # fmt: skip
                    assert shown == [outcome.choice.layers, outcome.choice.width]
                    tied = page.evaluate("() => { const t = document.querySelector('.recscale-plot').data[1]; "
                                         "return [t.x, t.y]; }")  # fmt: skip
                    assert tied == figures._strokes(figures._state(one.plan.shapes, outcome)["tied"])
                    check_numbers(page, one, outcome)
                    if kind != "none":
                        spoken = slider.get_attribute("aria-valuetext")
                        assert spoken == f"{planning.KINDS[kind]} {outcome.budget:,.0f}"
        check_typed(page, prepared[-1])
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
        assert complaints == []
        browser.close()
