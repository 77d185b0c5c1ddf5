"""MaskNet: blocks that multiply their input by a mask computed from the embeddings (Wang et al. 2021, 2102.07619)."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block, mlp_block
from recscale.models.checks import BelowOne, Configured, Layers, Positive
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.layers import LOGIT_GAIN, MLP, linear


@dataclass(frozen=True)
class MaskNetConfig(TowerConfig, model="masknet", title="MaskNet"):
    """The parallel form: ``mask_blocks`` blocks of ``block_width`` side by side, then the ``deep`` MLP's hidden layers.

    The mask's hidden layer is ``reduction`` times as wide as the flattened embeddings. Wukong found the parallel form
    stronger than the serial one.
    """

    mask_blocks: Layers = 2
    block_width: int = 32
    reduction: Positive = 0.5
    deep: tuple[int, ...] = (64, 64)
    embedding_norm: bool = True
    block_norm: bool = True
    dropout: BelowOne = 0.0

    def mask_sizes(self, shape: InputShape) -> tuple[int, ...]:
        width = shape.n * shape.d
        return (width, max(1, int(width * self.reduction)), width)

    def deep_sizes(self, shape: InputShape) -> tuple[int, ...]:
        return (self.mask_blocks * self.block_width, *self.deep, shape.n_tasks)

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        hidden = shape.n * shape.d * self.block_width
        norm = 2 * self.block_width if self.block_norm else 0
        return (
            Block("embedding norm", 2 * shape.n * shape.d if self.embedding_norm else 0, 0),
            mlp_block("masks", self.mask_sizes(shape), count=self.mask_blocks),
            Block("blocks", self.mask_blocks * (hidden + norm), self.mask_blocks * hidden),
            mlp_block("deep", self.deep_sizes(shape)),
        )


class MaskBlock(nn.Module):
    """``ReLU(LN(W (mask(E) ⊙ H)))``: embeddings E and hidden H, both (batch, D) -> (batch, width)."""

    def __init__(self, mask: tuple[int, ...], config: MaskNetConfig) -> None:
        super().__init__()
        self.mask = MLP(mask)
        norm = nn.LayerNorm(config.block_width) if config.block_norm else nn.Identity()
        hidden = linear(mask[0], config.block_width, gain=2**0.5, bias=False)
        self.hidden = nn.Sequential(hidden, norm, nn.ReLU(), nn.Dropout(config.dropout))

    def forward(
        self, embeddings: Float[Tensor, "batch D"], hidden: Float[Tensor, "batch D"]
    ) -> Float[Tensor, "batch width"]:
        return self.hidden(self.mask(embeddings) * hidden)


class MaskNet(Configured, config=MaskNetConfig):
    """X_0 (batch, n, d) -> logits (batch, tasks). Each embedding is normalised with scale and shift of its own."""

    def __init__(self, config: MaskNetConfig, shape: InputShape) -> None:
        super().__init__()
        self.scale = self.shift = None
        if config.embedding_norm:
            self.scale = nn.Parameter(torch.ones(shape.n, shape.d))
            self.shift = nn.Parameter(torch.zeros(shape.n, shape.d))
        self.mask_blocks = nn.ModuleList(MaskBlock(config.mask_sizes(shape), config) for _ in range(config.mask_blocks))
        self.deep = MLP(config.deep_sizes(shape), dropout=config.dropout, output_gain=LOGIT_GAIN)

    def forward(self, x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch tasks"]:
        flat = hidden = x.flatten(1)
        if self.scale is not None:
            normed = nn.functional.layer_norm(x, x.shape[-1:])
            hidden = torch.addcmul(self.shift, normed, self.scale).flatten(1)
        return self.deep(torch.cat([block(flat, hidden) for block in self.mask_blocks], dim=1))
