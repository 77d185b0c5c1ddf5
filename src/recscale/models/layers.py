"""The multi-layer perceptron all CTR models share."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

LOGIT_GAIN = 0.1
"""Output gain of the layer that ends in logits: every model starts close to the prediction 1/2."""


class MLP(nn.Sequential):
    """Hidden layers (linear → batch norm? → ReLU → dropout?), then a linear output layer without activation.

    ``sizes`` = (inputs, hidden₁, …, hiddenₘ, outputs); with only (inputs, outputs) it is one linear layer.

    Hidden weights are drawn from N(0, 2 / inputs), output weights from N(0, ``output_gain``² / inputs), biases are 0:
    at initialisation an input of unit second moment keeps it through every hidden layer (He et al. 2015), and leaves
    with variance ``output_gain``².
    """

    def __init__(
        self, sizes: Sequence[int], *, batch_norm: bool = False, dropout: float = 0.0, output_gain: float = 1.0
    ) -> None:
        hidden = hidden_layers(sizes[:-1], batch_norm=batch_norm, dropout=dropout)
        super().__init__(*hidden, linear(sizes[-2], sizes[-1], gain=output_gain))


def hidden_layers(sizes: Sequence[int], *, batch_norm: bool = False, dropout: float = 0.0) -> nn.Sequential:
    """The hidden layers alone: linear → batch norm? → ReLU → dropout? for every step of ``sizes``."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers.append(linear(inputs, outputs, gain=2**0.5))
        if batch_norm:
            layers.append(nn.BatchNorm1d(outputs))
        layers.append(nn.ReLU(inplace=True))
        if dropout:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


def linear(inputs: int, outputs: int, *, gain: float = 1.0, bias: bool = True) -> nn.Linear:
    """A linear layer with weights N(0, gain² / inputs) and zero bias."""
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs, bias=bias)
    nn.init.normal_(layer.weight, std=gain * inputs**-0.5)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


class Heads(nn.Module):
    """One MLP per task on the flattened embeddings: (batch, n, d) -> logits (batch, tasks)."""

    def __init__(self, sizes: Sequence[int], n_tasks: int, **options) -> None:
        super().__init__()
        self.tasks = nn.ModuleList(MLP([*sizes, 1], output_gain=LOGIT_GAIN, **options) for _ in range(n_tasks))

    def forward(self, x: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch tasks"]:
        flat = x.flatten(1)
        return torch.cat([head(flat) for head in self.tasks], dim=1)
