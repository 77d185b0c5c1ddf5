"""SASRec-style causal transformer (Kang & McAuley, arXiv 1808.09781), in the form the field has settled on.

    X ← X + Dropout(Attention(LayerNorm(X)) W_O)
    X ← X + Dropout(GELU(LayerNorm(X) W_1 + b_1) W_2 + b_2)

Deviations from the 2018 paper: normalisation before each block and once at the end (theirs normalises the queries
only), GELU and a feed-forward part four times as wide (theirs: ReLU, as wide as the model), no dropout on attention
weights, positions counted from a history's first item (theirs: from its last).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block
from recscale.models.attention import Dropout, PackedSequences, causal_attention, check_heads, choose_heads
from recscale.models.checks import BELOW_ONE, LAYERS, check_settings


@dataclass(frozen=True)
class SASRecConfig:
    """``layers`` (H) blocks of ``width`` (d_emb, also the item embeddings' size); ``heads`` None: of size near 32."""

    model: ClassVar[str] = "sasrec"
    title: ClassVar[str] = "SASRec"
    VERSION: ClassVar[int] = 1
    learned_positions: ClassVar[bool] = True

    width: int = 64
    layers: int = 2
    heads: int | None = None
    expansion: int = 4
    dropout: float = 0.2

    def __post_init__(self) -> None:
        check_settings(self, layers=LAYERS, dropout=BELOW_ONE)
        check_heads(self.width, self.heads)

    def block(self, dropout: Dropout, max_length: int) -> nn.Module:
        return SASRecBlock(self, dropout)

    def final_norm(self) -> nn.Module:
        return nn.LayerNorm(self.width)

    def layer_blocks(self, max_length: int) -> tuple[Block, ...]:
        """Parameters (with biases and norms) and MACs of one layer for one position."""
        d, f = self.width, self.expansion * self.width
        return (
            Block("attention", 4 * d * d + 4 * d + 2 * d, 4 * d * d + 2 * max_length * d),
            Block("feed-forward", 2 * d * f + f + d + 2 * d, 2 * d * f),
        )


class SASRecBlock(nn.Module):
    """One layer: (tokens, width) -> (tokens, width). Query, key and value come from one fused matrix."""

    def __init__(self, config: SASRecConfig, dropout: Dropout) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads or choose_heads(width)
        self.attention_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, config.expansion * width)
        self.down = nn.Linear(config.expansion * width, width)
        self.dropout = dropout

    def forward(self, x: Float[Tensor, "tokens width"], batch: PackedSequences) -> Float[Tensor, "tokens width"]:
        mixed = causal_attention(self.qkv(self.attention_norm(x)), batch.bundles, self.heads)
        x = x + self.dropout(self.output(mixed))
        return x + self.dropout(self.down(F.gelu(self.up(self.feed_forward_norm(x)))))
