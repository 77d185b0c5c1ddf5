"""Every built page in a real browser with the network cut off: figures drawn, formulas set, nothing to complain about.

Runs on the book in ``_build/html``. Without a Chromium or a built book it is skipped, under ``CI=true`` it fails.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from recscale.book.dataset_pages import dataset_pages
from recscale.book.execute import Layout, chapters, pages

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAYOUT = Layout()
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-angle=swiftshader",  # 3D figures need WebGL; this one draws it on the CPU
    "--enable-unsafe-swiftshader",
]
OPEN_ALL = """() => {
  document.querySelectorAll('details').forEach((element) => { element.open = true; });
  document.querySelectorAll('.toggle-hidden > .admonition-title').forEach((title) => title.click());
}"""
ALL_DRAWN = """() => [...document.querySelectorAll('.recscale-plot')].every((plot) => plot.dataset.drawn === 'yes')"""
FIGURES = """() => [...document.querySelectorAll('figure.recscale-figure')].map((figure) => {
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


@dataclass
class Watched:
    """A page and everything it complained about or tried to fetch."""

    page: object
    complaints: list[str] = field(default_factory=list)


def unavailable(reason: str):
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    if not (LAYOUT.html / "index.html").exists():
        unavailable("there is no built book; `make book` makes one")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        unavailable("there is no Chromium on the path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def opened(browser):
    """Open a page at a width, offline; gives it once all figures are drawn, also those in folded solutions."""
    contexts = []

    def open_page(name: str, width: int) -> Watched:
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.on("console", lambda m: watched.complaints.append(m.text) if m.type == "error" else None)
        watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        watched.page.on(
            "request", lambda r: watched.complaints.append(f"wants {r.url}") if r.url.startswith("http") else None
        )
        watched.page.goto((LAYOUT.html / f"{name}.html").as_uri())
        watched.page.evaluate(OPEN_ALL)
        watched.page.wait_for_function(ALL_DRAWN, timeout=60_000)
        watched.page.wait_for_function("() => !window.MathJax || !MathJax.startup || !!MathJax.startup.promise")
        watched.page.evaluate("() => window.MathJax && MathJax.startup ? MathJax.startup.promise.then(() => 1) : 1")
        return watched

    yield open_page
    for context in contexts:
        context.close()


def test_the_book_is_built_from_these_sources(browser):
    built = {path.relative_to(LAYOUT.html).with_suffix("").as_posix() for path in LAYOUT.html.rglob("*.html")}
    assert set(pages(LAYOUT)) <= built


@pytest.mark.parametrize("name", pages(LAYOUT))
def test_page_on_a_screen(opened, name):
    watched = opened(name, 1280)
    figures = watched.page.evaluate(FIGURES)
    assert bool(figures) == (name in [*chapters(LAYOUT), *dataset_pages()])
    for figure in figures:
        assert figure["width"] > 300, figure
        assert figure["traces"] == figure["given"] > 0, figure
        assert figure["marks"] > 0, figure
    assert watched.page.evaluate(FORMULAS) == {"unset": [], "wrong": []}
    watched.page.evaluate("() => { document.documentElement.dataset.theme = 'light'; }")
    watched.page.wait_for_timeout(300)
    light = watched.page.evaluate(FIGURES)
    watched.page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    watched.page.wait_for_timeout(300)
    for before, after in zip(light, watched.page.evaluate(FIGURES), strict=True):
        assert before["text"] != after["text"], f"{before['name']} keeps its colours in dark mode"
        assert after["panel"] == "rgba(0, 0, 0, 0)", f"{after['name']} sits on a light panel in dark mode"
    assert watched.complaints == []


@pytest.mark.parametrize("name", pages(LAYOUT))
def test_page_on_a_phone(opened, name):
    watched = opened(name, 390)
    assert watched.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    for figure in watched.page.evaluate(FIGURES):
        assert 300 < figure["width"] <= 390, figure
    assert watched.complaints == []


def test_one_search_field(opened):
    page = opened(Path(pages(LAYOUT)[0]).name, 1280).page
    fields = page.locator("input[type=search]:visible, .search-button-field:visible")
    assert fields.count() == 1
