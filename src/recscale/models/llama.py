"""LLaMA-style model (Touvron et al., arXiv 2302.13971, §2.2) over items: RMSNorm, rotary positions, SwiGLU, no biases.

    X ← X + Dropout(Attention(RoPE(RMSNorm(X) W_QK), RMSNorm(X) W_V) W_O)
    X ← X + Dropout((SiLU(RMSNorm(X) W_1) ⊙ RMSNorm(X) W_3) W_2),    W_1, W_3: d × h

with h the multiple of 32 next above 8d/3, as the Performance Law's authors choose it, so that a layer has about 12 d²
weights like the other transformer, and some more where d is small (16 d² at 16, 13 d² at 32 and 64).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from recscale.models.accounting import Block
from recscale.models.attention import Dropout, PackedSequences, SequentialConfig, causal_attention, choose_heads
from recscale.models.checks import BelowOne, Configured, Positive


@dataclass(frozen=True)
class LLaMAConfig(SequentialConfig, model="llama", title="LLaMA2"):
    """``rope_base``: of the rotary positions' frequencies (``LLaMABlock.rotate``)."""

    learned_positions: ClassVar[bool] = False
    norm: ClassVar[type[nn.Module]] = nn.RMSNorm

    rope_base: Positive = 10_000.0
    dropout: BelowOne = 0.2

    @property
    def hidden(self) -> int:
        """Width h of the SwiGLU."""
        return 32 * -(-(8 * self.width // 3) // 32)

    def layer_blocks(self, max_length: int) -> tuple[Block, ...]:
        """Parameters (with norms) and MACs of one layer for one position."""
        d, h = self.width, self.hidden
        return (
            Block("attention", 4 * d * d + d, 4 * d * d + 2 * max_length * d),
            Block("feed-forward", 3 * d * h + d, 3 * d * h),
        )


class LLaMABlock(Configured, config=LLaMAConfig):
    """One layer: (tokens, width) -> (tokens, width)."""

    def __init__(self, config: LLaMAConfig, dropout: Dropout, max_length: int) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads or choose_heads(width)
        self.attention_norm = nn.RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.feed_forward_norm = nn.RMSNorm(width)
        self.gate_up = nn.Linear(width, 2 * config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, width, bias=False)
        self.dropout = dropout
        pairs = width // self.heads // 2
        frequency = config.rope_base ** (-torch.arange(pairs) / max(pairs, 1))
        angle = torch.arange(max_length)[:, None] * frequency  # (max_length, pairs)
        self.register_buffer("rotation", torch.stack([angle.cos(), angle.sin()]), persistent=False)

    def forward(self, x: Float[Tensor, "tokens width"], batch: PackedSequences) -> Float[Tensor, "tokens width"]:
        qkv = self.rotate(self.qkv(self.attention_norm(x)), batch.positions())
        x = x + self.dropout(self.output(causal_attention(qkv, batch.bundles, self.heads)))
        gate, up = self.gate_up(self.feed_forward_norm(x)).chunk(2, dim=-1)
        return x + self.dropout(self.down(F.silu(gate) * up))

    def rotate(
        self, qkv: Float[Tensor, "tokens qkv_width"], positions: Int[Tensor, " tokens"]
    ) -> Float[Tensor, "tokens qkv_width"]:
        """Turn pair (x_i, x_{i + size//2}) of every query and key head by position · base^(−i/⌊size/2⌋) (an odd
        size's last element stays)."""
        qk, v = qkv.view(len(qkv), 3, self.heads, -1).tensor_split([2], dim=1)
        cos, sin = self.rotation[:, positions, None, None]  # each (tokens, 1, 1, pairs)
        pairs = cos.shape[-1]
        first, second, rest = qk.tensor_split([pairs, 2 * pairs], dim=-1)
        turned = torch.cat([first * cos - second * sin, second * cos + first * sin, rest], dim=-1)
        return torch.cat([turned, v], dim=1).flatten(1)
