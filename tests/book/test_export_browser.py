"""Exported figures draw themselves in a browser without a network, as nbconvert's page and as a figure alone."""

import os
import shutil

import nbformat.v4 as v4
import numpy as np
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import sync_playwright

from recscale.book.export import exported
from recscale.book.references import References
from recscale.figures import base, show

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DRAWN = (
    "() => [...document.querySelectorAll('.plotly-figure')].map((plot) => plot.querySelectorAll('.points path').length)"
)


@pytest.fixture
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("there is no Chromium on the path")
    return path


def test_every_figure_of_nbconvert_s_page_is_drawn_offline(tmp_path, chromium):
    outputs = []
    for count in (3, 4):
        x = np.arange(1.0, count + 1)
        html = show(base.points(base.figure("Squares"), x, x**2, "squares"), points=count, name=f"n{count}").to_html()
        outputs.append(v4.new_output("display_data", {"text/html": html}))
    executed = v4.new_notebook(cells=[v4.new_code_cell("show", outputs=outputs)])
    page_html, _ = HTMLExporter().from_notebook_node(exported(executed, "page", References(), tmp_path))
    (tmp_path / "page.html").write_text(page_html)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_context(offline=True).new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
        ready = "() => [...document.querySelectorAll('.plotly-figure')].every((plot) => plot.dataset.drawn === 'yes')"
        page.wait_for_function(ready, timeout=60_000)
        drawn = page.evaluate(DRAWN)
        browser.close()
    assert drawn == [3, 4]
    assert errors == []
