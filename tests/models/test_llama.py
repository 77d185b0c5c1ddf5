"""LLaMA's block against its formula written out, with rotations as complex numbers."""

import pytest
import torch
import torch.nn.functional as F

from recscale.models.attention import Dropout, PackedSequences
from recscale.models.llama import LLaMABlock, LLaMAConfig

LENGTH, MAX_LENGTH, BASE = 6, 9, 100.0


def rms_norm(x, weight):
    return x / (x.square().mean(-1, keepdim=True) + torch.finfo(x.dtype).eps).sqrt() * weight


def rotate(x):
    """(length, size): pairs (x_i, x_{i + size//2}) as complex numbers, turned by e^{i · position · frequency}."""
    half = x.shape[-1] // 2
    frequency = BASE ** (-torch.arange(half, dtype=torch.float64) / half)
    turn = torch.polar(torch.ones((), dtype=torch.float64), torch.arange(len(x))[:, None] * frequency)
    turned = torch.complex(x[:, :half], x[:, half : 2 * half]) * turn
    return torch.cat([turned.real, turned.imag, x[:, 2 * half :]], dim=-1)


def reference(block, x, heads):
    normal = rms_norm(x, block.attention_norm.weight)
    q, k, v = (normal @ block.qkv.weight.T).chunk(3, dim=-1)
    outputs = []
    for q_h, k_h, v_h in zip(*(part.chunk(heads, dim=-1) for part in (q, k, v)), strict=True):
        score = rotate(q_h) @ rotate(k_h).T / q_h.shape[-1] ** 0.5
        future = torch.ones_like(score).triu(1).bool()
        outputs.append(score.masked_fill(future, -torch.inf).softmax(-1) @ v_h)
    x = x + torch.cat(outputs, dim=-1) @ block.output.weight.T
    normal = rms_norm(x, block.feed_forward_norm.weight)
    gate, up = (normal @ block.gate_up.weight.T).chunk(2, dim=-1)
    return x + (F.silu(gate) * up) @ block.down.weight.T


@pytest.mark.parametrize(("width", "heads"), [(12, 2), (10, 2), (7, 1)], ids=["even", "odd head", "one odd head"])
def test_block_is_its_formula(width, heads):
    config = LLaMAConfig(width=width, heads=heads, rope_base=BASE)
    block = LLaMABlock(config, Dropout(0.0), MAX_LENGTH).double()
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random) * 0.5)
    x = torch.randn(LENGTH, width, generator=random, dtype=torch.float64)
    batch = PackedSequences(torch.zeros(LENGTH, dtype=torch.int64), ((1, LENGTH),))
    torch.testing.assert_close(block(x, batch), reference(block, x, heads), rtol=1e-5, atol=1e-5)


def test_only_distances_matter():
    """Attention over rotated queries and keys is the same wherever the sequence stands."""
    block = LLaMABlock(LLaMAConfig(width=8, heads=1), Dropout(0.0), MAX_LENGTH)
    qkv = torch.randn(1, 24, generator=torch.Generator().manual_seed(0))

    def score(i, j):
        q = block.rotate(qkv, torch.tensor([i])).chunk(3, dim=-1)[0]
        k = block.rotate(qkv, torch.tensor([j])).chunk(3, dim=-1)[1]
        return (q * k).sum()

    assert score(3, 1) == pytest.approx(score(8, 6).item(), rel=1e-4)
    assert score(3, 1) != pytest.approx(score(3, 2).item(), rel=1e-2)


def test_swiglu_widths():
    assert [LLaMAConfig(width=width).hidden for width in (16, 64, 75, 96)] == [64, 192, 224, 256]
