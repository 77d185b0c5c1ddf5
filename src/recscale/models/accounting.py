"""Parameters and compute of a model in closed form, in the convention of the Wukong paper's tables.

* A multiply-accumulate (MAC) is counted for every product inside a matrix multiplication of one example's forward pass.
  Look-ups, pooling, norms, activations and element-wise products are free.
* Training FLOP = 6 × MAC: 2 forward, 2 for the gradient of the input, 2 for the gradient of the weights.
* A layer applied to the raw dense features has no input gradient, so 2 × its MACs are taken off. The first layer on
  embeddings keeps its input gradient: the tables are trained.

Checked against Table 3 (DLRM and DCNv2 cells) and, for every model, against ``torch.utils.flop_counter``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from recscale.datasets.tables import Field


@dataclass(frozen=True)
class Block:
    """One named part of a model: dense ``parameters``, forward ``macs`` per example.

    ``macs_without_input_gradient`` is the share of ``macs`` whose input is data, not an activation.
    """

    name: str
    parameters: int
    macs: int
    macs_without_input_gradient: int = 0


@dataclass(frozen=True)
class Accounting:
    """What one example costs. ``dense_parameters`` and ``macs_per_example`` are the sums over ``blocks``."""

    dense_parameters: int
    embedding_parameters: int
    macs_per_example: int
    training_flop_per_example: int
    blocks: tuple[Block, ...]

    @property
    def parameters(self) -> int:
        return self.dense_parameters + self.embedding_parameters


def total(blocks: Sequence[Block], embedding_parameters: int) -> Accounting:
    """The account of a model made of ``blocks``; blocks without parameters and MACs are left out."""
    blocks = tuple(block for block in blocks if block.parameters or block.macs)
    macs = sum(block.macs for block in blocks)
    without = sum(block.macs_without_input_gradient for block in blocks)
    return Accounting(
        dense_parameters=sum(block.parameters for block in blocks),
        embedding_parameters=embedding_parameters,
        macs_per_example=macs,
        training_flop_per_example=6 * macs - 2 * without,
        blocks=blocks,
    )


def mlp_block(name: str, *mlps: Sequence[int], batch_norm: bool = False, count: int = 1, without: int = 0) -> Block:
    """``count`` times the linear layers ``sizes[0] → sizes[1] → …`` of each MLP; batch norm sits on the hidden ones.

    MACs are Σ inputs × outputs, ``without`` of them without a gradient of their input.
    """
    macs = sum(inputs * outputs for sizes in mlps for inputs, outputs in pairwise(sizes))
    biases = sum(sum(sizes[1:]) for sizes in mlps)
    norms = 2 * sum(sum(sizes[1:-1]) for sizes in mlps) if batch_norm else 0
    return Block(name, count * (macs + biases + norms), count * macs, without)


def account_ctr(config, fields: Sequence[Field], n_dense: int, n_tasks: int, embedding) -> Accounting:
    """Closed-form account of ``build_ctr_model`` with the same arguments."""
    tables = embedding.tables(fields, config, n_tasks)
    shape = embedding.shape(tables, n_dense, n_tasks)
    blocks = (*embedding.blocks(n_dense), *config.blocks(shape))
    return total(blocks, sum(table.rows * table.width for table in tables))
