"""CrossNet: DCNv2's cross layers under a linear output, without any MLP (Wang et al. 2021, arXiv 2008.13535)."""

from dataclasses import dataclass

from recscale.models.accounting import Block
from recscale.models.checks import Layers
from recscale.models.dcnv2 import DCNv2, DCNv2Config
from recscale.models.embeddings import InputShape, TowerConfig


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
