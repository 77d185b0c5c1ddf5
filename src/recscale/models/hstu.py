"""HSTU-style model (Zhai et al., arXiv 2402.17152, §3): gated pointwise attention, no softmax and no feed-forward part.

    U, V, Q, K = split(SiLU(LayerNorm(X) W_1))
    Y          = SiLU(Q Kᵀ + r^p + r^t) V / n                    per head, causal, n = maximum length
    X          ← X + Dropout(LayerNorm(Y) ⊙ U) W_2

``r^p`` depends on i − j and ``r^t`` on the time between items i and j, in logarithmic buckets; both are one number a
layer and bucket, shared by the heads. Dividing by n and not by the row's weight keeps how *much* of the history
matches, which a softmax normalises away.

Deviations: times are those of items already seen (the authors' code uses the time of the item to be predicted as
well), and data without timestamps has no ``r^t``. Learned absolute positions are added to the input, as in the
authors' code. Scores are plain dot products with the item table, as for the other models (the authors': of normalised
vectors, at a temperature of 0.05).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from recscale.models.accounting import Block
from recscale.models.attention import Dropout, PackedSequences, SequentialConfig, choose_heads, per_bundle
from recscale.models.checks import BelowOne, Configured

BUCKET = 0.301
"""Width of a time bucket in ln(seconds), as in the authors' code: each is a third longer than the one before."""


@dataclass(frozen=True)
class HSTUConfig(SequentialConfig, model="hstu", title="HSTU"):
    """``time_buckets``: how many numbers ``r^t`` can be."""

    time_buckets: int = 128
    dropout: BelowOne = 0.2

    def layer_blocks(self, max_length: int) -> tuple[Block, ...]:
        """Parameters (with norms and relative biases) and MACs of one layer for one position."""
        d = self.width
        biases = max_length + self.time_buckets
        return (Block("attention", 5 * d * d + 4 * d + biases, 5 * d * d + 2 * max_length * d),)


class HSTUBlock(Configured, config=HSTUConfig):
    """One layer: (tokens, width) -> (tokens, width)."""

    def __init__(self, config: HSTUConfig, dropout: Dropout, max_length: int) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads or choose_heads(width)
        self.norm = nn.LayerNorm(width)
        self.uvqk = nn.Linear(width, 4 * width, bias=False)
        self.position_bias = nn.Parameter(torch.zeros(max_length))
        self.time_bias = nn.Parameter(torch.zeros(config.time_buckets))
        self.mixed_norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, width, bias=False)
        self.dropout = dropout

    def forward(self, x: Float[Tensor, "tokens width"], batch: PackedSequences) -> Float[Tensor, "tokens width"]:
        u, vqk = F.silu(self.uvqk(self.norm(x))).tensor_split([x.shape[-1]], dim=-1)
        mixed = per_bundle(lambda part, number: self.attend(part, batch, number), vqk, batch.bundles)
        return x + self.output(self.dropout(self.mixed_norm(mixed) * u))

    def attend(
        self, vqk: Float[Tensor, "n length vqk_width"], batch: PackedSequences, number: int
    ) -> Float[Tensor, "n length width"]:
        n, length, _ = vqk.shape
        v, q, k = vqk.view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # 3 × (n, heads, length, size)
        step = torch.arange(length, device=vqk.device)
        bias = _LookUp.apply(self.position_bias, (step[:, None] - step).clamp_min(0))
        if batch.timestamps is not None:
            bucket = batch.once(("time buckets", number), lambda: self.time_bucket(batch, number))
            bias = bias + _LookUp.apply(self.time_bias, bucket)[:, None]  # (n, 1, length, length)
        weight = F.silu(q @ k.transpose(-1, -2) + bias).tril() / len(self.position_bias)
        return (weight @ v).transpose(1, 2).reshape(n, length, -1)

    def time_bucket(self, batch: PackedSequences, number: int) -> Int[Tensor, "n length length"]:
        """⌊ln max(1, t_i − t_j) / BUCKET⌋, at most the last bucket."""
        t = batch.timestamps.split(batch.token_counts)[number].view(batch.bundles[number])
        gap = (t[:, :, None] - t[:, None, :]).clamp_min(1).float()
        return (gap.log_() / BUCKET).long().clamp_max_(len(self.time_bias) - 1)


class _LookUp(torch.autograd.Function):
    """``table[index]`` for a table of single numbers. Its gradient is a weighted histogram, which PyTorch's own
    indexing takes ten times as long to add up on a CPU."""

    @staticmethod
    def forward(ctx, table, index):
        ctx.save_for_backward(index)
        ctx.size, ctx.dtype = len(table), table.dtype
        return table[index]

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        return torch.bincount(index.flatten(), grad.flatten(), ctx.size).to(ctx.dtype), None
