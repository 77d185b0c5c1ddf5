"""Adam for the dense part, row-wise Adagrad (or Adam) for the tables, one schedule for both."""

from collections.abc import Iterable

import torch
from torch import nn

from recscale.models.bags import ADAGRAD_EPS
from recscale.models.ctr import CTRModel

SCHEDULES = ("constant", "linear")


def rate_factor(step: int, warmup: int, total: int, schedule: str) -> float:
    """Share of the learning rate at ``step`` (from 0): a linear rise over ``warmup`` steps, then 1, or with "linear" a
    linear fall that would reach 0 at step ``total``."""
    if step < warmup:
        return (step + 1) / warmup
    return 1.0 if schedule == "constant" else max(0.0, (total - step) / max(1, total - warmup))


class RowWiseAdagrad(torch.optim.Optimizer):
    """Adagrad with one accumulator a row (Wukong's choice for tables): for row r with gradient g_r,

        s_r ← s_r + mean(g_r²),    w_r ← w_r - rate · g_r / (√s_r + ε)

    Equal to FBGEMM's ``EXACT_ROWWISE_ADAGRAD`` to rounding. Gradients may be dense or sparse.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, eps: float = ADAGRAD_EPS) -> None:
        super().__init__(parameters, {"lr": lr, "eps": eps})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["sum"] = weight.new_zeros(len(weight))
                if weight.grad.is_sparse:
                    self._sparse_step(weight, state["sum"], group)
                else:
                    sums = state["sum"].add_(weight.grad.square().mean(1))
                    weight.addcdiv_(weight.grad, sums.sqrt().add_(group["eps"])[:, None], value=-group["lr"])

    @staticmethod
    def _sparse_step(weight: nn.Parameter, sums: torch.Tensor, group: dict) -> None:
        gradient = weight.grad.coalesce()
        rows, values = gradient.indices()[0], gradient.values()
        touched = sums[rows] + values.square().mean(1)
        sums[rows] = touched
        weight.index_add_(0, rows, values / (touched.sqrt() + group["eps"])[:, None], alpha=-group["lr"])


class Optimisers:
    """The two optimisers of a CTR model behind one ``begin`` – backward – ``finish``.

    A fused table optimiser works inside the backward pass, so its rate has to be set before. Gradient clipping then
    sees the dense part only (a row-wise Adagrad step is bounded by its rate anyway).
    """

    def __init__(self, model: CTRModel, training) -> None:
        """``training``: a ``CTRTraining``."""
        self.clip = training.gradient_clip
        self.dense_parameters = model.dense_parameters()
        self.dense = torch.optim.Adam(self.dense_parameters, training.dense_learning_rate, fused=True)
        self.tables = model.embeddings.bags.fused_optimiser()
        self.fused = self.tables is not None
        if not self.fused:
            kind = torch.optim.Adam if training.table_optimiser == "adam" else RowWiseAdagrad
            self.tables = kind(model.table_parameters(), training.sparse_learning_rate)
        self.rates = (training.dense_learning_rate, training.sparse_learning_rate)

    def begin(self, factor: float) -> None:
        """Set both rates to ``factor`` times their own and forget the last gradients."""
        for optimiser, rate in zip((self.dense, self.tables), self.rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = factor * rate
        self.dense.zero_grad()
        if self.fused:
            self.tables.step()  # hands the rate to the kernel; the update itself happens in the backward pass
        else:
            self.tables.zero_grad()

    def finish(self) -> None:
        """Clip and apply the gradients of the backward pass."""
        if self.clip:
            nn.utils.clip_grad_norm_(self.dense_parameters, self.clip)
        self.dense.step()
        if not self.fused:
            self.tables.step()
