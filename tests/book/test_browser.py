"""Every built page in a real browser with the network cut off: at three widths, light and dark.

Figures are drawn and recoloured, formulas set, nothing scrolls sideways, axe finds nothing serious, and the page
neither complains nor asks for anything from elsewhere. One load of a page serves both themes and all widths; a second
one, on a phone, is there because figures are drawn differently on one.
"""

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from recscale.book.execute import chapters, pages

from .browsing import LAYOUT, WIDTHS, built_pages, opened

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIGURES = """() => [...document.querySelectorAll('figure.recscale-figure:has(.recscale-plot)')].map((figure) => {
  const plot = figure.querySelector('.recscale-plot'), drawing = figure.querySelector('svg.main-svg');
  const given = JSON.parse(figure.querySelector('script').textContent);
  const marks = '.trace path, .points path, .point path, .heatmaplayer image, .contourlayer path, canvas, .table';
  const label = plot.querySelector('.xtick text, .ytick text, .gtitle, .legendtext');
  return {
    name: figure.dataset.figure, width: drawing ? drawing.getBoundingClientRect().width : 0,
    traces: plot.data ? plot.data.length : 0, given: given.data.length, marks: plot.querySelectorAll(marks).length,
    text: label ? getComputedStyle(label).fill : plot._fullLayout.font.color,
    panel: getComputedStyle(figure.parentElement).backgroundColor,
  };
})"""
FORMULAS = """() => ({
  unset: [...document.querySelectorAll('.math.notranslate:not(:has(mjx-container))')].map((e) => e.textContent),
  wrong: [...document.querySelectorAll('mjx-merror')].map((e) => e.textContent),
})"""
SIDEWAYS = """() => {
  const wide = [], root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) wide.push(`page: ${root.scrollWidth} px in ${root.clientWidth}`);
  for (const element of document.body.querySelectorAll('*')) {
    if (element.scrollWidth <= element.clientWidth + 1 || !element.clientWidth) continue;
    if (!/auto|scroll/.test(getComputedStyle(element).overflowX)) continue;
    wide.push(`${element.tagName}.${element.className}: ${element.scrollWidth} px in ${element.clientWidth}: ` +
      element.textContent.trim().slice(0, 60));
  }
  return wide;
}"""
SERIOUS = """() => axe.run({resultTypes: ['violations'], preload: false}).then(({violations}) => violations
  .filter(({impact}) => impact === 'serious' || impact === 'critical')
  .flatMap(({id, nodes}) => nodes.map(({html, any}) => `${id}: ${html.slice(0, 160)} ${any[0]?.message}`)))"""
THEME = "(theme) => { document.documentElement.dataset.theme = theme; }"
PAGES = built_pages()


def resized(page, width: int) -> None:
    """The page at another width, its figures, tables and formulas fitted to it."""
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 250)))")


def test_the_book_is_built_from_these_sources(browser):
    assert set(pages(LAYOUT)) <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_page(browser, name):
    with opened(browser, name, WIDTHS[0]) as watched:
        page = watched.page
        figures = page.evaluate(FIGURES)
        assert figures or name not in chapters(LAYOUT)
        for figure in figures:
            assert figure["width"] > 300, figure
            assert figure["traces"] == figure["given"] > 0, figure
            assert figure["marks"] > 0, figure
        assert page.evaluate(FORMULAS) == {"unset": [], "wrong": []}
        page.evaluate(AXE_FILE_PATH.read_text(encoding="utf-8"))
        found, looks = {}, {}
        for theme in ("light", "dark"):
            page.evaluate(THEME, theme)
            page.wait_for_timeout(300)
            looks[theme] = page.evaluate(FIGURES)
            found[theme] = page.evaluate(SERIOUS)
        for light, dark in zip(looks["light"], looks["dark"], strict=True):
            assert light["text"] != dark["text"], f"{light['name']} keeps its colours in dark mode"
            assert dark["panel"] == "rgba(0, 0, 0, 0)", f"{dark['name']} sits on a light panel in dark mode"
        wide = {}
        for width in WIDTHS:
            resized(page, width)
            wide[width] = page.evaluate(SIDEWAYS)
        assert found == {"light": [], "dark": []}
        assert wide == {width: [] for width in WIDTHS}
        assert watched.complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_page_on_a_phone(browser, name):
    with opened(browser, name, 390) as watched:
        for figure in watched.page.evaluate(FIGURES):
            assert 290 < figure["width"] <= 390, figure
        assert watched.page.evaluate(SIDEWAYS) == []
        assert watched.complaints == []


def test_one_search_field(browser):
    with opened(browser, PAGES[0], 1280) as watched:
        fields = watched.page.locator("input[type=search]:visible, .search-button-field:visible")
        assert fields.count() == 1
