"""Where the book is published: its repository, its site, its DOI. All of it stands in ``_config.yml`` and only there.

``repository.url`` and ``repository.branch``, ``html.baseurl``, ``sphinx.config.html_context.doi``. What is empty there
is left out wherever it would be shown: a book that nobody has published names no address.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

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
