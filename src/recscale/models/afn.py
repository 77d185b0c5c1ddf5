"""AFN+: products of powers of the embeddings, learnt as logarithms, beside an MLP (Cheng et al. 2020, 1909.03276)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block, mlp_block
from recscale.models.checks import BelowOne, Configured
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.layers import LOGIT_GAIN, MLP, linear

SMALLEST = 1e-5
"""|x| is clamped here before the logarithm (FuxiCTR's value; the paper's 1e-7 trains worse)."""


@dataclass(frozen=True)
class AFNConfig(TowerConfig, model="afn+", title="AFN+"):
    """``neurons`` logarithmic neurons, the hidden layers ``afn`` on top of them, and those of the ``deep`` MLP beside.

    The MLP has embedding tables of its own, as in the paper; ``deep=()`` is AFN without the plus. The exponents start
    as N(0, 1/n), or with ``xavier_exponents`` as N(0, 2/(n + neurons)), as in FuxiCTR: all neurons near a constant 1.
    """

    neurons: int = 16
    afn: tuple[int, ...] = (64,)
    deep: tuple[int, ...] = (64, 64)
    batch_norm: bool = False
    afn_dropout: BelowOne = 0.0
    deep_dropout: BelowOne = 0.0
    xavier_exponents: bool = False

    def extra_tables(self, fields: Sequence[str], d: int, n_tasks: int) -> tuple[tuple[str, ...], int]:
        return (tuple(fields), d) if self.deep else ((), 0)

    def afn_sizes(self, shape: InputShape) -> tuple[int, ...]:
        return (self.neurons * shape.d, *self.afn, shape.n_tasks)

    def deep_sizes(self, shape: InputShape) -> tuple[int, ...]:
        return (shape.n_extra * shape.d, *self.deep, shape.n_tasks) if self.deep else ()

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        logarithmic, tasks = shape.n * self.neurons, shape.n_tasks
        return (
            Block("logarithmic", logarithmic + 2 * shape.n + 2 * self.neurons, logarithmic * shape.d),
            mlp_block("afn", self.afn_sizes(shape), batch_norm=self.batch_norm),
            mlp_block("deep", self.deep_sizes(shape), batch_norm=self.batch_norm),
            mlp_block("output", (2 * tasks, tasks) if self.deep else ()),
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


class AFN(Configured, config=AFNConfig):
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
