"""Waiting for a chapter: what its training reports becomes lines on the terminal, with the time that is left."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAUSE = 0.2
"""Seconds between two looks at a running chapter."""
QUIET = 2.0
"""Seconds between two lines, so that short runs don't fill the screen."""


def follow(process: subprocess.Popen, progress: Path, report: Callable[[str], object] | None) -> int:
    """Wait for ``process``, passing on the last line of ``progress`` now and then; its exit status.

    The process is killed when the waiting is interrupted.
    """
    said, read = 0.0, 0
    try:
        while True:
            try:
                return process.wait(timeout=PAUSE)
            except subprocess.TimeoutExpired:
                pass
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
