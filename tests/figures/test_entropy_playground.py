"""The entropy playground: its numbers against the library's, and the page driven by mouse and keyboard."""

import math

import numpy as np
import pytest

from recscale import entropy
from recscale.entropy.markov import Chain
from recscale.figures import entropy_playground

SCRIPTS = ("explorer-parts.js", "entropy.js", "entropy-playground.js")
MEASURES = """(all) => all.map(([items, m, r]) => {
  const e = recscale.entropy, n = items.length;
  return [e.approximateEntropy(items, m, r), e.sampleEntropy(items, m, r), e.realEntropy(items), e.markovRate(items),
    e.shannonEntropy(items)].map((value) => (value === Infinity ? 'inf' : Number.isNaN(value) ? 'nan' : value));
})"""
CHAINS = """(all) => all.map(([K, noise, n]) => {
  const row = recscale.entropy.cycleRow(K, noise);
  return [recscale.entropy.rate(row), recscale.entropy.shortestCode(row, n)];
})"""


def measures(items, m: int, r: float) -> list[float]:
    return [
        entropy.approximate_entropy(items, m, r),
        entropy.sample_entropy(items, m, r),
        entropy.real_entropy(items),
        entropy.markov_entropy_rate(items),
        entropy.shannon_entropy(items),
    ]


@pytest.fixture
def page(open_page):
    return open_page(entropy_playground.show_entropy_playground()._repr_html_(), SCRIPTS)


def test_without_scripts_the_examples_stand_in_a_table():
    explorer = entropy_playground.show_entropy_playground()
    table = explorer.table
    assert list(table.index) == [one["name"] for one in explorer.content["examples"]]
    assert table.loc["no item twice", "real entropy S"] == round(math.log(entropy_playground.LENGTH), 4)
    assert table.loc["one item", "Shannon entropy H"] == 0
    assert "<table" in explorer._repr_html_()


@pytest.mark.browser
def test_entropies_equal_the_library_on_random_sequences(page):
    rng = np.random.default_rng(0)
    cases = []
    for number in range(200):
        m, items = int(rng.integers(1, 5)), rng.integers(0, rng.integers(1, 30), int(rng.integers(6, 60)))
        if number % 3 == 0:
            items = np.repeat(items, 3)
        if number % 3 == 1:
            items = np.tile(items, 2)
        cases.append([items.tolist(), m, float(rng.choice([0, 0.5, 1, 2.5, 7]))])
    for (items, m, r), shown in zip(cases, page.evaluate(MEASURES, cases), strict=True):
        np.testing.assert_allclose([float(value) for value in shown], measures(items, m, r), rtol=0, atol=1e-9)


@pytest.mark.browser
def test_the_chain_equals_the_librarys(page):
    rng = np.random.default_rng(1)
    cases = [[int(rng.integers(1, 40)), float(rng.random()), int(rng.integers(1, 200))] for _ in range(100)]
    cases += [[5, 0.0, 10], [5, 1.0, 10]]
    for (K, noise, n), shown in zip(cases, page.evaluate(CHAINS, cases), strict=True):
        chain = Chain.noisy_cycle(K, noise)
        expected = [chain.entropy_rate, chain.shortest_code(np.array([n])) / n]
        np.testing.assert_allclose(shown, expected, rtol=0, atol=1e-9)


@pytest.mark.browser
def test_drawn_chains_step_as_they_should(page):
    draw = "() => recscale.entropy.noisyCycle(4, 20000, 0.4, recscale.entropy.generator(3))"
    items = np.array(page.evaluate(draw))
    onward = np.mean((items[1:] - items[:-1]) % 4 == 1)
    assert onward == pytest.approx(0.6 + 0.4 / 4, abs=0.02)
    assert np.bincount(items, minlength=4) / len(items) == pytest.approx(np.full(4, 0.25), abs=0.02)


def tokens(page) -> list[str]:
    return page.locator(".entropy-chips b").all_inner_texts()


def check(page, m: int = 2, r: float = 0) -> list[float]:
    """The table shows what the library computes on the chips, and D′ = tokens / value."""
    items = tokens(page)
    numbers = [int(item) for item in items] if all(item.isdigit() for item in items) else None
    codes = numbers or np.unique(items, return_inverse=True)[1].tolist()
    expected = measures(codes, m, r)
    for value, number in zip(page.locator(".entropy-measures [data-value]").all(), expected, strict=True):
        assert float(value.get_attribute("data-value")) == pytest.approx(number, abs=1e-9, nan_ok=True)
    for key, number in (("apen", expected[0]), ("real", expected[2])):
        shown = page.locator(f"[data-credit='{key}']").inner_text().replace(",", "")
        if number > 0:
            assert float(shown) == pytest.approx(len(items) / number, rel=6e-6, abs=6e-4)
        else:
            assert shown == "none"
    return expected


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_driven_by_mouse_and_keyboard(open_page, width):
    page = open_page(entropy_playground.show_entropy_playground()._repr_html_(), SCRIPTS, width)
    button = lambda name: page.get_by_role("button", name=name, exact=True)  # noqa: E731
    check(page)
    before = sorted(tokens(page))
    button("shuffle").click()
    assert tokens(page) != before
    assert sorted(tokens(page)) == before
    check(page)
    button("sort").focus()
    page.keyboard.press("Enter")
    assert tokens(page) == before
    check(page)
    button("repeat").click()
    assert len(tokens(page)) == 2 * len(before)
    for name in ("no item twice", "one item", "random", "Markov chain", "copy neighbours"):
        button(name).click()
        check(page)
    typed = page.get_by_label("sequence: letters")
    typed.fill("abcab")
    assert tokens(page) == list("abcab")
    check(page)
    page.locator(".entropy-chips li").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    assert tokens(page) == list("axcab")
    page.keyboard.press("Shift+ArrowRight")
    assert tokens(page) == list("acxab")
    page.keyboard.press("End")
    page.keyboard.press("Delete")
    assert tokens(page) == list("acxa")
    check(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_chips_show_why(page):
    """Counts under the chips and the places lit up, for each measure, on a sequence small enough to count by hand."""
    page.get_by_label("sequence: letters").fill("abcabdab")
    counts = {
        "apen": ["3/1", "1/1", "1/1", "3/1", "1/1", "1/1", "3", ""],
        "sampen": ["1/0", "0/0", "0/0", "1/0", "0/0", "0/0", "", ""],
        "real": ["1", "1", "1", "3", "2", "1", "3", "2"],
        "markov": ["3/3", "1/2", "1/1", "3/3", "1/2", "1/1", "3/3", ""],
        "shannon": ["3", "3", "1", "3", "3", "1", "3", "3"],
    }
    for key, expected in counts.items():
        page.locator(f"[data-measure='{key}']").click()
        assert page.locator(".entropy-chips small").all_inner_texts() == expected, key
    page.locator("[data-measure='apen']").click()
    page.locator(".entropy-chips li").first.hover()
    assert page.locator(".entropy-chips .own").all_inner_texts() == ["a\n3/1", "b\n1/1"]
    assert page.locator(".entropy-chips .match").count() == 4
    assert page.locator(".entropy-explain").inner_text() == "1. (a b): 3 of 7 windows; (a b c): 1 of 6 windows"
    page.locator("[data-measure='real']").focus()
    page.keyboard.press("Enter")
    page.locator(".entropy-chips li").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.locator(".entropy-explain").inner_text() == "4. Λ = 3: (a b d); (a b) at 1"


@pytest.mark.browser
def test_names_matter_only_from_a_tolerance_of_one_on(page):
    page.get_by_role("button", name="random, of four").click()
    apen = lambda: page.locator(".entropy-measures [data-value]").first.get_attribute("data-value")  # noqa: E731
    for r, moves in ((0, False), (0.9, False), (1, True)):
        page.locator("[data-field='r']").fill(str(r))
        seen = set()
        for _ in range(6):
            page.get_by_role("button", name="rename").click()
            seen.add(round(float(apen()), 9))
            check(page, r=r)
        assert (len(seen) > 1) == moves


@pytest.mark.browser
def test_the_coding_bound_of_a_drawn_chain(page):
    page.locator("[data-field='noise']").fill("0.1")
    page.get_by_role("button", name="Markov chain").click()
    chain, bits = Chain.noisy_cycle(4, 0.1), math.log(2)
    shown = lambda key: float(page.locator(f"[data-bits='{key}']").inner_text())  # noqa: E731
    assert shown("code") == pytest.approx(chain.shortest_code(np.array([24])) / 24 / bits, abs=5e-5)
    assert shown(0) == pytest.approx(chain.entropy_rate / bits, abs=5e-5)
    assert shown(1) == pytest.approx(bits / chain.entropy_rate, abs=5e-5)
    rows = page.locator(".entropy-coding tbody tr").all_inner_texts()
    assert "below" in rows[1]
    assert "above" in rows[2]
    page.get_by_role("button", name="shuffle").click()
    assert page.locator("[data-bits='code']").count() == 0


@pytest.mark.browser
def test_bad_input_gets_one_sentence_and_changes_nothing(page):
    message, before = page.locator(".explorer-message"), tokens(page)
    assert message.get_attribute("aria-live") == "polite"
    page.get_by_label("sequence: letters").fill("ab")
    assert message.inner_text() == "The sequence has 2 items; it must have 3 to 200."
    assert tokens(page) == before
    page.get_by_label("sequence: letters").fill("abc")
    assert message.inner_text() == ""
    page.locator("[data-field='r']").fill("-1")
    assert message.inner_text() == "r is -1; it must be a number from 0 to 100."
    page.locator("[data-field='r']").fill("0")
    page.locator("[data-field='K']").fill("0")
    page.get_by_role("button", name="random", exact=True).click()
    assert message.inner_text() == "K is 0; it must be a whole number from 1 to 1000."
    assert tokens(page) == list("abc")
