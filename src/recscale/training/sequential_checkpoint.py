"""A long run's memory on disk: killed and started again, it goes on where it was and ends with the same bits.

Training leaves the file where it is. Whoever asked for it removes it (``remove_checkpoint``) once the result is safe,
so that a kill between the last epoch and the record costs an epoch, not the run.
"""

import copy
import glob
import os
import pickle
import time
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

INTERVAL = 600.0
"""Seconds between two checkpoints: a run shorter than this writes none."""

UNREADABLE = (
    *(OSError, EOFError, RuntimeError, ValueError, LookupError, TypeError),
    *(pickle.UnpicklingError, zipfile.BadZipFile, zlib.error),
)
"""What reading a file that is no checkpoint of ours can raise."""


class Checkpoint:
    """The state of ``parts`` in the file ``path`` (None: never written). A file of another ``recipe`` is ignored.

    Each part has ``state_dict()``, everything of it that changes from epoch to epoch as tensors and plain values, and
    ``load_state_dict(state)``. Nothing that happens to the file stops a run: one that can't be read is set aside as
    ``….unreadable`` and one that can't be written is done without, each with one warning.
    """

    def __init__(self, path: Path | None, recipe: str, parts: Mapping[str, Any]) -> None:
        self.path, self.recipe, self.parts = path, recipe, parts
        self.saved = time.perf_counter()
        self.warned = False

    def load(self) -> int:
        """Take up the file's state; the number of epochs it has behind it, 0 without one to take up."""
        if self.path is None or not self.path.exists():
            return 0
        fresh = {name: copy.deepcopy(part.state_dict()) for name, part in self.parts.items()}
        try:
            with zipfile.ZipFile(self.path) as archive:
                if damaged := archive.testzip():  # torch.load doesn't compare checksums
                    raise ValueError(f"its part {damaged} is damaged")
            content = torch.load(self.path, map_location="cpu", weights_only=True)
            if content["recipe"] != self.recipe:
                return 0
            self._restore(content["parts"])
            return int(content["epoch"])
        except UNREADABLE as error:
            self._restore(fresh)
            self._set_aside(error)
            return 0

    def save(self, epoch: int) -> None:
        """Write the state after ``epoch`` if it is time to. The file is always whole: written aside, then renamed."""
        if self.path is None or time.perf_counter() - self.saved < INTERVAL:
            return
        self.saved = time.perf_counter()
        parts = {name: part.state_dict() for name, part in self.parts.items()}
        aside = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                torch.save({"recipe": self.recipe, "epoch": epoch, "parts": parts}, aside)
                aside.replace(self.path)
            finally:
                aside.unlink(missing_ok=True)
        except (OSError, RuntimeError) as error:  # RuntimeError: how torch.save says that the disk is full
            if not self.warned:
                warnings.warn(
                    f"can't write the checkpoint {self.path}, perhaps for want of disk space ({_first_line(error)}): "
                    "the run goes on, but what it does from here would be lost if it were stopped",
                    stacklevel=2,
                )
            self.warned = True

    def _restore(self, states: Mapping[str, Any]) -> None:
        for name, part in self.parts.items():
            part.load_state_dict(states[name])

    def _set_aside(self, error: Exception) -> None:
        aside = self.path.with_name(f"{self.path.name}.unreadable")
        try:
            self.path.replace(aside)
            where = f"it is kept as {aside.name}"
        except OSError:
            where = "it stays where it is"
        warnings.warn(
            f"can't read the checkpoint {self.path} ({_first_line(error)}): {where}, and the run starts anew",
            stacklevel=3,
        )


def remove_checkpoint(path: Path) -> None:
    """Delete the checkpoint ``path``, and what killed processes left of it, if there is any."""
    for file in (path, *path.parent.glob(f"{glob.escape(path.name)}.*.part")):
        file.unlink(missing_ok=True)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
