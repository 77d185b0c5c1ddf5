"""The published book: where it is, and what it has beside its pages: cards, a map, a page for what isn't there, a date.

Its repository, site and DOI stand in ``_config.yml`` and only there: ``repository.url`` and ``repository.branch``,
``html.baseurl``, ``sphinx.config.html_context.doi``. What is empty there is left out wherever it would be shown: a book
that nobody has published names no address. Without an address there is no map either.
"""

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from sphinx.application import Sphinx

import recscale
from recscale.settings import REPOSITORY

SOURCE_DATE = "SOURCE_DATE_EPOCH"
"""Environment variable with the seconds since 1970 that a build is dated by, on every machine alike."""


NOTEBOOKS = "notebooks"
"""Branch of the repository that holds the exported notebooks: Colab and Binder open them from there."""


@dataclass(frozen=True)
class Publication:
    """Addresses without a closing slash; "" where there is none."""

    repository: str = ""
    branch: str = "main"
    site: str = ""
    doi: str = ""

    def colab(self, page: str) -> str:
        """Address that opens the exported notebook of ``page`` in Colab; only GitHub's repositories have one."""
        address = f"https://colab.research.google.com/github/{self._github}/blob/{NOTEBOOKS}/{page}.ipynb"
        return address if self._github else ""

    def binder(self, page: str) -> str:
        """Address that opens the exported notebook of ``page`` in the environment of ``binder/``."""
        address = f"https://mybinder.org/v2/gh/{self._github}/{self.branch}?urlpath=lab/tree/{NOTEBOOKS}/{page}.ipynb"
        return address if self._github else ""

    def page(self, page: str, anchor: str = "") -> str:
        """Address of a page of the published book."""
        return f"{self.site}/{page}.html{f'#{anchor}' if anchor else ''}" if self.site else ""

    @property
    def _github(self) -> str:
        """``owner/name`` of a repository on GitHub; "" elsewhere."""
        parts = urlsplit(self.repository)
        return parts.path.strip("/").removesuffix(".git") if parts.netloc == "github.com" else ""


def publication(config: Path) -> Publication:
    """What ``_config.yml`` says. ``ValueError`` on an address that isn't one."""
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    repository = settings.get("repository", {})
    context = settings.get("sphinx", {}).get("config", {}).get("html_context", {})
    site = settings.get("html", {}).get("baseurl", "")
    for name, address in (("repository.url", repository.get("url")), ("html.baseurl", site)):
        if address and urlsplit(address).scheme != "https":
            raise ValueError(f"{name} of {config.name} is {address!r}; it is an https address, or empty")
    return Publication(
        repository=(repository.get("url") or "").rstrip("/"),
        branch=repository.get("branch") or "main",
        site=(site or "").rstrip("/"),
        doi=context.get("doi") or "",
    )


def cited(citation: str, publication: Publication) -> str:
    """The text of ``CITATION.cff`` with the addresses and the DOI of ``publication``; what is empty is left out."""
    values = {"repository-code": publication.repository, "url": publication.site, "doi": publication.doi}
    lines = [line for line in citation.splitlines() if line.partition(":")[0] not in values]
    place = next(n for n, line in enumerate(lines) if line.startswith("version:"))
    lines[place:place] = [f"{key}: {value}" for key, value in values.items() if value]
    return "\n".join(lines) + "\n"


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
        body = Path(__file__).with_name("not-found.html").read_text(encoding="utf-8")
        app.config.notfound_context = {"title": "Page not found", "body": body.replace("{prefix}", prefix)}
    app.setup_extension("sphinxext.opengraph")
    app.config.ogp_site_url = f"{published.site}/" if published.site else ""
    app.config.ogp_site_name = title
    app.config.ogp_image = "_static/card.png"
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
