"""Files and folders that aren't complete yet, and what a killed process left of them."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

SUFFIX = ".part"
OLD_SECONDS = 86_400
"""Nobody is still writing what is older than a day."""


@contextlib.contextmanager
def temporary_folder(folder: Path) -> Iterator[Path]:
    """A folder inside ``folder`` that goes when the block ends."""
    sweep(folder)
    with tempfile.TemporaryDirectory(dir=folder, suffix=SUFFIX) as temporary:
        yield Path(temporary)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content lies under ``path`` when the block has ended, and at no moment a part of it."""
    sweep(path.parent)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=SUFFIX, delete=False) as stream:
        try:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        except BaseException:
            os.unlink(stream.name)
            raise
    os.replace(stream.name, path)


def sweep(folder: Path) -> None:
    """Remove what killed processes left in ``folder``."""
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime > time.time() - OLD_SECONDS:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
