"""What a published book needs beside its pages: cards, a map of the site, a page for what isn't there, a dated footer.

Where the book is published stands in ``_config.yml`` (``publication.py``). Without an address there is no map, and the
cards name none.
"""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx

import recscale
from recscale.book.publication import Publication
from recscale.settings import REPOSITORY

SOURCE_DATE = "SOURCE_DATE_EPOCH"
"""Environment variable with the seconds since 1970 that a build is dated by, on every machine alike."""

CARD = "_static/card.png"
NOT_FOUND = Path(__file__).parent / "not-found.html"


def source_date(repository: Path = REPOSITORY) -> int:
    """The date of what is built: as the environment says, else the last commit's, else now (seconds since 1970)."""
    if given := os.environ.get(SOURCE_DATE):
        return int(given)
    command = ["git", "log", "-1", "--format=%ct"]
    last = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    return int(last.stdout) if last.returncode == 0 and last.stdout.strip() else int(datetime.now(UTC).timestamp())


def site_prefix(published: Publication) -> str:
    """The path of the site's first page on its host: ``/`` or ``/book/``."""
    return f"{urlsplit(published.site).path.rstrip('/')}/"


def prepare_site(app: Sphinx, published: Publication, title: str, *, one_page: bool = False) -> None:
    """Load and set the extensions for publishing a book of this title, all from its one address.

    A book of ``one_page`` has no page for what isn't there: the theme would look for its table of contents.
    """
    prefix = site_prefix(published)
    if not one_page:
        app.setup_extension("notfound.extension")
        app.config.notfound_urls_prefix = prefix
        body = NOT_FOUND.read_text(encoding="utf-8").replace("{prefix}", prefix)
        app.config.notfound_context = {"title": "Page not found", "body": body}
    app.setup_extension("sphinxext.opengraph")
    app.config.ogp_site_url = f"{published.site}/" if published.site else ""
    app.config.ogp_site_name = title
    app.config.ogp_image = CARD
    app.config.ogp_image_alt = False
    if published.site:
        app.setup_extension("sphinx_sitemap")
        app.config.site_url = f"{published.site}/"
        app.config.sitemap_url_scheme = "{link}"
        app.config.sitemap_excludes = ["404.html", "search.html", "genindex.html"]


def edition() -> dict[str, str]:
    """Version and date of the book, as its footer and its cover show them."""
    day = datetime.fromtimestamp(source_date(), UTC)
    return {"version": recscale.__version__, "date": f"{day.day} {day:%B %Y}"}


def date_footer(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Fill in ``{version}`` and ``{date}`` in the footer's text, which stands in ``_config.yml``."""
    for field, value in edition().items():
        context["theme_extra_footer"] = context.get("theme_extra_footer", "").replace(f"{{{field}}}", value)
