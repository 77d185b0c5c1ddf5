"""Fair ladders: several shapes of every CTR model at equal compute, from which validation data picks the best.

A single ladder judges its shapes together with its model. So every model gets equally many shapes, one of each of its
styles, at every compute of ``TARGETS``; the best of them at each are its *frontier*. Tables and d are the same at every
size. Compute is counted by ``accounting`` on MovieLens-1M's inputs.

**Styles.** A style fixes depths and one proportion. Two whole numbers are left, the size of the part that makes
interactions and the width of the MLP, and both are solved for a compute. A model has six styles: three depths of its
interaction part, each with most of its compute there and with most of it in a deeper MLP. DLRM's and FinalMLP's
interactions have no depth; their styles are depths and tapers of the MLPs. CrossNet has no MLP; its styles are depths.

**How a shape is solved.** Every size of a style's interaction part has a width of the MLP with which it meets the
target best. Of these pairs, those count that meet it within ``TOLERANCE`` and exceed the next larger size's pair in
neither number (the width is cut to that where it must be), and the one nearest to the style's proportion is taken. The
ladder is solved from its largest size down, so that no knob ever falls while compute grows.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product

from recscale.models.accounting import total
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
        k = min(math.ceil(3 * n / 4), INPUTS.n if layers == 1 else _MOST)
        return WukongConfig(l=layers, n_F=n, n_L=n, k=k, mlp_layers=1, mlp_width=width, head=(min(width, 256),))

    return Style(build, lambda config: config.n_F / config.mlp_width, 1 / aspect)


def _crossnet(spare: int) -> Style:
    """``spare`` layers more than the fewest that can take up the compute, those of full rank; the rank is solved."""
    full = DCNv2Config(1, structure="crossnet").blocks(INPUTS)[0].macs

    def build(layers: int, rank: int) -> CrossNetConfig:
        return CrossNetConfig(layers, None if rank >= FULL_RANK else rank)

    def depth(config: TowerConfig) -> int:
        """1 + its layers beyond the fewest."""
        return 1 + config.cross_layers - math.ceil(config.blocks(INPUTS)[0].macs / full)

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

TARGETS = tuple(float(f"{2e4 * 1600 ** (step / 11):.4g}") for step in range(12))
"""Training FLOP per example, equally spaced in their logarithm over 3.2 decades."""

TOLERANCE = 0.05
"""Largest relative distance of a shape's compute from its target."""

SMALL_TOLERANCE = 0.15
"""The same at the two smallest targets, where one unit more of a knob can cost a third of all compute."""

RECIPE_LAYERS = (1, 2, 4, 8)
"""Wukong's layers at the first targets of its recipe; the last number stays."""

_EIGHT = (0, 1, 3, 4, 6, 7, 9, 11)
_SIX = (0, 2, 4, 6, 8, 11)
_TRAINED: dict[str, Sequence[int]] = {
    "wukong": range(len(TARGETS)),
    "dcnv2": _EIGHT,
    "crossnet": range(8),
    "dlrm": _EIGHT,
    "finalmlp": _EIGHT,
    "xdeepfm": _EIGHT,
    "autoint+": _SIX,
    "masknet": _SIX,
    "afn+": _SIX,
}
"""Model -> which targets its frontier is trained at.

CrossNet ends at the eighth, where the compute already takes fourteen layers of full rank, a polynomial of degree 15.
Its layers can't grow further, so that twice the compute would be twice the degree.
"""


@cache
def flop(config: TowerConfig) -> int:
    """Training FLOP per example on MovieLens-1M's inputs."""
    return total(config.blocks(INPUTS), 0).training_flop_per_example


def frontier_targets(model: str) -> tuple[float, ...]:
    """The targets, ascending, at which a model's frontier is trained."""
    return tuple(TARGETS[at] for at in _TRAINED[_known(model)])


def ladder_shapes(model: str, target: float) -> tuple[TowerConfig, ...]:
    """The model's configurations at one of ``TARGETS``, one of each style."""
    if target not in TARGETS:
        raise ValueError(f"no target is {target:g} FLOP; the targets are {', '.join(f'{each:g}' for each in TARGETS)}")
    at, last = TARGETS.index(target), _TRAINED[_known(model)][-1]
    if at > last:
        raise ValueError(f"the ladder of {model} ends at {TARGETS[last]:g} FLOP, below {target:g}")
    return tuple(ladder[at] for ladder in _ladders(model))


def recipe(size: int) -> TowerConfig:
    """Wukong grown as its paper grows it, at ``TARGETS[size]``: first l alone, 1 to 8, then everything else."""
    return _recipe()[size]


def _known(model: str) -> str:
    if model not in _TRAINED:
        raise ValueError(f"no fair ladder of {model!r}; there are those of {', '.join(_TRAINED)}")
    return model


@cache
def _ladders(model: str) -> tuple[tuple[TowerConfig, ...], ...]:
    return tuple(solve_ladder((style,) * (_TRAINED[model][-1] + 1)) for style in STYLES[model])


@cache
def _recipe() -> tuple[TowerConfig, ...]:
    layers = (*RECIPE_LAYERS, *RECIPE_LAYERS[-1:] * (len(TARGETS) - len(RECIPE_LAYERS)))
    return solve_ladder(tuple(wukong(each, aspect=8.5) for each in layers))


def solve_ladder(styles: Sequence[Style]) -> tuple[TowerConfig, ...]:
    """One configuration for each of the first targets, in the style given for it."""
    ladder: list[TowerConfig] = []
    bounds = (styles[-1].largest, styles[-1].widest)
    for at, style in reversed(tuple(enumerate(styles))):
        bounds = _pair(style, at, bounds)
        ladder.append(style.build(*bounds))
    return tuple(reversed(ladder))


def _pair(style: Style, at: int, bounds: tuple[int, int]) -> tuple[int, int]:
    """Size of the interaction part and width for target ``at``, neither above its bound."""
    target, tolerance = TARGETS[at], SMALL_TOLERANCE if at < 2 else TOLERANCE
    least, most = (
        1 + bisect_left(range(1, bounds[0]), aim, key=lambda n, width=width: flop(style.build(n, width)))
        for aim, width in ((target * (1 - tolerance), bounds[1]), (target * (1 + tolerance), 1))
    )

    def distance(pair: tuple[int, int]) -> float:
        return math.log(style.proportion(style.build(*pair)) / style.wanted)

    def pair(n: int) -> tuple[int, int]:
        return n, min(_width(style, n, target), bounds[1])

    nearest = least + bisect_left(range(least, most), 0.0, key=lambda n: distance(pair(n)))
    near = map(pair, range(max(least, nearest - 3), min(most, nearest + 3) + 1))
    met = [found for found in near if abs(flop(style.build(*found)) / target - 1) <= tolerance]
    assert met, f"no whole numbers meet {target} FLOP within {tolerance}"
    return min(met, key=lambda found: abs(distance(found)))


def _width(style: Style, n: int, target: float) -> int:
    """The width with which an interaction part of size ``n`` comes nearest to the target."""
    above = 1 + bisect_left(range(1, style.widest), target, key=lambda width: flop(style.build(n, width)))
    below = max(1, above - 1)
    return min((below, above), key=lambda width: abs(flop(style.build(n, width)) / target - 1))
