"""The styles of the fair ladders: what stays the same along a ladder of one CTR model, and what grows.

A style fixes depths and one proportion. Two whole numbers are left, the size of the part that makes interactions and
the width of the MLP, and ``ctr_ladders`` solves both for a compute. A model has six styles: three depths of
its interaction part, each with most of its compute there and with most of it in a deeper MLP. DLRM's and FinalMLP's
interactions have no depth; their styles are depths and tapers of the MLPs. CrossNet has no MLP; its styles are depths.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import ceil

from recscale.models.afn import AFNConfig
from recscale.models.autoint import AutoIntConfig
from recscale.models.checks import LAYERS
from recscale.models.crossnet import CrossNetConfig
from recscale.models.dcnv2 import DCNv2Config
from recscale.models.dlrm import DLRMConfig
from recscale.models.embeddings import InputShape, TowerConfig
from recscale.models.finalmlp import FinalMLPConfig
from recscale.models.masknet import MaskNetConfig
from recscale.models.wukong import WukongConfig
from recscale.models.xdeepfm import XDeepFMConfig

INPUTS = InputShape(n=10, d=16, n_dense=0, n_tasks=1, n_extra=10)
"""MovieLens-1M: ten fields, d = 16, one task, no dense features."""

FULL_RANK = INPUTS.n * INPUTS.d // 2
"""A cross layer of this rank costs as much as one of full rank, which can do more: no rank above it is worth having."""

_MOST = 1_000_000
"""Bound of a number that nothing else bounds."""


@dataclass(frozen=True)
class Style:
    """``build(interaction, width)``: a configuration whose compute grows with both numbers.

    proportion   of a configuration; grows with ``interaction`` at equal compute
    wanted       the proportion that the style holds as well as whole numbers allow
    largest      ``interaction`` beyond which its part doesn't grow: from there on the width takes all
    widest       ``width`` beyond which its part doesn't grow
    """

    build: Callable[[int, int], TowerConfig]
    proportion: Callable[[TowerConfig], float]
    wanted: float
    largest: int = _MOST
    widest: int = _MOST


def share(config: TowerConfig) -> float:
    """Of the compute, what isn't spent in the MLP ``deep``."""
    macs = {block.name: block.macs for block in config.blocks(INPUTS)}
    return 1 - macs["deep"] / sum(macs.values())


def mixtures(
    build: Callable[[int, int, int, int], TowerConfig], depths: tuple[int, ...], largest: int = _MOST
) -> tuple[Style, ...]:
    """Two styles a depth: two thirds of the compute in the interaction part and an MLP with two hidden layers, one
    third and three. ``build(depth, hidden layers, interaction, width)``."""
    splits = ((2, 2 / 3), (3, 1 / 3))
    return tuple(
        Style(partial(build, depth, layers), share, wanted, largest)
        for depth, (layers, wanted) in product(depths, splits)
    )


def wukong(layers: int, aspect: float) -> Style:
    """n_F = n_L = n, k = ¾ n, one hidden layer in FMB's MLP and in the head; FMB's MLP is ``aspect`` times n wide.

    A single layer reads the fields' embeddings alone, and (XXᵀ)Y has no more independent columns than those: k ends
    there.
    """

    def build(n: int, width: int) -> WukongConfig:
        k = min(ceil(3 * n / 4), INPUTS.n if layers == 1 else _MOST)
        return WukongConfig(l=layers, n_F=n, n_L=n, k=k, mlp_layers=1, mlp_width=width, head=(min(width, 256),))

    return Style(build, lambda config: config.n_F / config.mlp_width, 1 / aspect)


def _crossnet(spare: int) -> Style:
    """``spare`` layers more than the fewest that can take up the compute, those of full rank; the rank is solved."""
    full = DCNv2Config(1, structure="crossnet").blocks(INPUTS)[0].macs

    def build(layers: int, rank: int) -> CrossNetConfig:
        return CrossNetConfig(layers, None if rank >= FULL_RANK else rank)

    def depth(config: TowerConfig) -> int:
        """1 + its layers beyond the fewest."""
        return 1 + config.cross_layers - ceil(config.blocks(INPUTS)[0].macs / full)

    return Style(build, depth, 1 + spare, largest=LAYERS.high, widest=FULL_RANK)


def hidden(width: int, layers: int, taper: float = 1.0) -> tuple[int, ...]:
    """Hidden layers, each ``taper`` times as wide as the one before."""
    return tuple(max(1, round(width * taper**layer)) for layer in range(layers))


def power_of_two(most: float) -> int:
    """The largest power of two up to ``most``, at least 1."""
    return 1 << max(0, int(most).bit_length() - 1)


def _dlrm(layers: int, taper: float) -> Style:
    return Style(lambda _, width: DLRMConfig(top=hidden(width, layers, taper)), lambda _: 1.0, 1.0, largest=1)


def _finalmlp(first: int, second: int, ratio: float) -> Style:
    """Streams of ``first`` and ``second`` hidden layers, the second ``ratio`` times as wide; the first's heads are 32
    to 63 wide."""

    def build(_: int, width: int) -> FinalMLPConfig:
        heads = power_of_two(width / 32)
        one, two = (max(heads, round(part / heads) * heads) for part in (width, width * ratio))
        return FinalMLPConfig(first=(one,) * first, second=(two,) * second, heads=heads)

    return Style(build, lambda _: 1.0, 1.0, largest=1)


def _dcnv2(layers: int, hidden_layers: int, rank: int, width: int) -> DCNv2Config:
    return DCNv2Config(layers, None if rank >= FULL_RANK else rank, deep=hidden(width, hidden_layers))


def _autoint(layers: int, hidden_layers: int, attention: int, width: int) -> AutoIntConfig:
    """Heads at least 16 wide, at most 16 of them, as in Wukong's Table 5."""
    heads = min(16, power_of_two(attention / 16))
    return AutoIntConfig(layers, attention // heads * heads, heads, deep=hidden(width, hidden_layers))


def _masknet(blocks: int, hidden_layers: int, mask: int, width: int) -> MaskNetConfig:
    """``mask`` units in a mask's hidden layer, half as many in a block's output."""
    reduction = mask / (INPUTS.n * INPUTS.d)
    return MaskNetConfig(blocks, max(1, mask // 2), reduction, deep=hidden(width, hidden_layers))


def _afn(layers: int, hidden_layers: int, neurons: int, width: int) -> AFNConfig:
    return AFNConfig(neurons, afn=hidden(2 * neurons, layers), deep=hidden(width, hidden_layers))


def _xdeepfm(layers: int, hidden_layers: int, maps: int, width: int) -> XDeepFMConfig:
    return XDeepFMConfig(hidden(maps, layers), deep=hidden(width, hidden_layers))


STYLES: dict[str, tuple[Style, ...]] = {
    "wukong": tuple(wukong(layers, aspect) for layers, aspect in product((1, 2, 4), (3, 24))),
    "dcnv2": mixtures(_dcnv2, (1, 2, 4), largest=FULL_RANK),
    "crossnet": tuple(_crossnet(spare) for spare in (0, 1, 2, 4, 9, 19)),
    "dlrm": tuple(_dlrm(layers, taper) for layers, taper in product((2, 3, 4), (1.0, 0.5))),
    "finalmlp": tuple(_finalmlp(layers, *second) for layers in (1, 2, 3) for second in ((layers, 1.0), (1, 0.25))),
    "xdeepfm": mixtures(_xdeepfm, (1, 2, 3)),
    "autoint+": mixtures(_autoint, (1, 2, 3)),
    "masknet": mixtures(_masknet, (1, 2, 4)),
    "afn+": mixtures(_afn, (1, 2, 3)),
}
"""Model -> its styles, of which every model has equally many.

Wukong's paper makes FMB's MLP about half as wide as the n_F d numbers it puts out: 8.5 n at d = 16. The two aspects lie
equally far to both sides.
"""
