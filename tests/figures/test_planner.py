"""The planner's figures draw their tables, and the page's script shows what was computed."""

import json
import shutil
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import shape_planning as planning
from recscale.figures import planner as figures
from recscale.figures import show
from recscale.settings import BOOK

CELLS = [(h, d) for h in (2, 4, 8, 16) for d in (10, 20, 40, 80)]


def grid(title, metric, peak):
    points = pd.DataFrame(CELLS, columns=["layers", "width"])
    noise = np.random.default_rng(0).normal(0, 1e-3, len(points))
    bend = 0.02 * np.log(points["layers"] / peak[0]) ** 2 + 0.03 * np.log(points["width"] / peak[1]) ** 2
    return planning.Grid(title, metric, points.assign(value=0.3 - bend + noise), 500, 50)


@pytest.fixture(scope="module")
def prepared():
    return planning.prepare([grid("one", "HR@10", (4, 20)), grid("two", "HR@10", (8, 40))], resamples=50)


@pytest.fixture(scope="module")
def fig(prepared):
    return figures.planner(prepared, [("two", 9, 41)])


def test_the_figure_carries_every_choice(fig, prepared):
    show(fig, points=len(CELLS))
    plan = fig.layout.meta["planner"]
    assert [(e["grid"], e["law"]) for e in plan["entries"]] == [
        (g, law) for g in ("one", "two") for law in planning.LAW_NAMES.values()
    ]
    for entry, one in zip(plan["entries"], prepared, strict=True):
        states = [state for states in entry["kinds"].values() for state in states]
        assert [state["best"] for state in states] == [[c.layers, c.width] for _, _, c in one.choices]
    first, claimed = plan["entries"][0]["kinds"], plan["entries"][2]["kinds"]
    assert first["none"][0]["claim"] == [[None], [None]]
    assert claimed["none"][0]["claim"] == [[9], [41]]
    bound = [state["claim"] for kind, states in claimed.items() if kind != "none" for state in states]
    assert bound
    assert all(star == [[None], [None]] for star in bound), "the claim was made for no such budget"
    json.dumps(plan, allow_nan=False)


def test_the_region_is_closed_and_holds_only_flat_shapes(prepared):
    one = prepared[0]
    for kind, budget, choice in one.choices:
        x, y = figures._state(one, kind, budget, choice)["flat"]
        flat = set(one.plan.shapes[choice.flat].itertuples(index=False, name=None))
        assert set(zip(x, y, strict=True)) <= flat
        assert (x[0], y[0]) == (x[-1], y[-1])


def test_the_budget_line_is_the_last_affordable_width(prepared):
    one = prepared[0]
    kind, budget, choice = next(entry for entry in one.choices if entry[0] == "product")
    x, y = figures._state(one, kind, budget, choice)["line"]
    assert all(h * d <= budget < h * (d + 1) for h, d in zip(x, y, strict=True))


def test_unmeasured_corners_stay_empty():
    cut = grid("cut", "HR@10", (4, 20))
    points = cut.points[(cut.points["layers"] < 16) | (cut.points["width"] < 40)]
    (one,) = planning.prepare([planning.Grid("cut", "HR@10", points, 500, 50)], ["log-quadratic"], resamples=50)
    entry = figures.planner([one]).layout.meta["planner"]["entries"][0]
    assert entry["z"][-1][-1] is None
    assert entry["z"][0][0] is not None
    assert one.plan.shapes.query("layers > 8")["width"].max() == 20


def test_certainty_marks_the_ends_of_the_range(prepared):
    table = planning.agreement(prepared)
    table.loc[0, "layers_edge"] = True
    fig = figures.certainty(table)
    show(fig, points=2 * len(table))
    assert [next(iter(trace.marker.symbol)) for trace in fig.data][:2] == ["x", "circle"]


def test_claims_draw_a_point_a_row():
    rows = [(c, m, law, 1, 2, 0.001, -0.001, 0.003) for c in ("none", "layers = 2") for m in planning.METRICS
            for law in planning.LAW_NAMES]  # fmt: skip
    columns = ["constraint", "metric", "law", "claimed_layers", "claimed_width", "loss", "loss_low", "loss_high"]
    fig = figures.claims(pd.DataFrame(rows, columns=columns))
    show(fig, points=len(rows))
    assert list(fig.layout.yaxis.ticktext) == ["(1, 2)<br>global", "(1, 2)<br>layers = 2"]


def test_verdicts_with_and_without_measurements():
    rows = [(h, 8, m, law, 0.1, 0.05, 0.15) for h in (1, 2) for m in ("ndcg@10", "hr@10") for law in planning.LAW_NAMES]
    table = pd.DataFrame(rows, columns=["layers", "width", "metric", "law", "predicted", "low", "high"])
    show(figures.verdicts(table), points=4)
    show(figures.verdicts(table.assign(measured=0.12)), points=4 + 2)
    partly = table.assign(measured=[0.12 if h == 1 else np.nan for h in table["layers"]])
    show(figures.verdicts(partly, "hr@10"), points=4 + 1)


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
        menus = page.locator(".planner-bar select")
        for one in prepared:
            menus.nth(0).select_option(one.grid.title)
            menus.nth(2).select_option(planning.LAW_NAMES[one.law])
            for kind in dict.fromkeys(kind for kind, _, _ in one.choices):
                menus.nth(3).select_option(kind)
                for level, (_, _, choice) in enumerate([entry for entry in one.choices if entry[0] == kind]):
                    if page.locator(".planner-bar input").is_enabled():
                        page.locator(".planner-bar input").fill(str(level))
                    shown = page.evaluate("() => { const t = document.querySelector('.recscale-plot').data[6]; "
                                          "return [t.x[0], t.y[0]]; }")  # fmt: skip
                    assert shown == [choice.layers, choice.width]
                    words = page.locator(".planner-words").inner_text()
                    assert words == planning.summary(choice, one.grid.metric, planning.edges(one, choice))
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
        assert complaints == []
        browser.close()
