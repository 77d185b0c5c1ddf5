"""Where things live: the one place that reads environment variables and knows the folders.

``RECSCALE_CACHE``     downloads, live runs (default: ``$XDG_CACHE_HOME/recscale`` or ``~/.cache/recscale``)
``RECSCALE_MIRROR``    a folder with data files under the names of ``data/datasets.toml``, tried before any download
``RECSCALE_DATASETS``  a folder with the reader's own data set cards (see ``recscale.datasets.cards``)
``RECSCALE_RESULTS``   where ``recscale study export`` writes (default: ``data/results`` of this repository)
"""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = REPOSITORY / "data"
BOOK = REPOSITORY / "book"
BUILD = REPOSITORY / "_build"


def cache_folder() -> Path:
    """The folder for everything that can be made again."""
    if folder := os.environ.get("RECSCALE_CACHE"):
        return Path(folder).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "recscale"


def mirror_folder() -> Path | None:
    """The reader's own copy of the data files, or None when ``RECSCALE_MIRROR`` is not set."""
    folder = os.environ.get("RECSCALE_MIRROR")
    # Absolute: chapters run in another working folder.
    return Path(folder).expanduser().absolute() if folder else None


def datasets_folder() -> Path | None:
    """The reader's own data set cards, or None when ``RECSCALE_DATASETS`` is not set."""
    folder = os.environ.get("RECSCALE_DATASETS")
    return Path(folder).expanduser() if folder else None


def results_folder() -> Path:
    """The committed results tables, one CSV a study."""
    return Path(os.environ.get("RECSCALE_RESULTS") or DATA / "results").expanduser()


def writable(folder: Path) -> Path:
    """``folder``, created if needed; one sentence instead of a traceback where that can't be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"can't create the folder {folder}: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise ValueError(f"the folder {folder} is not writable")
    return folder
