"""Wukong: stacked factorization machines (Zhang et al. 2024, arXiv 2403.02545, §3).

One layer maps n embeddings of width d to n_F + n_L:

    X_{i+1} = LN(concat(FMB(X_i), LCB(X_i)) + X_i)        FMB(X) = reshape(MLP(LN(flatten(FM(X)))))
                                                          LCB(X) = W_L X
With every layer the highest order of interaction doubles: layer i holds orders 1 … 2^i.

Decided here, because the paper leaves it open
* outer LN over d, with scale and shift; no bias in W_L and in the residual's projection W_R
* ``3x2048`` means three hidden layers and a linear output; no activation on FMB's output
* attentive Y: c embeddings compressed from X, flattened, one hidden ReLU layer, a linear output reshaped to (n, k)
* one MLP head per task on the flattened output of the stack
* initialisation: W_L and W_R ~ N(0, 1/n), Y ~ N(0, 1/n), MLPs as in ``layers.MLP``: from embeddings of unit second
  moment, FMB, LCB and residual come out with unit second moment at every n. (On a (n, n_L) matrix PyTorch's Kaiming
  rule would take n_L for the fan-in, and LCB and residual would drown FMB.)
"""

from dataclasses import dataclass, replace
from typing import Annotated

import torch
from jaxtyping import Float
from torch import Tensor, nn

from recscale.models.accounting import Block, mlp_block
from recscale.models.checks import BelowOne, Configured, HiddenLayers, Layers
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.layers import MLP, Heads


@dataclass(frozen=True)
class WukongConfig(TowerConfig, model="wukong", title="Wukong"):
    """The paper's knobs l, n_F, n_L, k, MLP = ``mlp_layers`` × ``mlp_width``, and switches for the ablations.

    fm          "optimised" X(XᵀY), Y (n, k) learnt; "attentive" Y computed from X; "plain" XXᵀ
    compressed  embeddings c that the attentive Y's MLP reads; ``attention_width`` is its hidden width
    head        hidden layers of each task's MLP
    fmb, lcb, residual   False puts zeros in the component's place (Fig. 4); the shapes stay
    layer_norm  False leaves the outer LN out (tests of the algebra)
    """

    l: Layers = 2  # noqa: E741  (the paper's name)
    n_F: int = 8
    n_L: int = 8
    k: int = 8
    mlp_layers: HiddenLayers = 1
    mlp_width: int = 64
    head: tuple[int, ...] = (64,)
    fm: Annotated[str, ("optimised", "attentive", "plain")] = "optimised"
    compressed: int = 4
    attention_width: int = 32
    fmb: bool = True
    lcb: bool = True
    residual: bool = True
    layer_norm: bool = True
    dropout: BelowOne = 0.0
    batch_norm: bool = False

    @property
    def n_out(self) -> int:
        return self.n_F + self.n_L

    def fmb_sizes(self, n: int, d: int) -> tuple[int, ...]:
        columns = n if self.fm == "plain" else self.k
        return (n * columns, *[self.mlp_width] * self.mlp_layers, self.n_F * d)

    def attention_sizes(self, n: int, d: int) -> tuple[int, ...]:
        return (self.compressed * d, self.attention_width, n * self.k)

    def head_sizes(self, d: int) -> tuple[int, ...]:
        return (self.n_out * d, *self.head)

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        return self.stack_blocks(shape)

    def stack_blocks(self, shape: InputShape, *, detached: bool = False) -> tuple[Block, ...]:
        """Every layer's parts and the heads in closed form; ``detached``: the stack's X_0 takes no gradient."""
        inputs = [shape.n, *[self.n_out] * (self.l - 1)]
        layers = [
            block
            for index, n in enumerate(inputs)
            for block in self._layer_blocks(index + 1, n, shape.d, detached and index == 0)
        ]
        head = mlp_block("head", (*self.head_sizes(shape.d), 1), batch_norm=self.batch_norm, count=shape.n_tasks)
        return (*layers, head)

    def _layer_blocks(self, index: int, n: int, d: int, detached: bool) -> list[Block]:
        blocks = []
        if self.fmb:
            blocks.append(self._fm_block(f"layer {index}: FM", n, d, detached))
            mlp = mlp_block(f"layer {index}: FMB's MLP", self.fmb_sizes(n, d), batch_norm=self.batch_norm)
            blocks.append(replace(mlp, parameters=mlp.parameters + 2 * self.fmb_sizes(n, d)[0]))
        mixings = [("LCB", n * self.n_L)] if self.lcb else []
        if self.residual and n != self.n_out:
            mixings.append(("residual", n * self.n_out))
        blocks += [Block(f"layer {index}: {name}", w, w * d, w * d * detached) for name, w in mixings]
        return [*blocks, Block(f"layer {index}: LN", 2 * d if self.layer_norm else 0, 0)]

    def _fm_block(self, name: str, n: int, d: int, detached: bool) -> Block:
        """Of a detached X, X(XᵀY) passes a gradient to Y alone, once a product, and XXᵀ none at all."""
        if self.fm == "plain":
            return Block(name, 0, n * n * d, 2 * n * n * d * detached)
        products = 2 * n * self.k * d
        if self.fm == "optimised":
            return Block(name, n * self.k, products, products * detached)
        attention = mlp_block(name, self.attention_sizes(n, d))
        products += n * self.compressed * d
        parameters = n * self.compressed + attention.parameters
        return Block(name, parameters, products + attention.macs, products * detached)


def mix(weight: Float[Tensor, "m n"], x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch m d"]:
    """``weight @ x`` for every example, as one matrix product over the whole batch instead of one per example."""
    return nn.functional.linear(x.mT, weight).mT


def mixing_weight(m: int, n: int) -> nn.Parameter:
    """(m, n) weights ~ N(0, 1/n): combinations of n embeddings keep their second moment."""
    return nn.Parameter(torch.randn(m, n) * n**-0.5)


class FactorizationMachine(nn.Module):
    """All pairwise dot products, compressed: X (batch, n, d) -> (batch, n, k), or (batch, n, n) for the plain form.

    plain ``XXᵀ`` in O(n²d); optimised ``(XXᵀ)Y = X(XᵀY)`` in O(nkd), with Yᵀ (k, n) learnt or attentive.
    """

    def __init__(self, config: WukongConfig, n: int, d: int) -> None:
        super().__init__()
        self.k = config.k
        self.form = config.fm
        if self.form == "optimised":
            self.y = mixing_weight(config.k, n)
        elif self.form == "attentive":
            self.compress = mixing_weight(config.compressed, n)
            self.attention = MLP(config.attention_sizes(n, d), output_gain=n**-0.5)

    def forward(self, x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch n columns"]:
        if self.form == "plain":
            return x @ x.mT
        if self.form == "optimised":
            return x @ nn.functional.linear(x.mT, self.y)
        y = self.attention(mix(self.compress, x).flatten(1)).unflatten(1, (-1, self.k))  # (batch, n, k)
        return x @ (x.mT @ y)


class FactorizationMachineBlock(nn.Module):
    """``FMB(X) = reshape(MLP(LN(flatten(FM(X)))))``: (batch, n, d) -> (batch, n_F, d)."""

    def __init__(self, config: WukongConfig, n: int, d: int) -> None:
        super().__init__()
        sizes = config.fmb_sizes(n, d)
        self.d = d
        self.fm = FactorizationMachine(config, n, d)
        self.norm = nn.LayerNorm(sizes[0])
        self.mlp = MLP(sizes, batch_norm=config.batch_norm, dropout=config.dropout)

    def forward(self, x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch n_F d"]:
        return self.mlp(self.norm(self.fm(x).flatten(1))).unflatten(1, (-1, self.d))


class LinearCompressionBlock(nn.Module):
    """Recombine embeddings without new interactions: ``LCB(X) = W_L X``, (batch, n, d) -> (batch, n_L, d)."""

    def __init__(self, n_L: int, n: int) -> None:
        super().__init__()
        self.weight = mixing_weight(n_L, n)

    def forward(self, x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch n_L d"]:
        return mix(self.weight, x)


class WukongLayer(nn.Module):
    """``LN(concat(FMB(X), LCB(X)) + X)``: (batch, n, d) -> (batch, n_F + n_L, d).

    Where n ≠ n_F + n_L the residual is compressed linearly, ``W_R X``.
    """

    def __init__(self, config: WukongConfig, n: int, d: int) -> None:
        super().__init__()
        self.n_F, self.n_L = config.n_F, config.n_L
        self.fmb = FactorizationMachineBlock(config, n, d) if config.fmb else None
        self.lcb = LinearCompressionBlock(config.n_L, n) if config.lcb else None
        self.residual = config.residual
        self.project = mixing_weight(config.n_out, n) if config.residual and n != config.n_out else None
        self.norm = nn.LayerNorm(d) if config.layer_norm else nn.Identity()

    def forward(self, x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch n_out d"]:
        batch, _, d = x.shape
        x = x.mT.contiguous().mT  # the same values, laid out so that no mixing below has to copy them
        fmb = x.new_zeros(batch, self.n_F, d) if self.fmb is None else self.fmb(x)
        lcb = x.new_zeros(batch, self.n_L, d) if self.lcb is None else self.lcb(x)
        out = torch.cat([fmb, lcb], dim=1)
        if self.residual:
            out += x if self.project is None else mix(self.project, x)
        return self.norm(out)


class Wukong(Configured, config=WukongConfig):
    """The interaction stack and one MLP head per task: X_0 (batch, n, d) -> logits (batch, tasks)."""

    def __init__(self, config: WukongConfig, shape: InputShape) -> None:
        super().__init__()
        inputs = [shape.n, *[config.n_out] * (config.l - 1)]
        self.layers = nn.Sequential(*(WukongLayer(config, n, shape.d) for n in inputs))
        options = {"batch_norm": config.batch_norm, "dropout": config.dropout}
        self.heads = Heads(config.head_sizes(shape.d), shape.n_tasks, **options)

    def forward(self, x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch tasks"]:
        return self.heads(self.layers(x))
