"""Parameters and compute of a sequential model in closed form; an example is one predicted position.

Counted at the maximum length n, in the convention of ``accounting``. Attention is counted as the two full (n, n)
products of a sequence, so n·d MACs each for a position: what a FLOP counter sees of the plain implementation. A
causal kernel needs half. The item table and learned positions are embeddings; the product with the item table at the
output (all of it, or the sampled rows and the true item) is compute of the dense part that owns no parameters.
"""

import torch

from recscale.models.accounting import Accounting, Block, total
from recscale.models.sequential import SequentialConfig


def account_sequential(
    config: SequentialConfig, n_items: int, max_length: int, loss: str = "sampled-softmax", negatives: int = 256
) -> Accounting:
    """Closed-form account of ``build_sequential_model(config, n_items, max_length)`` trained with ``loss``."""
    scored = n_items if loss == "softmax" else min(negatives, n_items)
    layer = config.layer_blocks(max_length)
    layers = tuple(Block(b.name, config.layers * b.parameters, config.layers * b.macs) for b in layer)
    with torch.device("meta"):  # its parameters are counted, not made
        norm = sum(parameter.numel() for parameter in config.final_norm().parameters())
    tables = (n_items + config.learned_positions * max_length) * config.width
    return total((*layers, Block("final norm", norm, 0), Block("loss", 0, config.width * scored)), tables)
