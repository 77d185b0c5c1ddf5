"""AutoInt+: self-attention over the fields beside an MLP (Song et al. 2019, arXiv 1810.11921)."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block, mlp_block
from recscale.models.checks import BelowOne, Configured, Layers
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.layers import LOGIT_GAIN, MLP, linear


@dataclass(frozen=True)
class AutoIntConfig(TowerConfig, model="autoint+", title="AutoInt+"):
    """``layers`` of attention, ``width`` in all and split over ``heads``, and the ``deep`` MLP's hidden layers.

    ``deep=()`` leaves the MLP out: AutoInt without the plus. ``scale`` divides scores by √(width / heads).
    """

    layers: Layers = 2
    width: int = 32
    heads: int = 2
    deep: tuple[int, ...] = (64, 64)
    layer_norm: bool = True
    scale: bool = True
    batch_norm: bool = False
    dropout: BelowOne = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width % self.heads:
            raise ValueError(f"the attention width {self.width} is not a multiple of the number of heads {self.heads}")

    def inputs(self, d: int) -> list[int]:
        """Each layer's input width."""
        return [d, *[self.width] * (self.layers - 1)]

    def deep_sizes(self, shape: InputShape) -> tuple[int, ...]:
        return (shape.n * shape.d, *self.deep, shape.n_tasks) if self.deep else ()

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        weights = sum((3 + (inputs != self.width)) * inputs * self.width for inputs in self.inputs(shape.d))
        norms = 2 * self.width * self.layers if self.layer_norm else 0
        scores = 2 * shape.n**2 * self.width * self.layers
        return (
            Block("attention", weights + norms, shape.n * weights + scores),
            mlp_block("output", (shape.n * self.width, shape.n_tasks)),
            mlp_block("deep", self.deep_sizes(shape), batch_norm=self.batch_norm),
        )


class FieldAttention(nn.Module):
    """``ReLU(LN?(softmax(Q Kᵀ) V + X))`` over fields: (batch, n, inputs) -> (batch, n, width); no biases.

    Where the widths differ the residual X is projected.
    """

    def __init__(self, inputs: int, config: AutoIntConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.scale = (config.width // config.heads) ** -0.5 if config.scale else 1.0
        self.qkv = linear(inputs, 3 * config.width, bias=False)
        self.project = linear(inputs, config.width, bias=False) if inputs != config.width else nn.Identity()
        self.norm = nn.LayerNorm(config.width) if config.layer_norm else nn.Identity()
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Float[Tensor, "batch n inputs"]) -> Float[Tensor, "batch n width"]:
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # (batch, heads, n, width/heads)
        attention = self.dropout(torch.softmax(self.scale * (q @ k.mT), dim=-1))
        mixed = (attention @ v).transpose(1, 2).flatten(2)
        return torch.relu(self.norm(mixed + self.project(x)))


class AutoInt(Configured, config=AutoIntConfig):
    """X_0 (batch, n, d) -> logits (batch, tasks): a linear layer on the attended fields, plus the MLP on X_0."""

    def __init__(self, config: AutoIntConfig, shape: InputShape) -> None:
        super().__init__()
        self.attention = nn.Sequential(*(FieldAttention(inputs, config) for inputs in config.inputs(shape.d)))
        self.output = linear(shape.n * config.width, shape.n_tasks, gain=LOGIT_GAIN)
        options = {"batch_norm": config.batch_norm, "dropout": config.dropout, "output_gain": LOGIT_GAIN}
        self.deep = MLP(config.deep_sizes(shape), **options) if config.deep else None

    def forward(self, x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch tasks"]:
        logits = self.output(self.attention(x).flatten(1))
        return logits if self.deep is None else logits + self.deep(x.flatten(1))
