"""Controls of figures in the page: HTML instead of Plotly's menus and sliders, legends by keyboard, descriptions."""

import numpy as np
import pytest

from recscale.figures import base, show
from recscale.figures.controls import buttons, dropdown, slider, switch

SCRIPTS = ("figure-controls.js", "figures.js")
X = np.array([1.0, 2, 3])
VISIBLE = "() => document.querySelector('.recscale-plot')._fullData.map((trace) => trace.visible)"


def test_a_switch_shows_one_owner_and_what_belongs_to_none():
    fig = base.line(drawn_figure(), X, X, "both")
    switch(fig, ["one", "two", None], dropdown, str.upper, {"two": {"yaxis.title.text": "cubes"}})
    assert [trace.visible for trace in fig.data] == [True, False, True]
    menu = fig.layout.updatemenus[0]
    assert [choice.label for choice in menu.buttons] == ["ONE", "TWO"]
    assert list(menu.buttons[1].args) == [{"visible": [False, True, True]}, {"yaxis.title.text": "cubes"}]


def drawn_figure():
    fig = base.figure("Two models", x="size", y="loss", log_x=True)
    base.points(fig, X, X**2, "first")
    base.points(fig, X, X**3, "second", visible=False)
    return fig


@pytest.fixture
def draw(open_page):
    def drawn(fig, width: int = 1280):
        page = open_page(show(fig, points=6).to_html(), SCRIPTS, width, plotly=True)
        page.wait_for_function("() => document.querySelector('.recscale-plot').dataset.drawn === 'yes'")
        return page

    return drawn


CHOICES = [("one", {"visible": [True, False]}, {}), ("two", {"visible": [False, True]}, {"yaxis.title.text": "cubes"})]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_buttons_are_html_and_work_by_mouse_and_keyboard(draw, width):
    page = draw(buttons(drawn_figure(), CHOICES), width)
    assert page.locator(".updatemenu-container").count() == 0
    group = page.get_by_role("group", name="Two models").first
    one, two = (group.get_by_role("button", name=name, exact=True) for name in ("one", "two"))
    two.click()
    assert page.evaluate(VISIBLE) == [False, True]
    assert two.get_attribute("aria-pressed") == "true"
    one.focus()
    page.keyboard.press("Enter")
    assert page.evaluate(VISIBLE) == [True, False]
    assert [button.get_attribute("aria-pressed") for button in (one, two)] == ["true", "false"]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_a_dropdown_is_a_list_and_a_slider_a_range(draw):
    page = draw(dropdown(drawn_figure(), CHOICES))
    select = page.get_by_role("combobox", name="Two models")
    select.select_option(label="two")
    assert page.evaluate(VISIBLE) == [False, True]
    select.focus()
    page.keyboard.press("ArrowUp")
    assert page.evaluate(VISIBLE) == [True, False]

    page = draw(slider(drawn_figure(), "decades: ", CHOICES))
    assert page.locator(".slider-container").count() == 0
    handle = page.get_by_role("slider", name="decades")
    assert handle.get_attribute("aria-valuetext") == "one"
    handle.focus()
    page.keyboard.press("ArrowRight")
    assert handle.get_attribute("aria-valuetext") == "two"
    assert page.locator(".figure-slider output").inner_text() == "decades: two"
    assert page.evaluate(VISIBLE) == [False, True]


@pytest.mark.browser
def test_the_legend_is_reached_and_used_by_keyboard(draw):
    fig = drawn_figure()
    fig.data[1].visible = True
    page = draw(fig)
    toggles = page.locator(".legendtoggle")
    assert [t.get_attribute("aria-label") for t in toggles.all()] == ["first", "second"]
    assert [t.get_attribute("tabindex") for t in toggles.all()] == ["0", "-1"]
    toggles.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.recscale-plot')._fullData[1].visible === 'legendonly'")
    page.wait_for_function(
        "() => document.querySelectorAll('.legendtoggle')[1].getAttribute('aria-checked') === 'false'"
    )
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "second"
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('.recscale-plot')._fullData[1].visible === true")


@pytest.mark.browser
def test_the_description_holds_axes_and_the_series_that_are_shown(draw):
    page = draw(buttons(drawn_figure(), CHOICES))
    plot = page.locator(".recscale-plot")
    assert plot.get_attribute("role") == "group", "an image can hold no buttons"
    image = plot.locator("svg[role=img]")
    assert image.count() == 1
    spoken = image.get_attribute("aria-label")
    assert spoken.startswith("Two models. size: ")
    assert "(log)" in spoken
    assert "first (3; x 1 to 3; y 1 to 9)" in spoken
    assert "second" not in spoken
    page.get_by_role("button", name="two", exact=True).click()
    page.wait_for_function(
        "() => document.querySelector('svg[role=img]').getAttribute('aria-label').includes('second')"
    )
    spoken = image.get_attribute("aria-label")
    assert "cubes: " in spoken
    assert "second (3; x 1 to 3; y 1 to 27)" in spoken


@pytest.mark.browser
def test_no_control_sends_data_away(draw):
    page = draw(drawn_figure())
    labels = page.locator(".modebar-btn").evaluate_all("(all) => all.map((one) => one.getAttribute('aria-label'))")
    assert labels
    assert not [label for label in labels if "cloud" in label.lower() or "studio" in label.lower()]
    assert page.locator(".modebar-btn").evaluate_all("(all) => all.every((one) => one.tagName === 'BUTTON')")
