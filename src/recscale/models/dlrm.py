"""DLRM: all pairwise dot products of the embeddings, then an MLP (Naumov et al. 2019, arXiv 1906.00091)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block, mlp_macs, mlp_parameters
from recscale.models.checks import BELOW_ONE, check_settings
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.layers import LOGIT_GAIN, MLP


@dataclass(frozen=True)
class DLRMConfig(TowerConfig):
    """``top``: hidden layers of the top MLP. The bottom MLP is the front end's map of the dense features.

    interaction  "dot": the F(F-1)/2 distinct dot products beside the dense embeddings; "cat": the embeddings
                 themselves, which is what BARS's best Frappe and MovieLens configurations use
    """

    model: ClassVar[str] = "dlrm"
    title: ClassVar[str] = "DLRM"
    VERSION: ClassVar[int] = 1

    top: tuple[int, ...] = (64, 64)
    interaction: str = "dot"
    batch_norm: bool = False
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_settings(self, interaction=("dot", "cat"), dropout=BELOW_ONE)

    def sizes(self, shape: InputShape) -> tuple[int, ...]:
        pairs = shape.n * (shape.n - 1) // 2
        inputs = shape.n * shape.d if self.interaction == "cat" else pairs + shape.n_dense * shape.d
        if not inputs:
            raise ValueError("dlrm with interaction='dot' needs two fields or dense features; with one field use 'cat'")
        return (inputs, *self.top, shape.n_tasks)

    def tower(self, shape: InputShape) -> "DLRM":
        return DLRM(self, shape)

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        sizes = self.sizes(shape)
        # The batched product computes the full n × n matrix, and so counts the paper.
        dot = shape.n**2 * shape.d if self.interaction == "dot" else 0
        return (Block("dot products", 0, dot), Block("top", mlp_parameters(sizes, self.batch_norm), mlp_macs(sizes)))


class DLRM(nn.Module):
    """X_0 (batch, n, d) -> logits (batch, tasks); further tasks are further outputs of the top MLP."""

    def __init__(self, config: DLRMConfig, shape: InputShape) -> None:
        super().__init__()
        self.interaction = config.interaction
        self.n_dense = shape.n_dense
        below = torch.tril_indices(shape.n, shape.n, offset=-1)
        self.register_buffer("pairs", below[0] * shape.n + below[1], persistent=False)
        options = {"batch_norm": config.batch_norm, "dropout": config.dropout, "output_gain": LOGIT_GAIN}
        self.top = MLP(config.sizes(shape), **options)

    def forward(self, x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch tasks"]:
        if self.interaction == "cat":
            return self.top(x.flatten(1))
        dots = (x @ x.mT).flatten(1).index_select(1, self.pairs)  # (batch, n(n-1)/2)
        dense = x[:, x.shape[1] - self.n_dense :].flatten(1)
        return self.top(torch.cat([dense, dots], dim=1))
