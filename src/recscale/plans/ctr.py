"""The CTR studies: which Wukongs and rivals are trained on which data to measure, and to test, Wukong's scaling law.

The runs of a study stand seed by seed, within a seed curve by curve, within a curve cheap before dear. A full study
trains at the rates that ``rate_search`` found best, and waits for the search where that isn't committed; smaller
profiles use one fixed pair.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from recscale.models import EmbeddingConfig, WukongConfig
from recscale.models.ctr_presets import rival_sizes, wukong_ladder
from recscale.plans.parts import Part, Training, fixed, inputs, runs_of
from recscale.plans.profiles import PROFILES, Profiles, RunPlanner, RunSeeds
from recscale.plans.rate_search import OTHERS, tuned
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


def _smoke_scaling(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """Four sizes of Wukong and one DLRM; the smallest Wukong once more, with a further seed."""
    scale, wukong, seeds = CTR_SCALES.smoke, wukong_ladder(), seeds or (0,)
    ladder = scale.part(wukong[0], wukong[2], wukong[3], wukong[4])
    again = replace(scale.part(wukong[0]), seeds=(max(seeds) + 1,))
    parts = [replace(part, seeds=seeds) for part in (ladder, scale.part(rival_sizes("dlrm")[1]))]
    return runs_of([*parts, again], dataset)


def _quick_scaling(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """2.6 decades of Wukong and 1.3 of two rivals; the smallest Wukong twice more, to see the noise of a seed."""
    scale, wukong, seeds = CTR_SCALES.quick, wukong_ladder(), seeds or (0,)
    ladder = scale.part(*(wukong[i] for i in (0, 2, 3, 5, 7, 9)))
    rivals = (scale.part(*rival_sizes(name)[:3]) for name in ("dlrm", "dcnv2"))
    again = replace(scale.part(wukong[0]), seeds=(max(seeds) + 1, max(seeds) + 2))
    return runs_of([*(replace(part, seeds=seeds) for part in (ladder, *rivals)), again], dataset)


def scaling_parts() -> list[Part]:
    """The curves of the full ctr-scaling study. Their models and seeds need neither data nor searched rates."""
    wukong, dlrm, dcnv2 = map(rival_sizes, ("wukong", "dlrm", "dcnv2"))
    third = tuple(wukong[i] for i in (0, 3, 6, 8, 10))
    six = tuple(wukong[i] for i in (0, 2, 4, 6, 8, 9))
    return [
        Part("movielens-1m", wukong, tuned, (0, 1, 2)),
        Part("movielens-1m", dlrm, tuned, (0, 1)),
        Part("movielens-1m", dcnv2, tuned, (0, 1)),
        *(Part("movielens-1m", rival_sizes(name), tuned, (0, 1)) for name in OTHERS),
        Part("movielens-1m", third, tuned, (0, 1, 2), split="time"),
        Part("kuairand-pure", six, tuned, (0, 1)),
        Part("kuairand-pure", dlrm[:4], tuned, (0, 1)),
        Part("kuairand-pure", dcnv2[:4], tuned, (0, 1)),
    ]


def _full_scaling(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    return runs_of(scaling_parts(), dataset, seeds)


SCALING_PLAN = Profiles(smoke=_smoke_scaling, quick=_quick_scaling, full=_full_scaling)
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
    changes: tuple[dict[str, Any], ...] = (
        {},
        {"fmb": False},
        {"lcb": False},
        {"residual": False},
        {"lcb": False, "residual": False},
        {"fm": "attentive"},
    )
    part = scale.part(*(replace(base, **change) for change in changes))
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
