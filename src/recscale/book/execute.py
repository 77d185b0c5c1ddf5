"""Run the chapters with papermill into ``_build/executed/``, each only when something it depends on has changed.

Every chapter gets its own process and one thread, and as many run at once as there are cores: the numbers on a page
then don't depend on how many cores the machine has, and the single-threaded parts (starting Python, importing torch)
overlap.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat import NotebookNode

from recscale.book.arguments import command_line
from recscale.book.dependencies import chapter_key
from recscale.book.parameters import CHAPTERS, DataChapter, parameter_defaults, write_parameters
from recscale.datasets import dataset_names
from recscale.datasets.cards import find_card
from recscale.datasets.load import load_dataset
from recscale.figures.base import BOOK_BUILD
from recscale.settings import BOOK, BUILD, DATA, PROGRESS, REPOSITORY, folders, writable

MEMORY_PER_CHAPTER = 2 * 2**30
"""Bytes to keep free for each chapter that runs at the same time."""

RUNNING = ".running-"
"""What the folder of a chapter under way is called, among the executed ones."""

PAUSE = 0.2
"""Seconds between two looks at a running chapter."""
QUIET = 2.0
"""Seconds between two lines, so that short runs don't fill the screen."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class ChapterError(Exception):
    """A cell of a chapter failed; the message names the chapter, the cell and the error."""


@dataclass(frozen=True)
class Layout:
    """Where a book's sources are and where it is built: this repository, or a small book elsewhere in tests."""

    book: Path = BOOK
    build: Path = BUILD
    data: Path = DATA
    package: Path = REPOSITORY / "src" / "recscale"
    config: Path = REPOSITORY / "_config.yml"
    lock: Path = REPOSITORY / "requirements.lock"

    @property
    def toc(self) -> Path:
        return self.book / "_toc.yml"

    @property
    def executed(self) -> Path:
        return self.build / "executed"

    @property
    def html(self) -> Path:
        return self.build / "html"


@dataclass(frozen=True)
class Execution:
    """What became of one chapter: its notebook with outputs, the seconds it took, and whether it ran now."""

    chapter: str
    path: Path
    seconds: float
    ran: bool
    error: str = ""


def pages(layout: Layout) -> list[str]:
    """Every page of the table of contents, in reading order."""
    toc = yaml.safe_load(layout.toc.read_text(encoding="utf-8"))
    return [toc["root"], *files_below(toc)]


def files_below(entry: Any) -> list[str]:
    """The pages in an entry of the table of contents, or in several."""
    if isinstance(entry, list):
        return [page for item in entry for page in files_below(item)]
    own = [entry["file"]] if "file" in entry else []
    return own + [page for key in ("parts", "chapters", "sections") for page in files_below(entry.get(key, []))]


def chapters(layout: Layout) -> list[str]:
    """The pages that are notebooks."""
    return [page for page in pages(layout) if (layout.book / f"{page}.ipynb").exists()]


Given = Mapping[str, Mapping[str, Any]]
"""Chapter -> parameters that differ from its defaults."""


def execute_book(layout: Layout, *, report=print, given: Given | None = None) -> list[Execution]:
    """Bring every chapter up to date, with its defaults or with the parameters ``given``.

    Raises ``ChapterError`` when one fails, after the others have finished.
    """
    given = given or {}
    for left in writable(layout.executed).glob(f"{RUNNING}*"):  # of a build that was killed
        shutil.rmtree(left, ignore_errors=True)
    names = chapters(layout)
    done = {name: kept(name, layout, given.get(name)) for name in names}
    waiting = [name for name in names if done[name] is None]
    # what took longest the last time starts first, so that none is left alone at the end
    waiting.sort(key=lambda name: -_record(name, layout).get("seconds", 0.0))
    total = len(waiting)
    if waiting:
        _fetch_data(waiting, layout, report, given)
        report(f"running {total} of {len(names)} chapters ({len(names) - total} unchanged)")
    with ThreadPoolExecutor(_jobs()) as pool:
        running = [pool.submit(_execute_kept, name, layout, given.get(name), report) for name in waiting]
        for count, future in enumerate(as_completed(running), start=1):
            result = future.result()
            done[result.chapter] = result
            state = "FAILED" if result.error else "ok"
            report(f"[{count:>{len(str(total))}}/{total}] {result.chapter:<32} {result.seconds:6.1f} s  {state}")
    if errors := [result.error for result in done.values() if result.error]:
        raise ChapterError("\n\n".join(errors))
    return [done[name] for name in names]


def _fetch_data(names: Sequence[str], layout: Layout, report, given: Given | None = None) -> None:
    """Get the data sets the chapters start from, once and before they run side by side.

    A chapter that only names a data set, whose runs are committed, isn't a ``DataChapter`` and needs no file of it.
    """
    reading = [name for name in names if issubclass(CHAPTERS.get(name, DataChapter), DataChapter)]
    texts = {name: (layout.book / f"{name}.ipynb").read_text(encoding="utf-8") for name in reading}
    values = [parameter_defaults(text) | (given or {}).get(name, {}) for name, text in texts.items()]
    for name in sorted({value.get("dataset") for value in values} & set(dataset_names())):
        report(f"data: {name}")
        for kind in find_card(name).kinds:
            load_dataset(name, kind)


def kept(chapter: str, layout: Layout, given: Mapping[str, Any] | None = None) -> Execution | None:
    """The stored result of a chapter, if nothing it depends on has changed since."""
    path, record = layout.executed / f"{chapter}.ipynb", _record(chapter, layout)
    if path.exists() and record.get("key") == _key(chapter, layout, given):
        return Execution(chapter, path, record["seconds"], ran=False)
    return None


def _execute_kept(chapter: str, layout: Layout, given: Mapping[str, Any] | None, report) -> Execution:
    """Run a chapter; its notebook and record appear only when all its cells have passed."""
    key, path = _key(chapter, layout, given), layout.executed / f"{chapter}.ipynb"
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=layout.executed, prefix=RUNNING) as folder:
        output = Path(folder) / path.name
        # a book elsewhere brings its own package; ours is installed and found first through this all the same
        paths = filter(None, (str(layout.package.parent), os.environ.get("PYTHONPATH")))
        environment = {BOOK_BUILD: "1", "PYTHONPATH": os.pathsep.join(paths)} | dict.fromkeys(THREADS, "1")
        error = run_notebook(
            *(layout.book / path.name, output, given or {}, environment),
            report=lambda line: report(f"{chapter}: {line}"),
        )
        seconds = time.perf_counter() - start
        if error:
            return Execution(chapter, path, seconds, ran=True, error=f"chapter {chapter}: {error}")
        notebook = nbformat.read(output, as_version=4)
        finish(notebook, chapter, seconds, layout, given)
        nbformat.write(notebook, output)
        (layout.executed / f"{chapter}.json").unlink(missing_ok=True)
        os.replace(output, path)
        record = Path(folder) / "record"
        record.write_text(json.dumps({"key": key, "seconds": round(seconds, 2)}), encoding="utf-8")
        os.replace(record, layout.executed / f"{chapter}.json")
    return Execution(chapter, path, seconds, ran=True)


def run_notebook(
    source: Path, output: Path, parameters: Mapping[str, Any], environment: Mapping[str, str], *, report=None
) -> str:
    """Run a notebook with papermill in a process of its own; "" or what went wrong.

    ``report`` gets a line now and then while models train.
    """
    command = [sys.executable, "-m", "papermill", str(source), str(output), "--kernel", "python3"]
    command += ["--log-level", "ERROR", "--no-progress-bar"]
    if parameters:
        command += ["--parameters_yaml", yaml.safe_dump(dict(parameters))]
    with tempfile.TemporaryDirectory() as scratch:  # a chapter that writes beside itself leaves nothing behind
        told, errors = Path(scratch) / "progress", Path(scratch) / "errors"
        told.touch()
        settings = os.environ | folders() | dict(environment) | {PROGRESS: str(told)}
        with errors.open("w") as stream:
            process = subprocess.Popen(
                command, cwd=scratch, env=settings, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
            )
            status = follow(process, told, report)
        if status == 0:
            return ""
        told = errors.read_text(errors="replace").strip() or "papermill failed without a message"
        return _first_error(output) or told


def follow(process: subprocess.Popen, progress: Path, report: Callable[[str], object] | None) -> int:
    """Wait for ``process``, passing on the last line of ``progress`` now and then; its exit status.

    The process is killed when the waiting is interrupted.
    """
    said, read = 0.0, 0
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=PAUSE)
            lines = progress.read_text(encoding="utf-8").splitlines() if report else []
            if len(lines) > read and time.monotonic() - said >= QUIET:
                read, said = len(lines), time.monotonic()
                report(progress_line(json.loads(lines[-1])))
    except BaseException:
        process.kill()
        process.wait()
        raise


def progress_line(told: dict[str, Any]) -> str:
    """ "ctr-scaling: 3 of 14 runs, 2 min left"."""
    if not told["total"]:
        return f"{told['name']}: {told['finished']}"
    left = told["seconds_left"]
    minutes = "" if not left else f", {left / 60:.0f} min left" if left >= 60 else f", {left:.0f} s left"
    return f"{told['name']}: {told['finished']} of {told['total']} runs{minutes}"


def _first_error(output: Path) -> str:
    """The failing cell of an executed notebook in words."""
    for cell in nbformat.read(output, as_version=4).cells if output.exists() else ():
        for part in cell.get("outputs", []):
            if part.output_type == "error":
                return f"{part.ename}: {part.evalue}\n{textwrap.indent(cell.source, ' ' * 4)}"
    return ""


def finish(
    notebook: NotebookNode, chapter: str, seconds: float, layout: Layout, given: Mapping[str, Any] | None = None
) -> None:
    """Prepare an executed notebook for its page: no machine's paths and times, a note on how it was made."""
    for cell in notebook.cells:
        cell.metadata = {name: cell.metadata[name] for name in ("tags", "claims") if name in cell.metadata}
    notebook.metadata.pop("papermill", None)
    write_parameters(notebook, given or {})
    guide = " ([with other parameters](how-to-rerun.md))" if "how-to-rerun" in pages(layout) else ""
    note = (
        "```{admonition} How this page was made\n:class: run-info\n"
        f"The code of this page ran in {seconds:.0f} s on one core; longer runs are stored in `data/results`. "
        f"Rerun it: `{command_line(chapter, given or {})}`{guide}.\n```"
    )
    notebook.cells.append(nbformat.v4.new_markdown_cell(note, id="how-this-page-was-made"))


def _key(chapter: str, layout: Layout, given: Mapping[str, Any] | None = None) -> str:
    notebook = (layout.book / f"{chapter}.ipynb").read_text(encoding="utf-8")
    values, card = dict(given or {}), (given or {}).get("dataset", "")
    if card.endswith(".toml"):
        values["card"] = Path(card).read_text(encoding="utf-8")
    return chapter_key(notebook, values, layout.package, layout.data, layout.lock)


def _record(chapter: str, layout: Layout) -> dict[str, Any]:
    path = layout.executed / f"{chapter}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _jobs() -> int:
    """One chapter a core, fewer where memory is short."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else MEMORY_PER_CHAPTER
    return max(1, min(cores, memory // MEMORY_PER_CHAPTER))
