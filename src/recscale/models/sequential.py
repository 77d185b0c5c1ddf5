"""The frame around every sequential model: item table, positions, blocks, and scores against the same item table."""

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block
from recscale.models.attention import Dropout, PackedSequences
from recscale.models.hstu import HSTUConfig
from recscale.models.llama import LLaMAConfig
from recscale.models.sasrec import SASRecConfig

SEQUENTIAL_MODELS: dict[str, type] = {config.model: config for config in (SASRecConfig, HSTUConfig, LLaMAConfig)}
"""Name -> configuration class."""


@runtime_checkable
class SequentialConfig(Protocol):
    """What a model's configuration offers besides its own settings."""

    model: str
    learned_positions: bool
    width: int
    layers: int
    dropout: float

    def block(self, dropout: Dropout, max_length: int) -> nn.Module: ...

    def final_norm(self) -> nn.Module: ...

    def layer_blocks(self, max_length: int) -> tuple[Block, ...]: ...


class SequentialModel(nn.Module):
    """``hidden = Norm(Block_H(... Block_1(Dropout(E[items] √d + P[positions]))))``, scores = ``hidden Eᵀ``.

    E: (n_items, d), used at both ends (tied). P: (max_length, d), learned, only where the model's attention does not
    know positions by itself. The state after item t predicts item t + 1, at every t at once.
    """

    def __init__(self, config: SequentialConfig, n_items: int, max_length: int) -> None:
        super().__init__()
        if n_items < 1 or max_length < 1:
            raise ValueError(f"n_items is {n_items} and max_length is {max_length}; both must be at least 1")
        self.config, self.n_items, self.max_length = config, n_items, max_length
        self.items = nn.Embedding(n_items, config.width)
        self.positions = nn.Embedding(max_length, config.width) if config.learned_positions else None
        self.dropout = Dropout(config.dropout)
        self.blocks = nn.ModuleList(config.block(self.dropout, max_length) for _ in range(config.layers))
        self.norm = config.final_norm()
        self.apply(_initialise)
        # The residual stream keeps its scale at any depth: GPT-2's rule, for two branches a layer. HSTU has one, and
        # starts smaller by √2.
        for block in self.blocks:
            for matrix in (block.output, block.down) if hasattr(block, "down") else (block.output,):
                nn.init.normal_(matrix.weight, std=0.02 / (2 * config.layers) ** 0.5)

    def forward(self, batch: PackedSequences) -> Float[Tensor, "tokens width"]:
        x = self.items(batch.items) * self.config.width**0.5
        if self.positions is not None:
            x = x + self.positions(batch.positions())
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, batch)
        return self.norm(x)

    def scores(self, hidden: Float[Tensor, "... width"]) -> Float[Tensor, "... n_items"]:
        return hidden @ self.items.weight.T


def _initialise(module: nn.Module) -> None:
    """N(0, 0.02²) for matrices and tables, zero biases."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def build_sequential_model(
    config: SequentialConfig, n_items: int, max_length: int, *, seed: int, device: str | torch.device = "cpu"
) -> SequentialModel:
    """A freshly initialised model on ``device``. The same ``seed`` gives the same weights on every device."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SequentialModel(config, n_items, max_length)
    model.dropout.seed(seed, torch.device(device))
    return model.to(device)
