"""A page around an explorer or a figure, opened in Chromium without a network and without a built book."""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from recscale.settings import BOOK

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    """A running Chromium; skipped where there is none, which fails under CI=true.

    Of a module, because Playwright runs once at a time in a process and other tests start their own.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None and os.environ.get("CI") == "true":
        pytest.fail("there is no Chromium on the path")
    if path is None:
        pytest.skip("there is no Chromium on the path")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, tmp_path: Path) -> Iterator[Callable]:
    """``open_page(body, scripts, width=…, plotly=…)``: a page that shows ``body`` and loads the book's scripts.

    A script's error or a request to the network fails the test.
    """
    contexts, complaints = [], []

    def opened(body: str, scripts: tuple[str, ...], width: int = 1280, plotly: bool = False):
        sheets = [path.name for path in (BOOK / "_static").glob("*.css")]
        for name in (*scripts, *sheets):
            shutil.copy(BOOK / "_static" / name, tmp_path)
        if plotly:
            shutil.copy(str(files("plotly") / "package_data" / "plotly.min.js"), tmp_path)
            scripts = ("plotly.min.js", *scripts)
        head = "".join(f'<link rel="stylesheet" href="{name}">' for name in sheets)
        head += "".join(f'<script src="{name}" defer></script>' for name in scripts)
        html = f'<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>Test</title>{head}</head>'
        (tmp_path / "page.html").write_text(f"<!doctype html>{html}<body>{body}</body></html>", encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 900}, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: complaints.append(f"wants {r.url}") if r.url.startswith("http") else None)
        page.goto((tmp_path / "page.html").as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
