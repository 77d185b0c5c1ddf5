"""The bridge between the papers: Wukong over layers and embedding width, the plane of the Performance Law.

Wukong's paper keeps the embedding width d as it is. The Performance Law's authors fit their law to Wukong's AUC over
(l, d) (P-Law, NeurIPS 2025, Table 5) and give neither the data nor the grid. Here the middle-sized Wukong is varied in
both; tables grow with d.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from recscale.models.embeddings import EmbeddingConfig
from recscale.plans.ctr import CTR_SCALES, CTRScale
from recscale.plans.parts import Part, runs_of
from recscale.plans.profiles import Profiles, RunSeeds
from recscale.runs.spec import RunSpec


def bridge_plan(
    scale: CTRScale, depths: Sequence[int], widths: Sequence[int], dataset: str | None, seeds: RunSeeds | None
) -> list[RunSpec]:
    """Every depth with every width, seed by seed, the two colours of a chessboard one after the other.

    The first colour alone has every depth and every width. A run's dense rate follows its own FLOP; the rates were
    searched at d = 16.
    """
    parts = [part for colour in (0, 1) for part in _colour(scale, depths, widths, colour)]
    return runs_of(parts, dataset, seeds)


def _colour(scale: CTRScale, depths: Sequence[int], widths: Sequence[int], colour: int) -> list[Part]:
    """The cells of one colour, one part per width, shallow before deep."""
    parts = []
    for column, width in enumerate(widths):
        models = [replace(scale.middle, l=depth) for row, depth in enumerate(depths) if (row + column) % 2 == colour]
        training = partial(scale.training, embedding=EmbeddingConfig(width=width))
        parts.append(replace(scale.part(*models), training=training))
    return parts


SHAPES_PLAN = Profiles(
    smoke=partial(bridge_plan, CTR_SCALES.smoke, (1, 2), (4, 8)),
    quick=partial(bridge_plan, CTR_SCALES.quick, (1, 2, 4), (8, 16, 32)),
    full=partial(bridge_plan, CTR_SCALES.full, (1, 2, 4, 8), (8, 16, 32, 64)),
)
"""At ``full`` 16 shapes of 0.23 to 5.9 training MFLOP per example and two seeds: up to an hour on one core."""
