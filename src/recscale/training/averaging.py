"""Means of a model's weights over the last part of training (Polyak and Juditsky 1992; Izmailov et al. 2018).

At a constant learning rate the weights wander around a minimum; their mean over the last steps lies nearer to it. A
window of share q that ends at step s holds the steps after ``(1 - q) s``, so that every point of a run, not only its
end, has an average of its own, and one run shows a whole curve of loss against examples.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import get_swa_multi_avg_fn

from recscale.models.ctr import CTRModel

FIRST_POINT = 1 / 32
"""The first point of a run's curve, as a share of its steps."""


def curve_steps(total: int, points: int) -> tuple[int, ...]:
    """At most ``points`` steps up to ``total``, evenly spaced in their logarithm, from ``FIRST_POINT`` of it on."""
    if not points:
        return ()
    shares = np.geomspace(FIRST_POINT, 1, points) if points > 1 else [1.0]
    return tuple(sorted({max(1, round(share * total)) for share in shares}))


def averaged_tensors(model: CTRModel) -> list[Tensor]:
    """Tables, dense parameters and batch norm's running statistics: what makes a prediction."""
    tables = model.embeddings.bags.table_weights().values()
    statistics = [buffer for buffer in model.tower.buffers() if buffer.is_floating_point()]
    return [tensor.detach() for tensor in (*tables, *model.dense_parameters(), *statistics)]


@dataclass(frozen=True)
class Window:
    """Steps (from 1) whose weights are averaged: ``start`` < step ≤ ``end``. Share 0 is the last step alone."""

    share: float
    end: int

    @property
    def start(self) -> int:
        return min(self.end - 1, round((1 - self.share) * self.end))


class WeightAverages:
    """Running means w̄ₙ = w̄ₙ₋₁ + (wₙ - w̄ₙ₋₁)/n of the weights of ``model`` over several windows of steps.

    Each is there from its window's first step until the step after its last. A window of share 0 costs nothing.
    """

    def __init__(self, model: CTRModel, windows: Iterable[Window]) -> None:
        self.windows = [window for window in dict.fromkeys(windows) if window.share]
        self.live = averaged_tensors(model) if self.windows else []
        self.means: dict[Window, list[Tensor]] = {}
        self.lerp = get_swa_multi_avg_fn()

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after ``step``, each step once, in order."""
        for window in self.windows:
            if window.start < step <= window.end:
                if step == window.start + 1:
                    self.means[window] = [tensor.clone() for tensor in self.live]
                else:
                    self.lerp(self.means[window], self.live, step - window.start - 1)
            elif step > window.end:
                self.means.pop(window, None)

    def has(self, window: Window) -> bool:
        return not window.share or window in self.means

    def import_results(self, window: Window) -> None:
        """Give the model the mean over ``window``; one that isn't there leaves it as it is."""
        if window in self.means:
            _copy(self.means[window], self.live)

    @contextlib.contextmanager
    def applied(self, window: Window) -> Iterator[None]:
        """The model with the mean over ``window``; afterwards it has its own weights again."""
        own = [tensor.clone() for tensor in self.live]
        self.import_results(window)
        try:
            yield
        finally:
            _copy(own, self.live)


@torch.no_grad()
def _copy(source: Iterable[Tensor], target: Iterable[Tensor]) -> None:
    for old, new in zip(target, source, strict=True):
        old.copy_(new)
