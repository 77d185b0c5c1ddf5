"""Fair ladders: several shapes of every CTR model at equal compute, from which validation data picks the best.

A single ladder judges its shapes together with its model. So every model gets equally many shapes, one of each of its
styles (``ctr_styles``), at every compute of ``TARGETS``; the best of them at each are its *frontier*. Tables and d are
the same at every size. Compute is counted by ``accounting`` on MovieLens-1M's inputs.

**How a shape is solved.** Every size of a style's interaction part has a width of the MLP with which it meets the
target best. Of these pairs, those count that meet it within ``TOLERANCE`` and exceed the next larger size's pair in
neither number (the width is cut to that where it must be), and the one nearest to the style's proportion is taken. The
ladder is solved from its largest size down, so that no knob ever falls while compute grows.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache

from recscale.models.accounting import total
from recscale.models.ctr_styles import INPUTS, STYLES, Style, wukong
from recscale.models.embeddings import TowerConfig

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
    at, last = TARGETS.index(target), _last(_known(model))
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


def _last(model: str) -> int:
    """The largest target that a model's styles reach."""
    return _TRAINED[model][-1]


@cache
def _ladders(model: str) -> tuple[tuple[TowerConfig, ...], ...]:
    return tuple(solve_ladder((style,) * (_last(model) + 1)) for style in STYLES[model])


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
