"""From executed chapters to checked pages in ``_build/html``.

Sphinx always starts from nothing: an incremental build forgets the warnings of pages it doesn't read again. New pages
replace the old ones only after every check has passed; when nothing has changed since then, nothing is built. One build
at a time works in the build folder; another one waits.
"""

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import nbformat
from filelock import AcquireReturnProxy, FileLock, Timeout

from recscale.book.changes import mark, relied_on, stale
from recscale.book.check import check_book
from recscale.book.dataset_pages import write_dataset_pages
from recscale.book.execute import Execution, Given, Layout, chapters, execute_book, pages
from recscale.book.site import SOURCE_DATE, source_date
from recscale.claims.questions import outdated
from recscale.claims.registry import load_claims
from recscale.settings import hash_of, whole_file, writable

STAMP = ".built-from"
"""File in the built book that holds the hash of what it was built from, and one of the files that came out."""

OLD = "html.old"
NO_JEKYLL = ".nojekyll"
"""File that keeps GitHub Pages from leaving out folders whose names begin with an underscore."""

JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"
"""Its command line, in the Python that runs now."""


class BuildError(Exception):
    """Sphinx warned, or a page is not as it should be."""


def build_book(layout: Layout, *, report=print, given: Given | None = None) -> Path:
    """Run what has changed, build and check the pages. Returns the folder of the pages.

    With parameters ``given`` the book is built beside the default one, in a folder of its own, and its pages say what
    has changed. Raises ``ChapterError`` when a cell fails, ``BuildError`` for a warning of Sphinx or a fault of a page.
    """
    default, given = layout, given or {}
    layout = replace(default, build=default.build / "reruns" / _name(given)) if given else default
    with _alone(layout, report):
        _restore(layout)
        results = execute_book(layout, report=report, given=given)
        if outdated := [] if given else stale_commentary(layout):
            raise BuildError(f"the text no longer fits the numbers:\n{_listed(outdated)}")
        stage = _stage(layout, results)
        for chapter, values in given.items():
            notebook = nbformat.read(stage / f"{chapter}.ipynb", as_version=4)
            mark(notebook, chapter, values, default)
            nbformat.write(notebook, stage / f"{chapter}.ipynb")
        key = _key(stage, layout)
        stamp = layout.html / STAMP
        if stamp.exists() and stamp.read_text(encoding="utf-8") == _stamp(key, layout.html):
            report("nothing has changed since the last build")
            return layout.html
        report(f"building {len(pages(layout))} pages")
        built = sphinx(stage, layout.build / "sphinx")
        faults = check_book(built, layout)
        if faults:
            raise BuildError(f"the built pages have faults:\n{_listed(faults)}")
        (built / STAMP).write_text(_stamp(key, built), encoding="utf-8")
        _swap(built, layout)
    return layout.html


def _name(given: Given) -> str:
    """A folder's name that says what these parameters are: "frappe-smoke"."""
    values = dict.fromkeys(str(value) for values in given.values() for value in values.values())
    return re.sub(r"[^\w.-]+", "-", "-".join(Path(value).stem for value in values))


def stale_commentary(layout: Layout) -> list[str]:
    """The paragraphs of all chapters that rely on a verdict which the committed tables no longer give."""
    notebooks = {name: nbformat.read(layout.book / f"{name}.ipynb", as_version=4) for name in chapters(layout)}
    relying = {name: notebook for name, notebook in notebooks.items() if any(relied_on(notebook))}
    if not relying:
        return []
    verdicts = {claim.id: str(claim.verdict) for claim in load_claims()}
    paragraphs = [f"{name}: {one}" for name, notebook in relying.items() for one in stale(notebook, verdicts)]
    return paragraphs + outdated(verdicts)


def _listed(faults: list[str]) -> str:
    return "\n".join(f"  - {fault}" for fault in faults)


def _alone(layout: Layout, report) -> AcquireReturnProxy:
    """Hold the build folder until the block ends; where another process does, say so and wait."""
    lock = FileLock(writable(layout.build) / ".lock")
    try:
        return lock.acquire(blocking=False)
    except Timeout:
        report(f"another build is at work in {layout.build}; waiting for it")
        return lock.acquire()


def _swap(built: Path, layout: Layout) -> None:
    """Put the pages ``built`` in the place of the old ones, which are deleted once the new ones are there."""
    old = layout.html.with_name(OLD)
    if layout.html.exists():
        os.replace(layout.html, old)
    os.replace(built, layout.html)
    shutil.rmtree(old, ignore_errors=True)


def _restore(layout: Layout) -> None:
    """Finish a swap that was killed: without new pages the old ones come back, whole; beside new ones they go."""
    old = layout.html.with_name(OLD)
    if old.exists() and not layout.html.exists():
        os.replace(old, layout.html)
    shutil.rmtree(old, ignore_errors=True)


def _stamp(key: str, html: Path) -> str:
    """``key`` and a hash of the names and sizes of the files in ``html``: pages that were lost are built again."""
    listing = "".join(f"{path.relative_to(html).as_posix()} {path.stat().st_size}\n" for path in _files(html))
    return f"{key} {hashlib.sha256(listing.encode()).hexdigest()}"


def _files(html: Path) -> list[Path]:
    """The files of the built book, without its stamp."""
    return sorted(path for path in html.rglob("*") if path.is_file() and path.name != STAMP)


def _stage(layout: Layout, executed: list[Execution]) -> Path:
    """A folder with exactly what Sphinx may see: text pages, executed chapters, bibliography, static files."""
    stage = layout.build / "stage"
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(layout.book, stage, ignore=shutil.ignore_patterns("*.ipynb", ".ipynb_checkpoints"))
    for one in executed:
        (stage / f"{one.chapter}.ipynb").parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(one.path, stage / f"{one.chapter}.ipynb")
    shutil.copyfile(layout.config, stage / "_config.yml")
    write_dataset_pages(stage)
    return stage


def _key(stage: Path, layout: Layout) -> str:
    """SHA-256 of everything the pages are made from."""
    machinery = [path for path in Path(__file__).parent.rglob("*") if path.suffix in (".py", ".html", ".js", ".gz")]
    machinery += [layout.lock] if layout.lock.exists() else []
    return hash_of([*sorted(path for path in stage.rglob("*") if path.is_file()), *sorted(machinery)])


def broken_external_links(layout: Layout) -> list[str]:
    """Links to other sites that don't answer, one line each: the page, the address, the reason."""
    with _alone(layout, print):
        stage = _stage(layout, execute_book(layout))
        output = layout.build / "links"
        _jupyter_book(stage, output, "--builder", "linkcheck", "--quiet")
        answers = output / "_build" / "html" / "output.txt"
        if not answers.exists():
            raise BuildError("Sphinx could not check the links")
        return [line for line in answers.read_text(encoding="utf-8").splitlines() if "[broken]" in line]


def sphinx(stage: Path, output: Path, *, strict: bool = True) -> Path:
    """Build the book staged in ``stage`` from a clean doctree; when ``strict`` any warning is an error."""
    result = _jupyter_book(stage, output, *(["-n", "-W", "--keep-going", "--quiet"] if strict else ["-q", "-q"]))
    if result.returncode != 0:
        raise BuildError(f"Sphinx failed:\n{_complaints(result.stdout + result.stderr, stage)}")
    return output / "_build" / "html"


def _jupyter_book(stage: Path, output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-c", JUPYTER_BOOK, "build", str(stage), "--path-output", str(output), *options]
    dated = os.environ | {SOURCE_DATE: str(source_date())}
    return subprocess.run(command, env=dated, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def _complaints(log: str, stage: Path) -> str:
    """The warnings and errors in Sphinx's output, with the paths a person knows."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", log)
    lines = [line.replace(f"{stage}{os.sep}", "book/") for line in plain.splitlines()]
    wanted = [line for line in lines if "WARNING" in line or "ERROR" in line or "Error" in line]
    return "\n".join(f"  {line}" for line in wanted or lines[-20:])


def write_archive(html: Path, target: Path) -> None:
    """Write the pages in ``html`` to the ``.tar.gz`` at ``target``; the same pages give the same bytes."""
    contents = {NO_JEKYLL: b""} | {path.relative_to(html).as_posix(): path.read_bytes() for path in _files(html)}
    with (
        whole_file(target) as stream,
        gzip.GzipFile(fileobj=stream, mode="wb", mtime=0, filename="") as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, BytesIO(content))
