"""Where things live, and writing them whole: the one place that reads environment variables and knows the folders.

``RECSCALE_CACHE``     downloads, live runs (default: ``$XDG_CACHE_HOME/recscale`` or ``~/.cache/recscale``)
``RECSCALE_MIRROR``    a folder with data files under the names of ``data/datasets.toml``, tried before any download
``RECSCALE_DATASETS``  a folder with the reader's own data set cards (see ``recscale.datasets.cards``)
``RECSCALE_PROGRESS``  a file to which training adds a line per finished run (set by whoever runs a chapter)
``RECSCALE_RESULTS``   where ``recscale study export`` writes (default: ``data/results`` of this repository)

A relative folder lies in the working folder of whoever set the variable. Work that is carried out in another folder, a
chapter's, gets ``folders()``.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "data"
BOOK = REPOSITORY / "book"
BUILD = REPOSITORY / "_build"

FOLDERS = ("RECSCALE_CACHE", "RECSCALE_MIRROR", "RECSCALE_DATASETS", "RECSCALE_RESULTS")

PROGRESS = "RECSCALE_PROGRESS"

SUFFIX = ".part"
"""Of temporary files and folders."""
ABANDONED = 86_400.0
"""Seconds after which nobody is still writing a temporary file, be it a download."""


def cache_folder() -> Path:
    """The folder for everything that can be made again."""
    return named_path("RECSCALE_CACHE") or absolute(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "recscale"


def results_folder() -> Path:
    """The committed results tables, one CSV a study."""
    return named_path("RECSCALE_RESULTS") or DATA / "results"


def folders() -> dict[str, str]:
    """The folders that are set, as absolute paths: for a process with another working folder."""
    return {name: str(folder) for name in FOLDERS if (folder := named_path(name))}


def named_path(name: str) -> Path | None:
    """The absolute path that the variable ``name`` holds, or None when it is not set."""
    value = os.environ.get(name)
    return absolute(value) if value else None


def absolute(path: str | Path) -> Path:
    """``path`` seen from the working folder; ``~`` is the home folder, which not every account has."""
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(
            f"{path} needs a home folder, and this account has none; set {', '.join(FOLDERS[:-1])} or "
            f"{FOLDERS[-1]} to a folder without ~"
        ) from error


def writable(folder: Path) -> Path:
    """``folder``, created if needed; one sentence instead of a traceback where that can't be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"can't create the folder {folder}: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(f"the folder {folder} is not writable")
    return folder


def writable_file(path: str | Path) -> Path:
    """``path`` as an absolute path of a file that can be written; its folder is created. For before the work."""
    path = absolute(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; an output is a file")
    writable(path.parent)
    return path


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content replaces ``path`` when the block ends: a reader sees the old file or the new one, whole.

    A block that fails leaves the old file. ``ValueError`` where the folder can't be created or isn't writable.
    """
    sweep(writable(path.parent))
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=SUFFIX)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` as ``whole_file`` does."""
    with whole_file(path) as stream:
        stream.write(text.encode())


def hash_of(paths: Iterable[Path], start: bytes = b"") -> str:
    """SHA-256 of ``start`` and of the names and contents of files."""
    digest = hashlib.sha256(start)
    for path in paths:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@contextlib.contextmanager
def temporary_folder(folder: Path) -> Iterator[Path]:
    """A folder inside ``folder`` that goes when the block ends."""
    sweep(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".", suffix=SUFFIX) as temporary:
        yield Path(temporary)


def sweep(folder: Path) -> None:
    """Delete what killed processes left in ``folder``: temporary files and folders older than ``ABANDONED``."""
    for left in folder.glob(f".*{SUFFIX}"):
        with contextlib.suppress(OSError):  # another process has just renamed or swept it, or it isn't ours to delete
            if time.time() - left.stat().st_mtime < ABANDONED:
                continue
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()
