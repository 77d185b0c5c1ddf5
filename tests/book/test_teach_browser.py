"""The slides and the quizzes in a real browser, without a network, by keyboard."""

import os
import re
import shutil
from collections.abc import Iterator

import pytest

from recscale.book.execute import Layout
from recscale.book.slides import make_slides, read_slides

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAYOUT = Layout()
SHOWN = """() => {
  const slide = document.querySelector('.slide.shown'), plots = [...slide.querySelectorAll('.recscale-plot')];
  return {
    id: slide.id, focused: document.activeElement === slide, drawn: plots.every((plot) => plot.dataset.drawn === 'yes'),
    plots: plots.length, marks: slide.querySelectorAll('svg.main-svg').length,
    wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  };
}"""


def unavailable(reason: str):
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        unavailable("there is no Chromium on the path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        launched = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield launched
        launched.close()


@pytest.fixture
def page(browser) -> Iterator:
    """A page whose errors and fetches fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, offline=True)
    opened, complaints = context.new_page(), []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: complaints.append(request.url) if request.url.startswith("http") else None)
    yield opened
    assert complaints == []
    context.close()


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    if not LAYOUT.executed.exists():
        unavailable("no chapter has been executed; `make book` does it")
    return make_slides(tmp_path_factory.mktemp("deck") / "slides.html", LAYOUT)


def test_every_slide_is_turned_to_by_keyboard_and_draws_its_figure(page, slides):
    written = read_slides((LAYOUT.book / "teach" / "slides.md").read_text(encoding="utf-8"))
    html = slides.read_text(encoding="utf-8")
    assert "{glue" not in re.sub(r"<script.*?</script>", "", html, flags=re.S)
    page.goto(slides.as_uri())
    for number, slide in enumerate(written, start=1):
        if slide.figure:
            page.wait_for_function("() => document.querySelector('.shown .recscale-plot').dataset.drawn === 'yes'")
        seen = page.evaluate(SHOWN)
        assert seen["id"] == f"slide-{number}"
        assert seen["plots"] == bool(slide.figure)
        assert not slide.figure or seen["marks"]
        assert not seen["wide"]
        assert page.locator("#place").inner_text() == f"{number} / {len(written)}"
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    assert page.evaluate(SHOWN)["id"] == "slide-1"
    assert page.evaluate(SHOWN)["focused"]


def test_notes_theme_and_phone(page, slides):
    page.goto(slides.as_uri() + "#2")
    assert not page.locator(".shown .note").is_visible()
    page.keyboard.press("n")
    assert page.locator(".shown .note").is_visible()
    page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("#forward").click()
    assert page.evaluate(SHOWN)["id"] == "slide-3"


def test_print_puts_every_slide_on_a_page_of_its_own(page, slides):
    page.goto(slides.as_uri())
    page.wait_for_function("""() => [...document.querySelectorAll('.recscale-plot')].every((p) => p.dataset.drawn)""")
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    assert pages == len(read_slides((LAYOUT.book / "teach" / "slides.md").read_text(encoding="utf-8")))


def test_a_quiz_answers_by_keyboard_and_to_screen_readers(page):
    built = LAYOUT.html / "planted-world.html"
    if not built.exists():
        unavailable("there is no built book; `make book` makes one")
    page.goto(built.as_uri())
    quiz = page.locator("fieldset.quiz").first
    choices, feedback = quiz.locator("input"), quiz.locator(".quiz-feedback")
    assert not any(feedback.nth(k).is_visible() for k in range(3))
    choices.first.focus()
    page.keyboard.press("Space")
    assert feedback.first.is_visible()
    assert feedback.first.get_attribute("role") == "status"
    page.keyboard.press("ArrowDown")
    assert feedback.nth(1).is_visible()
    assert not feedback.first.is_visible()
    right = quiz.locator("input[data-answer=right]")
    assert right.count() == 1
    right.check()
    assert quiz.locator(".quiz-right").count() == 1
