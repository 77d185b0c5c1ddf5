"""The bridge between the papers: Wukong over layers and embedding width, the plane of the Performance Law.

Wukong's paper keeps the embedding width d as it is. The Performance Law's authors fit their law to Wukong's AUC over
(l, d) (P-Law, NeurIPS 2025, Table 5) and give neither the data nor the grid. Here the middle-sized Wukong is varied in
both; tables grow with d.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from recscale.models.embeddings import EmbeddingConfig
from recscale.plans.ctr import Part, Seeds, middle, study_of, usual_part
from recscale.runs.study import Study

DEPTHS = {"smoke": (1, 2), "quick": (1, 2, 4), "full": (1, 2, 4, 8)}
WIDTHS = {"smoke": (4, 8), "quick": (8, 16, 32), "full": (8, 16, 32, 64)}
"""l and d of a profile's grid."""


def wukong_bridge(profile: str, dataset: str | None, seeds: Seeds | None) -> Study:
    """Every depth with every width, seed by seed, the two colours of a chessboard one after the other.

    The first colour alone has every depth and every width. At ``full`` that is 16 shapes of 0.23 to 5.9 training MFLOP
    per example and two seeds. From short runs at the corners all of it takes half an hour to an hour on one core, so
    that none is left out. A run's dense rate follows its own FLOP; the rates were searched at d = 16.
    """
    parts = [column for colour in (0, 1) for column in _colour(profile, colour)]
    return study_of("wukong-bridge", profile, parts, dataset, seeds)


def _colour(profile: str, colour: int) -> list[Part]:
    """The cells of one colour, a part a width, shallow before deep."""
    base, usual = middle(profile), usual_part(profile, ())
    parts = []
    for place, width in enumerate(WIDTHS[profile]):
        depths = [depth for row, depth in enumerate(DEPTHS[profile]) if (row + place) % 2 == colour]
        training = partial(usual.training, embedding=EmbeddingConfig(width=width))
        parts.append(replace(usual, models=tuple(replace(base, l=depth) for depth in depths), training=training))
    return parts


PLANS: dict[str, Callable[[str, str | None, Seeds | None], Study]] = {"wukong-bridge": wukong_bridge}
"""Study name -> plan."""
