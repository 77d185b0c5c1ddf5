"""AFN+: products of powers of the embeddings, learnt as logarithms, beside an MLP (Cheng et al. 2020, 1909.03276)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block, mlp_macs, mlp_parameters
from recscale.models.checks import BELOW_ONE, check_settings
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.layers import LOGIT_GAIN, MLP, linear

SMALLEST = 1e-5
"""|x| is clamped here before the logarithm (FuxiCTR's value; the paper's 1e-7 trains worse)."""


@dataclass(frozen=True)
class AFNConfig(TowerConfig):
    """``neurons`` logarithmic neurons, the hidden layers ``afn`` on top of them, and those of the ``deep`` MLP beside.

    The MLP has embedding tables of its own, as in the paper; ``deep=()`` is AFN without the plus. The exponents start
    as N(0, 1/n), or with ``xavier_exponents`` as N(0, 2/(n + neurons)), as in FuxiCTR: all neurons near a constant 1.
    """

    model: ClassVar[str] = "afn+"
    title: ClassVar[str] = "AFN+"
    VERSION: ClassVar[int] = 1

    neurons: int = 16
    afn: tuple[int, ...] = (64,)
    deep: tuple[int, ...] = (64, 64)
    batch_norm: bool = False
    afn_dropout: float = 0.0
    deep_dropout: float = 0.0
    xavier_exponents: bool = False

    def __post_init__(self) -> None:
        check_settings(self, afn_dropout=BELOW_ONE, deep_dropout=BELOW_ONE)

    def extra_tables(self, fields: Sequence[str], d: int, n_tasks: int) -> tuple[tuple[str, ...], int]:
        return (tuple(fields), d) if self.deep else ((), 0)

    def afn_sizes(self, shape: InputShape) -> tuple[int, ...]:
        return (self.neurons * shape.d, *self.afn, shape.n_tasks)

    def deep_sizes(self, shape: InputShape) -> tuple[int, ...]:
        return (shape.n_extra * shape.d, *self.deep, shape.n_tasks) if self.deep else ()

    def tower(self, shape: InputShape) -> "AFN":
        return AFN(self, shape)

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        afn, deep = self.afn_sizes(shape), self.deep_sizes(shape)
        logarithmic, tasks = shape.n * self.neurons, shape.n_tasks
        sums = (2 * tasks, tasks) if self.deep else ()
        return (
            Block("logarithmic", logarithmic + 2 * shape.n + 2 * self.neurons, logarithmic * shape.d),
            Block("afn", mlp_parameters(afn, self.batch_norm), mlp_macs(afn)),
            Block("deep", mlp_parameters(deep, self.batch_norm), mlp_macs(deep)),
            Block("output", mlp_parameters(sums), mlp_macs(sums)),
        )


class LogarithmicLayer(nn.Module):
    """``exp(W ln|X|)``: neuron j is ∏_i |x_i|^{w_ji}, for each of the d columns: (batch, n, d) -> (batch, neurons, d).

    Batch norm before and after, over batch and columns.
    """

    def __init__(self, n: int, neurons: int, *, xavier: bool = False) -> None:
        super().__init__()
        self.before, self.after = nn.BatchNorm1d(n), nn.BatchNorm1d(neurons)
        self.weight = linear(n, neurons, bias=False, gain=(2 * n / (n + neurons)) ** 0.5 if xavier else 1.0)

    def forward(self, x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch neurons d"]:
        logs = self.before(x.abs().clamp(min=SMALLEST).log())
        return self.after(self.weight(logs.mT).mT.exp())


class AFN(nn.Module):
    """X_0 (batch, n, d) and the MLP's own embeddings (batch, fields, d) -> logits (batch, tasks)."""

    def __init__(self, config: AFNConfig, shape: InputShape) -> None:
        super().__init__()
        options = {"batch_norm": config.batch_norm, "output_gain": LOGIT_GAIN}
        self.logarithmic = LogarithmicLayer(shape.n, config.neurons, xavier=config.xavier_exponents)
        self.afn = MLP(config.afn_sizes(shape), dropout=config.afn_dropout, **options)
        self.deep = self.output = None
        if config.deep:
            self.deep = MLP(config.deep_sizes(shape), dropout=config.deep_dropout, **options)
            self.output = linear(2 * shape.n_tasks, shape.n_tasks)

    def forward(
        self, x: Float[Tensor, "batch n d"], own: Float[Tensor, "batch fields d"] | None = None
    ) -> Float[Tensor, "batch tasks"]:
        logits = self.afn(self.logarithmic(x).flatten(1))
        if self.deep is None:
            return logits
        return self.output(torch.cat([logits, self.deep(own.flatten(1))], dim=1))
