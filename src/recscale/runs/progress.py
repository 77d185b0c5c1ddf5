"""Progress of training for whoever waits in another process: one JSON line per finished run.

``RECSCALE_PROGRESS`` names the file (see ``settings``); without it nothing is written. A chapter that trains
sets nothing up: ``run_study`` and ``train`` report by themselves, and whoever runs the chapter reads the file.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from recscale.settings import PROGRESS, named_path


@dataclass
class Progress:
    """Runs of one study: ``total`` (0 when unknown), ``before`` of them finished when it started, ``done`` since."""

    name: str
    total: int = 0
    before: int = 0
    done: int = 0
    started: float = field(default_factory=time.monotonic)

    def step(self) -> None:
        """One more run is finished."""
        self.done += 1
        if path := named_path(PROGRESS):
            with path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(self.line()) + "\n")

    def line(self) -> dict[str, object]:
        """What is written: ``name``, ``finished``, ``total`` and ``seconds_left``, null where nobody knows it."""
        finished = self.before + self.done
        known = self.done and self.total
        left = (time.monotonic() - self.started) / self.done * (self.total - finished) if known else None
        return {"name": self.name, "finished": finished, "total": self.total, "seconds_left": left}


_study: Progress | None = None
_alone = Progress("models trained")


@contextmanager
def study_progress(name: str, total: int, finished: int) -> Iterator[Progress]:
    """Progress of a study while it is carried out; its runs don't count as trained alone."""
    global _study
    _study = Progress(name, total, finished)
    try:
        yield _study
    finally:
        _study = None


def model_trained() -> None:
    """A model has been trained: reported here unless it is a run of a study, which reports by itself."""
    if _study is None:
        _alone.step()
