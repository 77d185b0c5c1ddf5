"""HSTU's block against its formula written out, one pair of items at a time."""

import math

import pytest
import torch
import torch.nn.functional as F

from recscale.models.attention import Dropout, PackedSequences
from recscale.models.hstu import HSTUBlock, HSTUConfig

WIDTH, HEADS, LENGTH, MAX_LENGTH = 6, 2, 5, 8
SIZE = WIDTH // HEADS
TIMES = [0, 3, 3, 4000, 10**6]


def reference(block, x, times):
    normal = F.layer_norm(x, (WIDTH,), block.norm.weight, block.norm.bias)
    u, v, q, k = F.silu(normal @ block.uvqk.weight.T).chunk(4, dim=-1)
    rows = []
    for i in range(LENGTH):
        heads = []
        for head in range(HEADS):
            part = slice(head * SIZE, (head + 1) * SIZE)
            mixed = torch.zeros(SIZE, dtype=x.dtype)
            for j in range(i + 1):
                score = q[i, part] @ k[j, part] + block.position_bias[i - j]
                if times is not None:
                    score = score + block.time_bias[int(math.log(max(1, times[i] - times[j])) / 0.301)]
                mixed = mixed + F.silu(score) / MAX_LENGTH * v[j, part]
            heads.append(mixed)
        rows.append(torch.cat(heads))
    mixed = F.layer_norm(torch.stack(rows), (WIDTH,), block.mixed_norm.weight, block.mixed_norm.bias)
    return x + (mixed * u) @ block.output.weight.T


@pytest.fixture
def block():
    block = HSTUBlock(HSTUConfig(width=WIDTH, heads=HEADS), Dropout(0.0), MAX_LENGTH).double()
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random))
    return block


@pytest.mark.parametrize("times", [None, TIMES], ids=["no times", "times"])
def test_block_is_its_formula(block, times):
    x = torch.randn(LENGTH, WIDTH, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    items = torch.zeros(LENGTH, dtype=torch.int64)
    batch = PackedSequences(items, ((1, LENGTH),), None if times is None else torch.tensor(times))
    torch.testing.assert_close(block(x, batch), reference(block, x, times), rtol=1e-10, atol=1e-10)


def test_very_long_gaps_share_the_last_bucket(block):
    x = torch.randn(2, WIDTH, dtype=torch.float64)
    short = HSTUBlock(HSTUConfig(width=WIDTH, heads=HEADS, time_buckets=4), Dropout(0.0), MAX_LENGTH).double()
    with torch.no_grad():
        short.time_bias.copy_(torch.arange(4.0))
    batches = [PackedSequences(torch.zeros(2, dtype=torch.int64), ((1, 2),), torch.tensor([0, gap])) for gap in (9, 99)]
    assert torch.equal(short(x, batches[0]), short(x, batches[1]))
