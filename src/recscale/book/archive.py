"""The built book as one archive to publish, and where it is cited from."""

import gzip
import tarfile
from io import BytesIO
from pathlib import Path

from recscale.book.build import STAMP
from recscale.book.publication import Publication
from recscale.settings import whole_file

NO_JEKYLL = ".nojekyll"
"""File that keeps GitHub Pages from leaving out folders whose names begin with an underscore."""

KEYS = ("repository-code", "url", "doi")
"""Of ``CITATION.cff``, in their order."""


def write_archive(html: Path, target: Path) -> None:
    """Write the pages in ``html`` to the ``.tar.gz`` at ``target``; the same pages give the same bytes."""
    files = sorted(path for path in html.rglob("*") if path.is_file() and path.name != STAMP)
    with (
        whole_file(target) as stream,
        gzip.GzipFile(fileobj=stream, mode="wb", mtime=0, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        _add(archive, NO_JEKYLL, b"")
        for path in files:
            _add(archive, path.relative_to(html).as_posix(), path.read_bytes())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    archive.addfile(entry, BytesIO(content))


def cited(citation: str, publication: Publication) -> str:
    """The text of ``CITATION.cff`` with the addresses and the DOI of ``publication``; what is empty is left out."""
    values = dict(zip(KEYS, (publication.repository, publication.site, publication.doi), strict=True))
    lines = [line for line in citation.splitlines() if line.partition(":")[0] not in KEYS]
    place = next(n for n, line in enumerate(lines) if line.startswith("version:"))
    lines[place:place] = [f"{key}: {value}" for key, value in values.items() if value]
    return "\n".join(lines) + "\n"
