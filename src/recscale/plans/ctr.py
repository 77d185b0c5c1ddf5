"""The CTR studies: which Wukongs and rivals are trained on which data to measure, and to test, Wukong's scaling law.

The runs of a study stand seed by seed, within a seed curve by curve, within a curve cheap before dear. A full study
trains at the rates that ``rate_search`` found best, and waits for the search where that isn't committed; smaller
profiles use one fixed pair.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from recscale.models import EmbeddingConfig, WukongConfig
from recscale.models.ctr_presets import rival_sizes, wukong_ladder
from recscale.plans.parts import Part, Training, fixed, inputs, runs_of
from recscale.plans.profiles import PROFILES, Profiles, RunPlanner, RunSeeds
from recscale.plans.rate_search import COMPARED_MODELS, tuned
from recscale.runs.spec import RunSpec
from recscale.training.ctr import CTRTraining


@dataclass(frozen=True)
class CTRScale:
    """What a profile decides about the CTR studies.

    dataset, seeds  used where no others are asked for
    training        how a model is trained on a data set
    middle          the Wukong that studies of one size vary: four layers; 1.1 training MFLOP per example at ``full``
    nested          the Wukongs that are trained on shares of the rows
    most_rows       training rows used at most, whatever the data set (None: all)
    """

    dataset: str
    training: Training
    seeds: RunSeeds
    middle: WukongConfig
    nested: tuple[WukongConfig, ...]
    most_rows: int | None = None

    def part(self, *models: Any) -> Part:
        """``models`` on this data set, with these seeds."""
        return Part(self.dataset, models, self.training, self.seeds, most_rows=self.most_rows)


_WUKONG = wukong_ladder()

CTR_SCALES = Profiles(
    smoke=CTRScale("synthetic-ctr", fixed, (0,), _WUKONG[2], (_WUKONG[0], _WUKONG[3]), most_rows=16_000),
    quick=CTRScale("movielens-100k", fixed, (0,), _WUKONG[4], (_WUKONG[0], _WUKONG[3], _WUKONG[6])),
    full=CTRScale("movielens-1m", tuned, (0, 1), _WUKONG[6], (_WUKONG[0], _WUKONG[6], _WUKONG[9])),
)


def _at_every_scale(study: Callable[[CTRScale, str | None, RunSeeds | None], list[RunSpec]]) -> Profiles[RunPlanner]:
    return Profiles(**{profile: partial(study, CTR_SCALES[profile]) for profile in PROFILES})


def _small_scaling(
    scale: CTRScale,
    sizes: Sequence[int],
    rivals: Sequence[tuple],
    repeats: int,
    dataset: str | None,
    seeds: RunSeeds | None,
) -> list[RunSpec]:
    """Some ``sizes`` of Wukong and of its rivals; the smallest Wukong with ``repeats`` further seeds, to see their
    noise."""
    seeds = seeds or (0,)
    parts = [replace(scale.part(*models), seeds=seeds) for models in ([_WUKONG[i] for i in sizes], *rivals)]
    further = tuple(max(seeds) + 1 + repeat for repeat in range(repeats))
    return runs_of([*parts, replace(scale.part(_WUKONG[0]), seeds=further)], dataset)


def _full_scaling(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """Every model's ladder, on one split by time and on a second data set too."""
    rivals = [rival_sizes(name) for name in COMPARED_MODELS[1:]]
    by_time = tuple(_WUKONG[i] for i in (0, 3, 6, 8, 10))
    elsewhere = tuple(_WUKONG[i] for i in (0, 2, 4, 6, 8, 9)), rival_sizes("dlrm")[:4], rival_sizes("dcnv2")[:4]
    parts = [
        Part("movielens-1m", _WUKONG, tuned, (0, 1, 2)),
        *(Part("movielens-1m", models, tuned, (0, 1)) for models in rivals),
        Part("movielens-1m", by_time, tuned, (0, 1, 2), split="time"),
        *(Part("kuairand-pure", models, tuned, (0, 1)) for models in elsewhere),
    ]
    return runs_of(parts, dataset, seeds)


SCALING_PLAN = Profiles(
    smoke=partial(_small_scaling, CTR_SCALES.smoke, (0, 2, 3, 4), (rival_sizes("dlrm")[1:2],), 1),
    quick=partial(
        _small_scaling, CTR_SCALES.quick, (0, 2, 3, 5, 7, 9), (rival_sizes("dlrm")[:3], rival_sizes("dcnv2")[:3]), 2
    ),
    full=_full_scaling,
)
"""Loss against compute: Wukong and its rivals along their ladders, tables and d the same at every size."""


def wukong_knobs(scale: CTRScale, dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """Each knob of a middle-sized Wukong doubled alone, and n_F, n_L and k together (the paper's Fig. 5)."""
    base = scale.middle
    knobs = (("l",), ("n_F",), ("n_L",), ("k",), ("mlp_width",), ("n_F", "n_L", "k"))
    doubled = [replace(base, **{knob: 2 * getattr(base, knob) for knob in names}) for names in knobs]
    return runs_of([scale.part(base, *doubled)], dataset, seeds)


KNOBS_PLAN = _at_every_scale(wukong_knobs)


def wukong_components(scale: CTRScale, dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """A middle-sized Wukong without each of its components (the paper's Fig. 4), with attentive Y, with more units."""
    base = scale.middle
    without = [("fmb",), ("lcb",), ("residual",), ("lcb", "residual")]
    less = [replace(base, **dict.fromkeys(components, False)) for components in without]
    part = scale.part(base, *less, replace(base, fm="attentive"))
    return runs_of([part, replace(part, models=(base,), training=partial(_two_units, scale))], dataset, seeds)


def _two_units(scale: CTRScale, dataset: str, model: Any) -> CTRTraining:
    """Trained as usual, with two embeddings for each of the first two fields."""
    first, second = (field.name for field in inputs(dataset)[0][:2])
    embedding = EmbeddingConfig(units=((first, 2), (second, 2)))
    return replace(scale.training(dataset, model), embedding=embedding)


COMPONENTS_PLAN = _at_every_scale(wukong_components)


def ctr_data(scale: CTRScale, dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """Several sizes of Wukong on nested shares of the training rows (the paper's appendix E)."""
    part = scale.part(*scale.nested)
    return runs_of([replace(part, fraction=fraction) for fraction in (0.1, 0.3, 1.0)], dataset, seeds)


DATA_SHARES_PLAN = _at_every_scale(ctr_data)


def bridge_plan(
    scale: CTRScale, depths: Sequence[int], widths: Sequence[int], dataset: str | None, seeds: RunSeeds | None
) -> list[RunSpec]:
    """The bridge between the papers: Wukong over layers and embedding width, the plane of the Performance Law.

    Wukong's paper keeps the embedding width d as it is. The Performance Law's authors fit their law to Wukong's AUC
    over (l, d) (P-Law, NeurIPS 2025, Table 5) and give neither the data nor the grid. Here the middle-sized Wukong is
    varied in both; tables grow with d. Seed by seed, the two colours of a chessboard one after the other: the first
    alone has every depth and every width. A run's dense rate follows its own FLOP; rates were searched at d = 16.
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
