"""FinalMLP: two gated MLP streams and their bilinear fusion (Mao et al. 2023, arXiv 2304.00902)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block, mlp_block
from recscale.models.checks import BelowOne, Configured
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.layers import LOGIT_GAIN, MLP, hidden_layers, linear


@dataclass(frozen=True)
class FinalMLPConfig(TowerConfig, model="finalmlp", title="FinalMLP"):
    """Hidden layers ``first`` and ``second`` of the two streams; ``heads`` split their bilinear product.

    context_first, context_second   fields whose own embeddings gate a stream's inputs (feature selection) through
                                    an MLP with the hidden layers ``gate``; without any, the stream has no gate
                                    ("no_fs" in Wukong's Table 5)
    """

    first: tuple[int, ...] = (64, 64)
    second: tuple[int, ...] = (64, 64)
    heads: int = 4
    context_first: tuple[str, ...] = ()
    context_second: tuple[str, ...] = ()
    gate: tuple[int, ...] = (64,)
    batch_norm: bool = False
    dropout: BelowOne = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        contexts = self.context_first + self.context_second
        if twice := [name for name in contexts if contexts.count(name) > 1]:
            raise ValueError(f"context_first and context_second name the field {twice[0]!r} twice; allowed is once")
        if not self.first or not self.second or self.first[-1] % self.heads or self.second[-1] % self.heads:
            raise ValueError(f"both streams must end in a multiple of {self.heads} units, the number of heads")

    def extra_tables(self, fields: Sequence[str], d: int, n_tasks: int) -> tuple[tuple[str, ...], int]:
        return self.context_first + self.context_second, d

    def streams(self, shape: InputShape) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return (shape.n * shape.d, *self.first), (shape.n * shape.d, *self.second)

    def gates(self, shape: InputShape) -> list[tuple[int, ...]]:
        """Sizes of both streams' gates; () for none."""
        contexts = (self.context_first, self.context_second)
        return [(len(names) * shape.d, *self.gate, shape.n * shape.d) if names else () for names in contexts]

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        ends = self.first[-1] + self.second[-1]
        streams = mlp_block("streams", *self.streams(shape), batch_norm=self.batch_norm)
        macs = (ends + self.first[-1] * self.second[-1] // self.heads) * shape.n_tasks
        return (
            mlp_block("gates", *self.gates(shape)),
            replace(streams, parameters=streams.parameters + 2 * ends * self.batch_norm),
            Block("fusion", macs + 2 * shape.n_tasks, macs),
        )


class BilinearFusion(nn.Module):
    """``w_x·x + w_y·y + Σ_h x_hᵀ W_h y_h`` for every task: (batch, d_x), (batch, d_y) -> (batch, tasks)."""

    def __init__(self, d_x: int, d_y: int, heads: int, n_tasks: int) -> None:
        super().__init__()
        self.x, self.y = linear(d_x, n_tasks, gain=LOGIT_GAIN), linear(d_y, n_tasks, gain=LOGIT_GAIN)
        scale = LOGIT_GAIN * (heads / (d_x * d_y)) ** 0.5
        self.weight = nn.Parameter(torch.randn(heads, d_x // heads, d_y // heads * n_tasks) * scale)

    def forward(self, x: Float[Tensor, "batch d_x"], y: Float[Tensor, "batch d_y"]) -> Float[Tensor, "batch tasks"]:
        heads = len(self.weight)
        weighted = (x.unflatten(1, (heads, -1)).transpose(0, 1) @ self.weight).unflatten(2, (-1, self.x.out_features))
        product = weighted * y.unflatten(1, (heads, -1)).transpose(0, 1)[..., None]  # (heads, batch, d_y/heads, tasks)
        return self.x(x) + self.y(y) + product.sum((0, 2))


class FinalMLP(Configured, config=FinalMLPConfig):
    """X_0 (batch, n, d) and the contexts' own embeddings (batch, contexts, d) -> logits (batch, tasks)."""

    def __init__(self, config: FinalMLPConfig, shape: InputShape) -> None:
        super().__init__()
        self.contexts = len(config.context_first)
        options = {"batch_norm": config.batch_norm, "dropout": config.dropout}
        self.first, self.second = (hidden_layers(sizes, **options) for sizes in config.streams(shape))
        self.gate_first, self.gate_second = (MLP(sizes) if sizes else None for sizes in config.gates(shape))
        self.fusion = BilinearFusion(config.first[-1], config.second[-1], config.heads, shape.n_tasks)

    def forward(
        self, x: Float[Tensor, "batch n d"], context: Float[Tensor, "batch contexts d"] | None = None
    ) -> Float[Tensor, "batch tasks"]:
        first = second = x.flatten(1)
        if self.gate_first is not None:
            first = 2 * torch.sigmoid(self.gate_first(context[:, : self.contexts].flatten(1))) * first
        if self.gate_second is not None:
            second = 2 * torch.sigmoid(self.gate_second(context[:, self.contexts :].flatten(1))) * second
        return self.fusion(self.first(first), self.second(second))
