"""SASRec-style causal transformer (Kang & McAuley, arXiv 1808.09781), in the form the field has settled on.

    X ← X + Dropout(Attention(LayerNorm(X)) W_O)
    X ← X + Dropout(GELU(LayerNorm(X) W_1 + b_1) W_2 + b_2)

Deviations from the 2018 paper: normalisation before each block and once at the end (theirs normalises the queries
only), GELU and a feed-forward part four times as wide (theirs: ReLU, as wide as the model), no dropout on attention
weights, positions counted from a history's first item (theirs: from its last).
"""

from dataclasses import dataclass

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block
from recscale.models.attention import Dropout, PackedSequences, SequentialConfig, causal_attention, choose_heads
from recscale.models.checks import BelowOne, Configured


@dataclass(frozen=True)
class SASRecConfig(SequentialConfig, model="sasrec", title="SASRec"):
    """``expansion``: how many times ``width`` the feed-forward part is wide."""

    expansion: int = 4
    dropout: BelowOne = 0.2

    def layer_blocks(self, max_length: int) -> tuple[Block, ...]:
        """Parameters (with biases and norms) and MACs of one layer for one position."""
        d, f = self.width, self.expansion * self.width
        return (
            Block("attention", 4 * d * d + 4 * d + 2 * d, 4 * d * d + 2 * max_length * d),
            Block("feed-forward", 2 * d * f + f + d + 2 * d, 2 * d * f),
        )


class SASRecBlock(Configured, config=SASRecConfig):
    """One layer: (tokens, width) -> (tokens, width). Query, key and value come from one fused matrix."""

    def __init__(self, config: SASRecConfig, dropout: Dropout, max_length: int) -> None:
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
