"""SASRec's block against PyTorch's own pre-norm transformer layer."""

import torch
from torch import nn

from recscale.models.attention import Dropout, PackedSequences
from recscale.models.sasrec import SASRecBlock, SASRecConfig

WIDTH, HEADS, LENGTH = 12, 3, 7


def test_block_is_the_pre_norm_transformer_layer():
    torch.manual_seed(0)
    block = SASRecBlock(SASRecConfig(width=WIDTH, heads=HEADS), Dropout(0.0), 0).double()
    reference = nn.TransformerEncoderLayer(
        WIDTH, HEADS, 4 * WIDTH, dropout=0.0, activation="gelu", norm_first=True, batch_first=True
    ).double()
    pairs = {
        "self_attn.in_proj_weight": block.qkv.weight,
        "self_attn.in_proj_bias": block.qkv.bias,
        "self_attn.out_proj.weight": block.output.weight,
        "self_attn.out_proj.bias": block.output.bias,
        "linear1.weight": block.up.weight,
        "linear1.bias": block.up.bias,
        "linear2.weight": block.down.weight,
        "linear2.bias": block.down.bias,
        "norm1.weight": block.attention_norm.weight,
        "norm1.bias": block.attention_norm.bias,
        "norm2.weight": block.feed_forward_norm.weight,
        "norm2.bias": block.feed_forward_norm.bias,
    }
    assert set(pairs) == set(dict(reference.named_parameters()))
    with torch.no_grad():
        for parameter in pairs.values():
            parameter.normal_()
    reference.load_state_dict(pairs)
    x = torch.randn(4, LENGTH, WIDTH, dtype=torch.float64)
    mask = nn.Transformer.generate_square_subsequent_mask(LENGTH, dtype=torch.float64)
    batch = PackedSequences(torch.zeros(4 * LENGTH, dtype=torch.int64), ((4, LENGTH),))
    found = block(x.flatten(0, 1), batch).view(4, LENGTH, WIDTH)
    torch.testing.assert_close(found, reference(x, src_mask=mask, is_causal=True), rtol=1e-9, atol=1e-9)
