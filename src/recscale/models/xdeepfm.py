"""xDeepFM: a compressed interaction network, an MLP and a first-order part (Lian et al. 2018, arXiv 1803.05170)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block, mlp_block
from recscale.models.checks import BelowOne, Configured
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.layers import LOGIT_GAIN, MLP, linear


@dataclass(frozen=True)
class XDeepFMConfig(TowerConfig, model="xdeepfm", title="xDeepFM"):
    """Feature maps of each ``cin`` layer and hidden layers of the ``deep`` MLP; ``deep=()`` leaves the MLP out.

    The first-order part is one weight per value of every categorical field (and task).
    """

    cin: tuple[int, ...] = (16, 16)
    deep: tuple[int, ...] = (64, 64)
    batch_norm: bool = False
    dropout: BelowOne = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.cin:
            raise ValueError("cin is (); it must have at least one layer")

    def extra_tables(self, fields: Sequence[str], d: int, n_tasks: int) -> tuple[tuple[str, ...], int]:
        return tuple(fields), n_tasks

    def deep_sizes(self, shape: InputShape) -> tuple[int, ...]:
        return (shape.n * shape.d, *self.deep, shape.n_tasks) if self.deep else ()

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        """CIN: the compression is counted, the element-wise outer product before it (H_{t-1} n d) is free."""
        cin = mlp_block("CIN", *((previous * shape.n, maps) for previous, maps in pairwise((shape.n, *self.cin))))
        return (
            replace(cin, macs=shape.d * cin.macs),
            mlp_block("output", (sum(self.cin), shape.n_tasks)),
            mlp_block("deep", self.deep_sizes(shape), batch_norm=self.batch_norm),
        )


class CompressedInteraction(nn.Module):
    """Layer t: ``X_t[h] = Σ_ij W[h, ij] X_{t-1}[i] ⊙ X_0[j] + b[h]``; all layers' maps, summed over d, leave together.

    X_0 (batch, n, d) -> (batch, Σ maps). As in FuxiCTR there is no activation between layers.
    """

    def __init__(self, n: int, maps: Sequence[int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(linear(previous * n, count) for previous, count in pairwise((n, *maps)))

    def forward(self, x0: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch maps"]:
        base = x0.mT  # (batch, d, n)
        maps, pooled = base, []
        for layer in self.layers:
            products = (maps[..., None] * base[..., None, :]).flatten(2)  # (batch, d, previous · n)
            maps = layer(products)
            pooled.append(maps.sum(1))
        return torch.cat(pooled, dim=1)


class XDeepFM(Configured, config=XDeepFMConfig):
    """X_0 (batch, n, d) and first-order weights (batch, fields, tasks) -> logits (batch, tasks)."""

    def __init__(self, config: XDeepFMConfig, shape: InputShape) -> None:
        super().__init__()
        self.cin = CompressedInteraction(shape.n, config.cin)
        self.output = linear(sum(config.cin), shape.n_tasks, gain=LOGIT_GAIN)
        options = {"batch_norm": config.batch_norm, "dropout": config.dropout, "output_gain": LOGIT_GAIN}
        self.deep = MLP(config.deep_sizes(shape), **options) if config.deep else None

    def forward(
        self, x: Float[Tensor, "batch n d"], first_order: Float[Tensor, "batch fields tasks"]
    ) -> Float[Tensor, "batch tasks"]:
        logits = first_order.sum(1) + self.output(self.cin(x))
        return logits if self.deep is None else logits + self.deep(x.flatten(1))
