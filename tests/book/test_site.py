"""What a published book has beside its pages, from the one address in its configuration."""

import subprocess

import pytest

from recscale.book import site
from recscale.book.build import build_book
from recscale.book.execute import pages
from recscale.book.site import Publication
from recscale.settings import REPOSITORY

from .browsing import LAYOUT, chromium, served

DAY = 1_700_000_000  # 14 November 2023


@pytest.mark.parametrize(("address", "prefix"), [("", "/"), ("https://a.example", "/"), ("https://a.example/b", "/b/")])
def test_the_site_s_root_on_its_host(address, prefix):
    assert site.site_prefix(Publication(site=address)) == prefix


def test_a_build_is_dated_by_the_environment_or_by_the_last_commit(monkeypatch, tmp_path):
    monkeypatch.setenv(site.SOURCE_DATE, str(DAY))
    assert site.source_date() == DAY
    monkeypatch.delenv(site.SOURCE_DATE)
    last = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=REPOSITORY, capture_output=True, text=True)
    if last.returncode == 0:
        assert site.source_date() == int(last.stdout)
    assert site.source_date(tmp_path) > DAY, "outside a checkout it is now"


@pytest.mark.slow
def test_a_published_book_has_a_map_cards_a_page_for_what_is_not_there_and_a_date(small_book, monkeypatch):
    monkeypatch.setenv(site.SOURCE_DATE, str(DAY))
    config = small_book.config.read_text()
    options = "html_theme_options: {extra_footer: 'Version {version}, {date}.', "
    config = config.replace("html_theme_options: {", options) + "html: {baseurl: https://a.example/b}\n"
    small_book.config.write_text(config)
    html = build_book(small_book, report=lambda *_: None)
    places = (html / "sitemap.xml").read_text()
    assert "<loc>https://a.example/b/squares.html</loc>" in places
    assert "404" not in places
    page = (html / "squares.html").read_text()
    assert 'property="og:title" content="Squares"' in page
    assert 'property="og:site_name" content="A small book"' in page
    assert 'property="og:image" content="https://a.example/b/_static/card.png"' in page
    assert "Version 0.1.0, 14 November 2023." in page
    lost = (html / "404.html").read_text()
    assert 'href="/b/index.html"' in lost
    assert 'href="/b/_static/custom.css' in lost or 'href="/b/_static/pygments.css' in lost


@pytest.mark.slow
@pytest.mark.browser
def test_the_page_for_what_is_not_there_looks_like_the_book_at_any_address():
    with chromium() as browser, served(LAYOUT.html) as address:
        page = browser.new_page()
        failed = []
        page.on("response", lambda answer: failed.append(answer.url) if answer.status != 200 else None)
        page.goto(f"{address}/404.html")
        page.wait_for_load_state("networkidle")
        assert page.get_by_role("heading", name="There is no such page").is_visible()
        assert failed == []
        page.get_by_role("link", name="The first page").click()
        page.wait_for_url(f"{address}/{pages(LAYOUT)[0]}.html")
