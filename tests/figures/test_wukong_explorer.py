"""The Wukong explorer: its data, its counting against the library's, and the page driven by mouse and keyboard."""

import numpy as np
import pytest

from recscale import laws
from recscale.analysis import ctr_curves, ctr_scaling
from recscale.figures import wukong_explorer
from recscale.models.accounting import total
from recscale.models.embeddings import InputShape
from recscale.models.wukong import WukongConfig
from recscale.published import wukong_points
from recscale.runs.store import load_results
from recscale.runs.table import Columns

SCRIPTS = ("explorer-parts.js", "wukong-count.js", "wukong-explorer.js")
COUNT = "(all) => all.map((c) => ['fault', 'account', 'blocks'].map((name) => recscale.wukongCount[name](c)))"
VALUES = "(rows) => rows.map((row) => [...row.querySelectorAll('[data-value]')].map((one) => +one.dataset.value))"
FORMS = ("optimised", "plain", "attentive")


@pytest.fixture(scope="module")
def explorer():
    return wukong_explorer.show_explorer()


def account_of(config: dict):
    model = WukongConfig(**{key: config[key] for key in wukong_explorer.KNOBS})
    return total(model.blocks(InputShape(config["n"], config["d"], 0, config["tasks"])), 0)


def test_presets_are_the_papers_sizes_and_the_ends_of_our_ladder(explorer):
    presets = explorer.content["presets"]
    printed = wukong_points().query("model == 'Wukong' and task == 1")["gflop"]
    assert [one["printed"] for one in presets[:-2]] == (printed * 1e9).tolist()
    first = presets[0]["config"]
    assert [first[name] for name in ("l", "n_F", "n_L", "k", "mlp_layers", "mlp_width", "n", "d")] == [
        *(2, 8, 8, 24, 3, 2048),
        *(720, 160),
    ]
    trained = ctr_curves.curves(load_results("ctr-scaling"), "movielens-1m").query("model == 'wukong'")[Columns.FLOP]
    ends = [account_of(one["config"]).training_flop_per_example for one in presets[-2:]]
    assert ends == [trained.min(), trained.max()]


def test_curves_are_the_laws_through_their_points(explorer):
    paper, ours = explorer.content["curves"]
    fit = laws.fit("wukong", np.array(paper["x"]) / 1e9, np.array(paper["y"]))
    assert fit.parameters["A"] == pytest.approx(paper["law"]["A"])
    runs = ctr_curves.curves(load_results("ctr-scaling"), "movielens-1m")
    assert ours["law"]["exponent"] == ctr_scaling.fit_law(runs, Columns.FLOP, 0).parameters["α"]
    assert len(ours["x"]) == 12


def test_a_row_that_is_no_wukong_is_refused():
    with pytest.raises(ValueError, match="'4x512' is no Wukong"):
        wukong_explorer.parsed("4x512")


def test_without_scripts_the_presets_stand_in_a_table(explorer):
    html = explorer._repr_html_()
    assert "<table" in html
    assert str(account_of(explorer.content["presets"][-1]["config"]).dense_parameters) in html


def random_configs(count: int) -> list[dict]:
    rng = np.random.default_rng(0)
    bounds = {"l": 32, "n_F": 1024, "n_L": 1024, "k": 1024, "mlp_width": 65536, "n": 4096, "d": 1024, "tasks": 16}
    configs = []
    for number in range(count):
        one = {name: int(np.exp(rng.uniform(0, np.log(high)))) for name, high in bounds.items()}
        one |= {"mlp_layers": int(rng.integers(0, 17)), "fm": FORMS[number % 3], "compressed": 4, "attention_width": 32}
        one["head"] = [int(width) for width in rng.integers(1, 65537, rng.integers(0, 5))]
        if number % 4 == 0:
            one["n"] = one["n_F"] + one["n_L"]
        configs.append(one)
    most = bounds | {"mlp_layers": 16, "fm": "attentive", "compressed": 4, "attention_width": 32, "head": [65536] * 4}
    return [*configs, most]


@pytest.mark.browser
def test_counts_equal_the_library_on_random_configurations(explorer, open_page):
    page = open_page(explorer._repr_html_(), SCRIPTS)
    configs = random_configs(150)
    for config, (fault, account, blocks) in zip(configs, page.evaluate(COUNT, configs), strict=True):
        expected = account_of(config | {"head": tuple(config["head"])})
        assert fault == ""
        assert account["parameters"] == expected.dense_parameters
        assert account["macs"] == expected.macs_per_example
        assert account["flop"] == expected.training_flop_per_example < 2**53
        counted = [(one["name"], one["parameters"], one["macs"]) for one in blocks]
        assert counted == [(one.name, one.parameters, one.macs) for one in expected.blocks]
    law = explorer.content["curves"][0]["law"]
    flop = np.geomspace(1e3, 1e14, 100)
    shown = page.evaluate("([law, all]) => all.map((x) => recscale.wukongCount.predict(law, x))", [law, flop.tolist()])
    np.testing.assert_allclose(shown, -100 + law["A"] * (flop / 1e9) ** -law["exponent"], rtol=0, atol=1e-9)


def shown(page, key: str) -> str:
    return page.locator(f"[data-number='{key}']").inner_text()


def check(page, config: dict):
    """The page shows what the library counts: totals, rows of the table, shapes in the diagram."""
    expected = account_of(config | {"head": tuple(config["head"])})
    assert shown(page, "flop") == f"{expected.training_flop_per_example:,}"
    assert shown(page, "parameters") == f"{expected.dense_parameters:,}"
    assert shown(page, "order") == f"{2 ** config['l']:,}"
    values = page.locator(".explorer-table tbody tr").evaluate_all(VALUES)
    assert np.sum(values, axis=0).tolist() == [expected.dense_parameters, expected.training_flop_per_example]
    shapes = page.locator(".wukong-diagram .shape").all_text_contents()
    out = config["n_F"] + config["n_L"]
    assert f"{config['n']} × {config['d']}, order 1" in shapes
    assert f"{config['n']} × {config['k']}" in shapes
    assert f"{out} × {config['d']}, orders 1 … {2 ** config['l']}" in shapes


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_driven_by_mouse_and_keyboard(explorer, open_page, width):
    page = open_page(explorer._repr_html_(), SCRIPTS, width)
    presets = explorer.content["presets"]
    check(page, presets[0]["config"])
    page.get_by_role("button", name=presets[-1]["name"]).click()
    config = dict(presets[-1]["config"])
    check(page, config)
    assert page.get_by_role("button", name=presets[-1]["name"]).get_attribute("aria-pressed") == "true"
    fields = page.locator(".explorer-fields")
    fields.get_by_label("layers l").focus()
    page.keyboard.press("ArrowUp")
    config["l"] += 1
    check(page, config)
    page.keyboard.press("PageUp")
    config["l"] *= 2
    check(page, config)
    page.keyboard.press("Tab")
    page.keyboard.type("20")
    config["n_F"] = 20
    check(page, config)
    page.get_by_role("button", name=presets[1]["name"]).focus()
    page.keyboard.press("Enter")
    check(page, presets[1]["config"])
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_bad_input_gets_one_sentence_and_changes_nothing(explorer, open_page):
    page = open_page(explorer._repr_html_(), SCRIPTS)
    before, message = shown(page, "flop"), page.locator(".explorer-message")
    assert message.get_attribute("aria-live") == "polite"
    field = page.locator("[data-knob='k']")
    for given, said in (
        ("0", "k is 0; it must be a whole number from 1 to 1024."),
        ("2.5", "k is 2.5; it must be a whole number from 1 to 1024."),
        ("", "k is empty or no number; it must be a whole number from 1 to 1024."),
    ):
        field.fill(given)
        assert message.inner_text() == said
        assert field.get_attribute("aria-invalid") == "true"
        assert shown(page, "flop") == before
    field.fill("24")
    page.locator("[data-knob='head']").fill("12, x")
    assert message.inner_text() == "The head is 12, no number; it must be at most 4 whole numbers from 1 to 65536."
    page.locator("[data-knob='head']").fill("")
    assert message.inner_text() == ""


@pytest.mark.browser
def test_the_page_says_where_the_model_stands_on_both_laws(explorer, open_page):
    page = open_page(explorer._repr_html_(), SCRIPTS)
    for preset in (explorer.content["presets"][3], explorer.content["presets"][-1]):
        page.get_by_role("button", name=preset["name"]).click()
        flop = account_of(preset["config"]).training_flop_per_example
        for number, curve in enumerate(explorer.content["curves"]):
            law = curve["law"]
            y = law["offset"] + law["A"] * (flop / law["unit"]) ** -law["exponent"]
            assert shown(page, f"law-{number}") == f"{y:.{curve['digits']}f}".replace("-", "−")
            inside = min(curve["x"]) <= flop <= max(curve["x"])
            assert shown(page, f"range-{number}").startswith("inside" if inside else "outside")
    assert page.locator(".wukong-plot .measured").count() == sum(len(one["x"]) for one in explorer.content["curves"])
