"""CrossNet, DCNv2's cross layers under a linear output, without any MLP (Wang et al. 2021, arXiv 2008.13535).

And Wukong with a product path on the logit, **a variant of ours**, not the paper's model: a cross net reads the raw
embeddings X_0 beside the Wukong stack, and its linear output is added to the logit:

    logit = Wukong(X_0) + CrossNet(X_0)            joint: both train the tables
    logit = Wukong(sg(X_0)) + CrossNet(X_0)        detached (sg: stop gradient): the cross net alone trains the tables

It tells apart two reasons for which Wukong may trail a cross net: a stack that can't hold low-order products of raw
embeddings, and a stack whose gradient spoils the tables.
"""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from recscale.models.accounting import Block
from recscale.models.checks import Configured, Layers
from recscale.models.dcnv2 import DCNv2, DCNv2Config
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.wukong import Wukong, WukongConfig


@dataclass(frozen=True)
class CrossNetConfig(TowerConfig, model="crossnet", title="CrossNet"):
    """``cross_layers`` of full rank or of ``rank``: the same module as ``DCNv2Config(structure="crossnet")``.

    A model of its own because its ladder is: l layers hold interactions of orders 1 … l + 1 and nothing else.
    """

    cross_layers: Layers = 2
    rank: int | None = None

    @property
    def as_dcnv2(self) -> DCNv2Config:
        return DCNv2Config(self.cross_layers, self.rank, structure="crossnet")

    def tower(self, shape: InputShape) -> DCNv2:
        return self.as_dcnv2.tower(shape)

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        return self.as_dcnv2.blocks(shape)


@dataclass(frozen=True)
class WukongCrossConfig(WukongConfig, model="wukong+cross", title="Wukong + cross (ours)"):
    """Wukong's knobs and switches (``layer_norm`` among them), and the cross net's ``cross_layers`` and ``rank``.

    detached  the stack reads X_0 without passing a gradient on, neither to the tables nor to the front end's MLPs
    """

    cross_layers: Layers = 2
    rank: int | None = 16
    detached: bool = False

    @property
    def cross(self) -> CrossNetConfig:
        return CrossNetConfig(self.cross_layers, self.rank)

    def blocks(self, shape: InputShape) -> tuple[Block, ...]:
        return (*self.stack_blocks(shape, detached=self.detached), *self.cross.blocks(shape))


class WukongCross(Configured, config=WukongCrossConfig):
    """X_0 (batch, n, d) -> logits (batch, tasks), the sum of both parts'.

    The stack is drawn first: equal seeds give it the weights of a Wukong without the cross net.
    """

    def __init__(self, config: WukongCrossConfig, shape: InputShape) -> None:
        super().__init__()
        self.detached = config.detached
        self.stack = Wukong(config, shape)
        self.cross = config.cross.tower(shape)

    def forward(self, x: Float[Tensor, "batch n d"]) -> Float[Tensor, "batch tasks"]:
        return self.stack(x.detach() if self.detached else x) + self.cross(x)
