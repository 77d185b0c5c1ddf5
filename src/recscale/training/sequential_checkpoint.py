"""A long run's memory on disk: killed and started again, it goes on where it was and ends with the same bits."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

INTERVAL = 600.0
"""Seconds between two checkpoints: a run shorter than this writes none."""


class Checkpoint:
    """The state of ``parts`` in the file ``path`` (None: never written). A file of another ``recipe`` is ignored.

    Each part has ``state_dict()``, everything of it that changes from epoch to epoch as tensors and plain values, and
    ``load_state_dict(state)``.
    """

    def __init__(self, path: Path | None, recipe: str, parts: Mapping[str, Any]) -> None:
        self.path, self.recipe, self.parts = path, recipe, parts
        self.saved = time.perf_counter()

    def load(self) -> int:
        """Take up the file's state; the number of epochs it has behind it, 0 without a file."""
        if self.path is None or not self.path.exists():
            return 0
        content = torch.load(self.path, map_location="cpu", weights_only=True)
        if content["recipe"] != self.recipe:
            return 0
        for name, part in self.parts.items():
            part.load_state_dict(content["parts"][name])
        return content["epoch"]

    def save(self, epoch: int) -> None:
        """Write the state after ``epoch`` if it is time to. The file is always whole: written aside, then renamed."""
        if self.path is None or time.perf_counter() - self.saved < INTERVAL:
            return
        parts = {name: part.state_dict() for name, part in self.parts.items()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_suffix(".part")
        torch.save({"recipe": self.recipe, "epoch": epoch, "parts": parts}, aside)
        aside.replace(self.path)
        self.saved = time.perf_counter()

    def remove(self) -> None:
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def remove_checkpoint(path: Path) -> None:
    """Delete the checkpoint ``path``, where there is one: its run's record is kept."""
    path.unlink(missing_ok=True)
