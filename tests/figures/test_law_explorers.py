"""The two explorers of laws: what they carry, and their pages driven by mouse and keyboard with the numbers checked."""

import json
import re
import shlex

import numpy as np
import pandas as pd
import pytest

from recscale import cli, laws
from recscale.book.assets import SCRIPTS
from recscale.figures import law_explorers
from recscale.figures.law_explorers import Example

PATIENCE = 120_000  # ms, for a busy machine
POINTS = pd.DataFrame({"size": [1e3, 3e3, 1e4, 3e4, 1e5, 3e5], "loss": [0.61, 0.57, 0.545, 0.52, 0.508, 0.5]})
BOTH = pd.concat([POINTS.assign(run="a b"), POINTS.assign(run="c", loss=POINTS["loss"] ** 1.5)], ignore_index=True)
EXAMPLES = [
    Example("one", POINTS, "power-law", ("size",), "loss", 2),
    Example("two runs", BOTH, "power-law-floor", ("size",), "loss", by="run"),
]


def test_the_registry_holds_every_law_and_its_search():
    entries = law_explorers.registry()
    assert {entry["name"] for entry in entries} == set(laws.LAWS)
    json.dumps(entries, allow_nan=False)
    for entry in entries:
        law = laws.get(entry["name"])
        if law.any_variables is None:
            assert [p["name"] for p in entry["linear"]] == [p.name for p in law.linear]
            for given, parameter in zip(entry["nonlinear"], law.nonlinear, strict=True):
                assert given["nodes"] is None if callable(parameter.nodes) else given["nodes"] == list(parameter.nodes)
            assert [c["values"] for c in entry["constants"]] == [list(c.values) for c in law.grid_constants]
    sizes = [len(entry["variables"]) for entry in entries if entry["name"] == "log-linear"]
    assert sizes == list(range(1, law_explorers.MOST_COLUMNS + 1))


def test_every_example_can_be_fitted_as_it_opens():
    for one in law_explorers.example_tables():
        rows = one.points[one.points[one.by] == one.points[one.by].iloc[0]] if one.by else one.points
        laws.fit(one.law, rows[list(one.x)], rows[one.y], hold_out_largest=one.hold_out)


def test_what_the_page_says_of_floors_is_so():
    """Our ladder allows a floor of 0.51 nats for a tenth more; half a percent costs more than fourfold on Wukong's."""
    sets = {one["title"]: one for one in law_explorers.law_explorer().content["sets"]}

    def rise(title, floor):
        one = sets[title]
        fit = laws.fit("power-law-floor", one["x"], one["y"], hold_out_largest=one["hold_out"])
        return fit.profile("E", floor(fit.parameters["E"]))["objective"][0] / fit.objective

    ours = "Our ladder, MovieLens-1M"
    assert 1 <= rise(ours, lambda E: 0.505) < 1.1 < rise(ours, lambda E: 0.515)
    assert rise("Wukong, Table 5, task 1", lambda E: 0.995 * E) > 4


@pytest.fixture
def fitting(open_page):
    page = open_page(law_explorers.fit_points(EXAMPLES)._repr_html_(), SCRIPTS["fit-points"], width=390)
    page.set_default_timeout(PATIENCE)
    page.wait_for_selector(".explorer-home")
    return page


def control(page, name: str):
    """The menu or field whose label begins with ``name``."""
    label = page.locator("label", has=page.locator("span", has_text=re.compile(f"^{name}( |$)")))
    return label.locator("select, input")


def table(page, number: int) -> dict[str, list[str]]:
    """A results table: first cell of a row -> the others."""
    rows = page.locator(".explorer-results .explorer-table").nth(number).locator("tbody tr")
    cells = [rows.nth(k).locator("th, td").all_inner_texts() for k in range(rows.count())]
    return {first: rest for first, *rest in cells}


def number(text: str) -> float:
    """A number as the page writes it."""
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    front, power = re.fullmatch(r"(?:(-?[\d.]+)(?: · )?)?(?:10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", text).groups()
    return float(front or 1) * 10 ** int((power or "0").translate(raised))


def check_shown(page, fit: laws.Fit) -> None:
    shown = table(page, 0)
    for name, value in fit.parameters.items():
        assert number(shown[name][0]) == pytest.approx(value, rel=1e-5)
        low, high = shown[name][1].split(" to ")
        assert (number(low), number(high)) == pytest.approx(fit.intervals[name], rel=1e-4, abs=1e-5)
    quality = table(page, 1)
    assert number(quality["R²"][0]) == pytest.approx(fit.r2, rel=1e-5)
    page.wait_for_function("() => !document.querySelector('.explorer-tables').textContent.includes('…')")
    error = number(table(page, 1)["RMSE, each size from the others"][0])
    assert error == pytest.approx(fit.leave_one_size_out_rmse, rel=1e-5)
    if fit.held_out:
        held = table(page, 2)
        assert number(held["this law"][0].removesuffix(" (best)")) == pytest.approx(fit.held_out["rmse"], rel=1e-5)
        no_gain = held["no further gain"][0].removesuffix(" (best)")
        assert number(no_gain) == pytest.approx(fit.held_out["rmse_no_further_gain"], rel=1e-5)


@pytest.mark.browser
def test_an_example_opens_fitted_and_another_follows_by_keyboard(fitting):
    fit = laws.fit("power-law", POINTS[["size"]], POINTS["loss"], hold_out_largest=2)
    check_shown(fitting, fit)
    assert fitting.locator(".explorer-charts svg").first.locator("circle").count() == len(POINTS)
    fitting.locator(".explorer-form select").first.focus()
    fitting.keyboard.press("ArrowDown")
    fitting.wait_for_function("() => document.querySelector('[role=status]').textContent.startsWith('power-law-floor')")
    check_shown(fitting, laws.fit("power-law-floor", POINTS[["size"]], POINTS["loss"]))
    assert fitting.evaluate("() => document.documentElement.scrollWidth") <= 390


@pytest.mark.browser
def test_a_pasted_table_is_fitted_by_enter(fitting):
    fitting.locator("textarea").fill(
        "a\tb\ty\n" + "\n".join(f"{a}\t{b}\t{3 - a * b / 9}" for a in (1, 2, 3) for b in (1, 2, 4))
    )
    control(fitting, "law").select_option("log-linear")
    control(fitting, "x1").select_option("a")
    control(fitting, "x2").select_option("b")
    control(fitting, "y").select_option("y")
    control(fitting, "loss").select_option("huber")
    control(fitting, "hold out").fill("1")
    fitting.keyboard.press("Enter")
    fitting.wait_for_function("() => document.querySelector('[role=status]').textContent.startsWith('log-linear, 8')")
    points = pd.DataFrame([(a, b, 3 - a * b / 9) for a in (1, 2, 3) for b in (1, 2, 4)], columns=["a", "b", "y"])
    check_shown(fitting, laws.fit("log-linear", points[["a", "b"]], points["y"], loss="huber", hold_out_largest=1))


@pytest.mark.browser
@pytest.mark.parametrize("example", range(len(EXAMPLES)))
def test_downloads_and_the_line_give_the_same_numbers(fitting, tmp_path, capsys, monkeypatch, example):
    """The line shown is run on the file downloaded; its JSON is the page's."""
    fitting.locator(".explorer-form select").first.select_option(str(example))
    fitting.wait_for_function(
        f"() => document.querySelector('.explorer-home code').textContent.includes('{EXAMPLES[example].law} ')"
    )
    fitting.wait_for_function("() => !document.querySelector('.explorer-tables').textContent.includes('…')")
    monkeypatch.chdir(tmp_path)
    for name in ("Download points.csv", "Download the fit (JSON)"):
        with fitting.expect_download() as caught:
            fitting.get_by_role("button", name=name).click()
        caught.value.save_as(tmp_path / f"page-{caught.value.suggested_filename}")
    (tmp_path / "page-points.csv").rename(tmp_path / "points.csv")
    program, *arguments = shlex.split(fitting.locator(".explorer-home code").inner_text())
    assert program == "recscale"
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    (shown,), (expected, *_) = (json.loads((tmp_path / name).read_text()) for name in ("page-fit.json", "fit.json"))
    for key in shown.keys() - {"flags"}:
        same(shown[key], expected[key])
    assert shown.keys() - {"flags"} == expected.keys() - {"warnings"}


def same(shown, expected) -> None:
    if isinstance(expected, dict):
        assert list(shown) == list(expected)
        for key in expected:
            same(shown[key], expected[key])
    elif isinstance(expected, list):
        for one, other in zip(shown, expected, strict=True):
            same(one, other)
    else:
        assert shown == (expected if isinstance(expected, str | None) else pytest.approx(expected, rel=1e-6))


WRONG = {
    "size;loss\n1;0,5\n2;0,4": "semicolons",
    'size,loss\n1,"0,5"\n2,0.4\n3,0.3': "row 1 has “0,5”; write it with a point",
    "size,loss\n1,0.5\n2,?\n3,0.3": "row 2 has “?”",
    "size,loss\n1,0.5\n2,\n3,\n4,1": "row 2 has an empty cell (2 such rows)",
    "size,loss\n1,0.5\n2,0.4,7": "line 3 has 3 cells, its header 2",
    "size,loss\n-1,0.5\n2,0.4\n3,0.3": "size has 1 value(s) that are not positive",
    "size,loss\n1,0.5": "can't hold out",
    "size,loss": "no rows",
    "1,2\n3,4": "must name the columns",
    "size,size\n1,2": "more than one column “size”",
    "loss\n1\n2\n3": "named more than once",
    "": "empty",
}


@pytest.mark.browser
def test_bad_input_gets_one_clear_sentence(fitting):
    for text, says in WRONG.items():
        fitting.locator("textarea").fill(text)
        fitting.get_by_role("button", name="Fit", exact=True).click()
        fitting.wait_for_function("() => document.querySelector('[role=alert]').textContent !== ''")
        fitting.wait_for_function("() => !document.querySelector('[aria-busy]')")
        sentence = fitting.locator("[role=alert]").inner_text()
        assert says.lower() in sentence.lower(), (text, sentence)
        assert sentence.endswith(".")
        assert fitting.locator(".explorer-results").inner_text() == ""
    fitting.locator("textarea").fill(POINTS.to_csv(index=False))
    fitting.get_by_role("button", name="Fit", exact=True).click()
    fitting.wait_for_selector(".explorer-home")
    assert fitting.locator("[role=alert]").inner_text() == ""


def numbers_of(page) -> dict[str, float]:
    rows = page.locator(".law-numbers div")
    pairs = zip(rows.locator("dt").all_inner_texts(), rows.locator("dd").all_inner_texts(), strict=True)
    return {name: number(value) for name, value in pairs}


@pytest.fixture
def dragged(open_page):
    page = open_page(law_explorers.law_explorer()._repr_html_(), SCRIPTS["law"], width=390)
    page.set_default_timeout(PATIENCE)
    page.wait_for_selector(".law-numbers div")
    return page


def rmse(values) -> float:
    return float(np.sqrt(np.mean(np.asarray(values) ** 2)))


@pytest.mark.browser
def test_the_law_follows_the_keyboard_and_what_is_typed(dragged):
    one = law_explorers.law_explorer().content["sets"][2]
    dragged.locator("select").first.select_option("2")
    x, y = np.array(one["x"]), np.array(one["y"])
    fit = laws.fit("power-law-floor", x, y, hold_out_largest=2)
    order = np.argsort(x)
    fitted, unseen = order[:-2], order[-2:]
    shown = numbers_of(dragged)
    assert shown["objective ÷ its least"] == 1
    assert shown["A at x = 1"] == pytest.approx(fit.parameters["A"], rel=1e-4)
    assert shown["RMSE at held-out sizes (2)"] == pytest.approx(fit.held_out["rmse"], rel=1e-4)
    assert shown["no further gain"] == pytest.approx(fit.held_out["rmse_no_further_gain"], rel=1e-4)

    slider = dragged.get_by_label("exponent α", exact=True)
    slider.focus()
    for _ in range(40):
        dragged.keyboard.press("ArrowRight")
    alpha = float(dragged.get_by_label("exponent α, typed").input_value())
    assert alpha > fit.parameters["α"] * 1.05
    centre = np.median(x[fitted])
    law = fit.parameters["E"] + fit.parameters["A"] * centre ** -fit.parameters["α"] * (x / centre) ** -alpha
    shown = numbers_of(dragged)
    assert shown["RMSE, fitted"] == pytest.approx(rmse((y - law)[fitted]), rel=1e-3)
    assert shown["RMSE at held-out sizes (2)"] == pytest.approx(rmse((y - law)[unseen]), rel=1e-3)
    assert float(slider.get_attribute("aria-valuetext")) == pytest.approx(alpha, rel=1e-4)

    typed = dragged.get_by_label("floor E, typed")
    typed.fill("99.1")
    typed.press("Enter")
    assert numbers_of(dragged)["RMSE, fitted"] == pytest.approx(
        rmse((y - law + fit.parameters["E"] - 99.1)[fitted]), rel=1e-3
    )
    dragged.get_by_role("button", name="Reset to the fit").click()
    assert numbers_of(dragged)["objective ÷ its least"] == 1


@pytest.mark.browser
def test_with_the_others_refitted_a_moved_number_traces_its_profile(dragged):
    one = law_explorers.law_explorer().content["sets"][0]
    fit = laws.fit("power-law-floor", one["x"], one["y"], hold_out_largest=2)
    dragged.get_by_label("refit the others").check()
    typed = dragged.get_by_label("floor E, typed")
    for floor in (0.2, 0.5):
        typed.fill(str(floor))
        typed.press("Enter")
        ratio = fit.profile("E", floor)["objective"][0] / fit.objective
        assert numbers_of(dragged)["objective ÷ its least"] == pytest.approx(ratio, rel=1e-4)
    typed.fill("-1")
    typed.press("Enter")
    assert "from 0 on" in dragged.locator(".explorer-message").inner_text()
    dragged.get_by_label("largest sizes held out").fill("40")
    dragged.keyboard.press("Enter")
    assert dragged.locator(".explorer-message").inner_text().startswith("Hold out 0 to ")
    assert dragged.evaluate("() => document.documentElement.scrollWidth") <= 390
