"""The planner's figures draw their tables, and the page's script shows what was computed."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import shape_choices as choices
from recscale.analysis import shape_planning as planning
from recscale.figures import planner as figures
from recscale.figures import planner_data, show
from recscale.stats.estimate import Estimate

SCRIPTS = ("figures.js", "figure-controls.js", "planner-data.js", "planner.js")
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


def test_the_figure_carries_every_choice(fig, prepared):
    show(fig, points=len(CELLS))
    plan = fig.layout.meta["planner"]
    assert [(e["grid"], e["law"]) for e in plan["entries"]] == [
        (g, law) for g in ("one", "two") for law in planning.LAW_NAMES.values()
    ]
    assert len(plan["grids"]) == 1, "equal points and prices are carried once"
    for entry, one in zip(plan["entries"], prepared, strict=True):
        kinds = [outcome.kind for outcome in one.outcomes]
        assert {kind: len(texts) for kind, texts in entry["states"].items()} == {k: kinds.count(k) for k in kinds}
    text = json.dumps(plan, allow_nan=False, ensure_ascii=False)
    assert not set("<&") & set(text)


def test_the_figure_opens_where_it_is_told_with_the_bars_of_that_choice(prepared):
    figure = figures.planner(prepared, planning.KINDS, opened=2)
    assert figure.layout.meta["planner"]["opened"] == 2
    best, one = figure.data[-1], prepared[2]
    assert (list(best.x), list(best.y)) == ([one.unlimited.choice.layers], [one.unlimited.choice.width])
    drawn = [[*bar.arrayminus, *bar.array] for bar in (best.error_x, best.error_y)]
    assert drawn == bars(one, one.unlimited)
    assert np.any(drawn)
    shown = {trace.name: trace.showlegend for trace in figure.data}
    assert shown["budget"] is shown["claimed in the paper"] is False, "neither is drawn without a budget or a claim"


def test_numbers_are_refused_that_do_not_fit():
    assert planner_data.in_digits(0, 2) == "##"
    assert planner_data.in_digits(None, 1) == "~"
    assert planner_data.in_digits(89**2 - 2, 2) == "~}"
    for value in (89**2 - 1, -1):
        with pytest.raises(ValueError, match=f"{value} doesn't fit into 2 digits; allowed is 0 to 7919"):
            planner_data.in_digits(value, 2)


def test_a_law_the_script_cannot_compute_is_refused(prepared):
    with pytest.raises(ValueError, match="got constant"):
        figures.planner([replace(prepared[0], law="constant")], planning.KINDS)


def with_claim(one):
    claimed = choices.Claimed(9, 41, 369, Estimate(0.001, -0.001, 0.003))
    changed = replace(one)
    vars(changed)["outcomes"] = tuple(
        replace(each, claimed=claimed if each.kind == "none" else None) for each in one.outcomes
    )
    return changed


def test_a_claim_is_shown_with_the_budget_it_was_made_for(prepared):
    fig = figures.planner([with_claim(prepared[0])], planning.KINDS)
    (claim,) = fig.layout.meta["planner"]["entries"][0]["claims"]
    assert claim == {"kind": "none", "at": 0, "shape": [9, 41], "product": 369, "loss": [0.001, -0.001, 0.003]}
    star = next(trace for trace in fig.data if trace.name == "claimed in the paper")
    assert (list(star.x), list(star.y)) == ([9], [41])


def test_tied_shapes_are_drawn_without_what_lies_between(prepared):
    """The runs hold exactly the tied shapes: no shape that the pairs tell from the best lies inside a stroke."""
    for one in prepared:
        for outcome in one.outcomes:
            runs = planner_data.state(one.plan.shapes, outcome)["tied"]
            shapes = one.plan.shapes
            drawn = [((shapes["layers"] == h) & shapes["width"].between(low, high)).to_numpy() for h, low, high in runs]
            assert (np.sum(drawn, axis=0) == outcome.choice.tied).all()
    tied = np.isin(np.arange(len(shapes)), [0, 1, 3])
    first = shapes["width"].iloc[:4].tolist()
    assert planner_data._runs(shapes, tied) == [[2, first[0], first[1]], [2, first[3], first[3]]]


def test_the_budget_line_is_the_last_affordable_width(prepared):
    one = prepared[0]
    outcome = next(each for each in one.outcomes if each.kind == "product")
    x, y = planner_data.state(one.plan.shapes, outcome)["line"]
    assert all(h * d <= outcome.budget < h * (d + 1) for h, d in zip(x, y, strict=True))


def cut_grid():
    whole = grid("cut", "HR@10", (4, 20))
    points = whole.points[(whole.points["layers"] < 16) | (whole.points["width"] < 40)]
    (one,) = choices.prepare([planning.Grid("cut", "HR@10", points, 500, 50)], ["log-quadratic"], resamples=50)
    return one


def test_unmeasured_corners_stay_empty():
    one = cut_grid()
    _, _, z = figures.surface(one)
    assert np.isnan(z[-1][-1])
    assert np.isfinite(z[0][0])
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
    show(figures.promised_and_measured(table), points=4)
    show(figures.promised_and_measured(table.assign(measured=0.12)), points=4 + 2)
    partly = table.assign(measured=[0.12 if h == 1 else np.nan for h in table["layers"]])
    show(figures.promised_and_measured(partly, "hr@10"), points=4 + 1)


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


def check_keyboard(page, one):
    """The slider moves by arrows; a budget that is none gets one sentence and changes nothing."""
    levels = [outcome for outcome in one.outcomes if outcome.kind == "product"]
    slider, shown = page.locator(".planner-bar input[type=range]"), page.locator(".planner-bar output")
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    check_numbers(page, one, levels[1])
    page.keyboard.press("Shift+Tab")
    for typed, said in (("-3", "-3"), ("", "empty or no number")):
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        page.keyboard.type(typed)
        assert shown.inner_text() == f"The budget is {said}; it must be a number above 0."
        check_numbers(page, one, levels[1])


TRACE = "(k) => { const trace = document.querySelector('.recscale-plot').data[k]; return [trace.x, trace.y]; }"
READ = """({entries}) => {
  const plan = window.plan, { surface, choice } = recscale.plannerData;
  return plan.entries.map((entry) => ({
    surface: surface(entry, plan.grids[entry.at]),
    choices: Object.entries(entry.states).flatMap(([kind, all]) => all.map((_, at) => choice(plan, entry, kind, at))),
  }));
}"""


def bars(one, outcome) -> list[list[float]]:
    """Lengths of the bars: from the rounded interval, cut at the measured shapes that share the other axis."""
    found, shapes = [], one.plan.shapes
    for axis, other in (("layers", "width"), ("width", "layers")):
        best = getattr(outcome.choice, axis)
        low, high = (round(end) for end in getattr(outcome.choice, f"{axis}_interval"))
        line = shapes.loc[shapes[other] == getattr(outcome.choice, other), axis]
        free = outcome.limits[axis] is choices.Limit.FREE
        ends = [max(best - max(low, line.min()), 0), max(min(high, line.max()) - best, 0)]
        found.append(ends if free else [0, 0])
    return found


@pytest.mark.browser
def test_the_script_reads_every_choice_and_computes_every_surface(prepared, open_page):
    """What the page reads is what Python knows, for every choice; surfaces and bars agree to 1e-9."""
    outside = choices.prepare([grid("one", "HR@10", (4, 20))], ["performance-law-outside"], resamples=20)
    every = [with_claim(prepared[0]), *prepared[1:], cut_grid(), *outside]
    plan = figures.planner(every, planning.KINDS).layout.meta["planner"]
    page = open_page("", ("planner-data.js",))
    page.evaluate("(plan) => { window.plan = plan; }", plan)
    for read, one in zip(page.evaluate(READ, {"entries": len(every)}), every, strict=True):
        x, y, z = figures.surface(one)
        for found, expected in ((read["surface"]["x"], x), (read["surface"]["y"], y)):
            np.testing.assert_allclose(found, expected, rtol=1e-9)
        shown = np.array([[np.nan if value is None else value for value in row] for row in read["surface"]["z"]])
        np.testing.assert_allclose(shown, z, rtol=0, atol=1e-9)
        for found, outcome in zip(read["choices"], one.outcomes, strict=True):
            assert found.pop("error") == bars(one, outcome)
            claimed = found.pop("claimed") or {}
            expected = planner_data.state(one.plan.shapes, outcome)
            assert {key: claimed[key] for key in ("shape", "product", "loss") if claimed} == (
                expected.pop("claimed") or {}
            )
            assert found == expected


@pytest.mark.browser
@pytest.mark.slow
def test_the_menus_show_the_computed_choice(fig, prepared, open_page):
    page = open_page(show(fig, points=len(CELLS)).to_html(), SCRIPTS, 390, plotly=True)
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
                best, tied = (page.evaluate(TRACE, number) for number in (6, 1))
                assert best == [[outcome.choice.layers], [outcome.choice.width]]
                assert tied == figures.strokes(planner_data.state(one.plan.shapes, outcome)["tied"])
                check_numbers(page, one, outcome)
                if kind != "none":
                    spoken = slider.get_attribute("aria-valuetext")
                    assert spoken == f"{planning.KINDS[kind]} {outcome.budget:,.0f}"
    check_typed(page, prepared[-1])
    check_keyboard(page, prepared[-1])
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
