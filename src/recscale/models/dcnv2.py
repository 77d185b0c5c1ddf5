"""DCNv2: explicit cross layers beside or below an MLP (Wang et al. 2021, arXiv 2008.13535)."""

from dataclasses import dataclass, replace
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block, mlp_block
from recscale.models.checks import BelowOne, Configured, HiddenLayers
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.layers import LOGIT_GAIN, MLP, hidden_layers, linear


@dataclass(frozen=True)
class DCNv2Config(TowerConfig, model="dcnv2", title="DCNv2"):
    """``cross_layers`` of full rank or of ``rank``, and the ``deep`` MLP's hidden layers.

    structure  "stacked": the MLP reads the last cross layer; "parallel": it reads X_0, and a linear layer both
               outputs; "crossnet": no MLP at all (what the paper's Frappe row turns out to be)
    """

    cross_layers: HiddenLayers = 2
    rank: int | None = None
    deep: tuple[int, ...] = (64, 64)
    structure: Annotated[str, ("stacked", "parallel", "crossnet")] = "stacked"
    batch_norm: bool = False
    dropout: BelowOne = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.structure == "parallel" and not self.deep:
            raise ValueError("the parallel structure needs at least one hidden layer in 'deep'")

    def deep_sizes(self, shape: InputShape) -> tuple[int, ...]:
        """The MLP; in the parallel form its last hidden layer is the output."""
        inputs = shape.n * shape.d
        if self.structure == "crossnet":
            return ()
        return (inputs, *self.deep) if self.structure == "parallel" else (inputs, *self.deep, shape.n_tasks)

    def output_sizes(self, shape: InputShape) -> tuple[int, ...]:
        """The linear layer on top, where the MLP doesn't end in the logits itself."""
        beside = self.deep[-1] if self.structure == "parallel" else 0
        return () if self.structure == "stacked" else (shape.n * shape.d + beside, shape.n_tasks)

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        width = shape.n * shape.d
        macs = width * width if self.rank is None else 2 * width * self.rank
        deep = mlp_block("deep", self.deep_sizes(shape), batch_norm=self.batch_norm)
        if self.structure == "parallel":
            deep = replace(deep, parameters=deep.parameters + 2 * self.deep[-1] * self.batch_norm)
        return (
            Block("cross", self.cross_layers * (macs + width), self.cross_layers * macs),
            deep,
            mlp_block("output", self.output_sizes(shape)),
        )


class Cross(nn.Module):
    """``x_{i+1} = x_0 ⊙ (W x_i + b) + x_i``, W full (D, D) or U Vᵀ of low rank: (batch, D) twice -> (batch, D)."""

    def __init__(self, width: int, rank: int | None) -> None:
        super().__init__()
        if rank is None:
            self.weight: nn.Module = linear(width, width)
        else:
            self.weight = nn.Sequential(linear(width, rank, bias=False), linear(rank, width))

    def forward(self, x0: Float[Tensor, "batch D"], x: Float[Tensor, "batch D"]) -> Float[Tensor, "batch D"]:
        # Not torch.addcmul: its backward pass multiplies by its scalar factor, 1, too.
        return (x0 * self.weight(x)).add_(x)


class DCNv2(Configured, config=DCNv2Config):
    """X_0 (batch, n, d), flattened to (batch, D = nd) -> logits (batch, tasks)."""

    def __init__(self, config: DCNv2Config, shape: InputShape) -> None:
        super().__init__()
        self.structure = config.structure
        self.cross = nn.ModuleList(Cross(shape.n * shape.d, config.rank) for _ in range(config.cross_layers))
        deep, output = config.deep_sizes(shape), config.output_sizes(shape)
        options = {"batch_norm": config.batch_norm, "dropout": config.dropout}
        if self.structure == "stacked":
            self.deep = MLP(deep, output_gain=LOGIT_GAIN, **options)
        elif self.structure == "parallel":
            self.deep = hidden_layers(deep, **options)
        if output:
            self.output = linear(*output, gain=LOGIT_GAIN)

    def forward(self, x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch tasks"]:
        x0 = crossed = x.flatten(1)
        for layer in self.cross:
            crossed = layer(x0, crossed)
        if self.structure == "stacked":
            return self.deep(crossed)
        if self.structure == "crossnet":
            return self.output(crossed)
        # W [a; b] as W_a a + W_b b: the two halves needn't be copied into one.
        first, second = self.output.weight.tensor_split([x0.shape[1]], dim=1)
        return torch.addmm(nn.functional.linear(crossed, first, self.output.bias), self.deep(x0), second.t())
