"""The frame around every sequential model: item table, positions, blocks, and scores against the same item table."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Accounting, Block, total
from recscale.models.attention import Dropout, PackedSequences, SequentialConfig
from recscale.models.hstu import HSTUConfig
from recscale.models.llama import LLaMAConfig
from recscale.models.sasrec import SASRecConfig

SEQUENTIAL_MODELS: dict[str, type] = {config.model: config for config in (SASRecConfig, HSTUConfig, LLaMAConfig)}
"""Name -> configuration class."""


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
        self.blocks = nn.ModuleList(config.module(config, self.dropout, max_length) for _ in range(config.layers))
        self.norm = config.norm(config.width)
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


def account_sequential(
    config: SequentialConfig, n_items: int, max_length: int, loss: str = "sampled-softmax", negatives: int = 256
) -> Accounting:
    """Closed-form account of ``build_sequential_model(config, n_items, max_length)`` trained with ``loss``.

    An example is one predicted position, counted at the maximum length n in the convention of ``accounting``. Attention
    is the two full (n, n) products of a sequence, so n·d MACs each for a position: what a FLOP counter sees of the
    plain implementation. A causal kernel needs half. The item table and learned positions are embeddings; the product
    with the item table at the output (all of it, or the sampled rows and the true item) is compute of the dense part
    that owns no parameters.
    """
    scored = n_items if loss == "softmax" else min(negatives, n_items)
    layer = config.layer_blocks(max_length)
    layers = tuple(Block(b.name, config.layers * b.parameters, config.layers * b.macs) for b in layer)
    with torch.device("meta"):  # its parameters are counted, not made
        norm = sum(parameter.numel() for parameter in config.norm(config.width).parameters())
    tables = (n_items + config.learned_positions * max_length) * config.width
    return total((*layers, Block("final norm", norm, 0), Block("loss", 0, config.width * scored)), tables)
