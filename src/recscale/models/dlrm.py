"""DLRM: all pairwise dot products of the embeddings, then an MLP (Naumov et al. 2019, arXiv 1906.00091)."""

from dataclasses import dataclass
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor

from recscale.models.accounting import Block, mlp_block
from recscale.models.checks import BelowOne, Configured
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.layers import LOGIT_GAIN, MLP


@dataclass(frozen=True)
class DLRMConfig(TowerConfig, model="dlrm", title="DLRM"):
    """``top``: hidden layers of the top MLP. The bottom MLP is the front end's map of the dense features.

    interaction  "dot": the F(F-1)/2 distinct dot products beside the dense embeddings; "cat": the embeddings
                 themselves, which is what BARS's best Frappe and MovieLens configurations use
    """

    top: tuple[int, ...] = (64, 64)
    interaction: Annotated[str, ("dot", "cat")] = "dot"
    batch_norm: bool = False
    dropout: BelowOne = 0.0

    def sizes(self, shape: InputShape) -> tuple[int, ...]:
        pairs = shape.n * (shape.n - 1) // 2
        inputs = shape.n * shape.d if self.interaction == "cat" else pairs + shape.n_dense * shape.d
        if not inputs:
            raise ValueError("dlrm with interaction='dot' needs two fields or dense features; with one field use 'cat'")
        return (inputs, *self.top, shape.n_tasks)

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        # The batched product computes the full n × n matrix, and so counts the paper.
        dot = shape.n**2 * shape.d if self.interaction == "dot" else 0
        return (Block("dot products", 0, dot), mlp_block("top", self.sizes(shape), batch_norm=self.batch_norm))


class DLRM(Configured, config=DLRMConfig):
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
