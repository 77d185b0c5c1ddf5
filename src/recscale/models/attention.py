"""What every sequential model in the book shares: the packed batch it reads, causal attention over it, and dropout.

**Packed, not padded.** A batch is one long row of tokens, user after user. Users of the same length stand together in
a *bundle*, so that attention, the only operation that looks across tokens, sees a dense (sequences, length, ...) view
of the row without a copy, a mask or a padding token; everything else works on (tokens, width).
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from recscale.models.checks import Layers, ModelConfig


@dataclass(frozen=True, eq=False)
class PackedSequences:
    """Sequences end to end. ``bundles``: (how many sequences, their length), in the order of the tokens."""

    items: Int[Tensor, " tokens"]
    bundles: tuple[tuple[int, int], ...]
    timestamps: Int[Tensor, " tokens"] | None = None
    _computed: dict = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        assert sum(count * length for count, length in self.bundles) == len(self.items)

    @property
    def token_counts(self) -> list[int]:
        """Tokens of each bundle."""
        return [count * length for count, length in self.bundles]

    def positions(self) -> Int[Tensor, " tokens"]:
        """0, 1, 2, ... within each sequence: how many items came before."""
        device = self.items.device
        return torch.cat([torch.arange(length, device=device).repeat(count) for count, length in self.bundles])

    def once(self, name: Hashable, compute: Callable[[], Any]) -> Any:
        """What ``compute`` returned the first time: a model's layers share what depends on the batch alone."""
        if name not in self._computed:
            self._computed[name] = compute()
        return self._computed[name]

    def last(self, hidden: Shaped[Tensor, "tokens ..."]) -> Shaped[Tensor, "sequences ..."]:
        """The state after each sequence's last item."""
        ends = torch.cat([torch.full((count,), length) for count, length in self.bundles]).cumsum(0) - 1
        return hidden[ends.to(hidden.device)]


def choose_heads(width: int, target: int = 32) -> int:
    """The number of heads whose size ``width / heads`` is nearest to ``target`` (ties: the larger size)."""
    divisors = [heads for heads in range(1, width + 1) if width % heads == 0]
    return min(divisors, key=lambda heads: abs(width / heads - target))


@dataclass(frozen=True)
class SequentialConfig(ModelConfig):
    """``layers`` (H) blocks of ``width`` (d_emb, also the item embeddings' size); ``heads`` None: of size near 32."""

    learned_positions: ClassVar[bool] = True
    norm: ClassVar[type[nn.Module]] = nn.LayerNorm

    width: int = 64
    layers: Layers = 2
    heads: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.heads is not None and self.width % self.heads:
            raise ValueError(f"heads is {self.heads}; it must divide the width {self.width}")


def per_bundle(
    function: Callable[..., Float[Tensor, "sequences length out"]],
    packed: Float[Tensor, "tokens features"],
    bundles: tuple[tuple[int, int], ...],
) -> Float[Tensor, "tokens out"]:
    """Apply ``function``, which looks across a sequence's tokens, to every bundle's dense view of ``packed``.

    ``function(x, number)`` gets x: (sequences, length, features) and the bundle's number.
    """
    parts = packed.split([count * length for count, length in bundles])
    outputs = [
        function(part.view(count, length, -1), number).flatten(0, 1)
        for number, (part, (count, length)) in enumerate(zip(parts, bundles, strict=True))
    ]
    return outputs[0] if len(outputs) == 1 else torch.cat(outputs)


def causal_attention(
    qkv: Float[Tensor, "tokens qkv_width"], bundles: tuple[tuple[int, int], ...], heads: int
) -> Float[Tensor, "tokens width"]:
    """``softmax(QKᵀ/√size + causal mask) V`` per sequence and head; ``qkv`` holds the three side by side.

    No dropout on the attention weights: PyTorch's fast CPU kernel has none.
    """

    def attend(x: Tensor, number: int) -> Tensor:
        n, length, _ = x.shape
        q, k, v = x.view(n, length, 3, heads, -1).permute(2, 0, 3, 1, 4)  # 3 × (n, heads, length, size)
        return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n, length, -1)

    return per_bundle(attend, qkv, bundles)


class Dropout(nn.Module):
    """Inverted dropout from a generator of its own, so that its seed is independent of every other.

    One module serves a whole model. 16 random bits decide an element (the rate is rounded to 1/65536), which on a CPU
    costs a third of ``nn.Dropout``.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"dropout is {rate}; allowed are values from 0 up to, not including, 1")
        self.dropped = round(rate * 65536)
        self.generator: torch.Generator | None = None

    def seed(self, seed: int, device: torch.device) -> None:
        self.generator = torch.Generator(device).manual_seed(seed)

    def forward(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        if not self.training or self.dropped == 0:
            return x
        # 64 random bits at a time are the fastest the generator gives; four elements share them.
        bits = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device)
        bits.random_(-(2**63), None, generator=self.generator)
        kept = bits.view(torch.int16)[: x.numel()].view(x.shape) >= self.dropped - 32768
        return x * kept.to(x.dtype).mul_(65536 / (65536 - self.dropped))
