"""The studies of levels: every sequential model at a good size, against what is published for the same data."""

from collections.abc import Mapping
from functools import partial
from itertools import product
from typing import Any

from recscale.plans.profiles import Profiles, RunSeeds
from recscale.plans.sequential import (
    BASE_MODEL,
    OTHER_MODELS,
    SEARCH_SEED,
    SEQUENTIAL_SCALES,
    LayersWidth,
    SequentialScale,
    cell,
    cells,
)
from recscale.runs.spec import RunSpec

_LONG = {"max_length": 200, "batch_tokens": 1024, "epochs": 25, "learning_rate": 3e-3}
_LARGE_BATCHES = {"max_length": 200, "batch_tokens": 8192, "epochs": 60, "learning_rate": 2e-3}
_BEAUTY = {"shape": (2, 64), "max_length": 50, "epochs": 50}
QUALITY_SEARCH: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "movielens-1m": (
        {"shape": (4, 64), "dropout": 0.2, **_LONG},
        {"shape": (2, 64), "dropout": 0.2, **_LONG},
        {"shape": (2, 64), "dropout": 0.2, **_LARGE_BATCHES},
        {"shape": (4, 64), "dropout": 0.3, **_LONG},
    ),
    "amazon-beauty": (
        {**_BEAUTY, "learning_rate": 3e-3, "dropout": 0.5},
        {**_BEAUTY, "learning_rate": 1e-3, "dropout": 0.5},
        {**_BEAUTY, "learning_rate": 3e-3, "dropout": 0.3},
        {**_BEAUTY, "learning_rate": 1e-3, "dropout": 0.3},
    ),
}
"""Tried where public numbers are to be reached, with the longest histories that those have; the rate falls to 0 in all.
On MovieLens-1M the grid's way, deeper, and longer in larger batches: 1,024 positions are but six long histories. At two
layers the larger batches brought nothing in three times the time, so four layers weren't trained with them."""
QUALITY_TUNED = {name: settings[0] for name, settings in QUALITY_SEARCH.items()}
"""The best of them by validation NDCG@10; a test holds that."""


def _small_setting_search(
    scale: SequentialScale, shape: LayersWidth, dataset: str | None, seeds: RunSeeds | None
) -> list[RunSpec]:
    """Two dropouts at one shape."""
    return cells(scale, [shape], dataset, seeds or (SEARCH_SEED,), [{"dropout": 0.1}, {"dropout": 0.3}])


def _full_setting_search(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """The stated search behind ``QUALITY_TUNED``: the SASRec-style model at a good size, one seed."""
    searched = QUALITY_SEARCH if dataset is None else {dataset: _of_dataset(QUALITY_SEARCH, dataset)}
    tried = [{"dataset": name, **setting} for name, settings in searched.items() for setting in settings]
    return [cell(SEQUENTIAL_SCALES.full, seed=seed, **one) for seed in seeds or (SEARCH_SEED,) for one in tried]


SETTING_SEARCH_PLAN = Profiles(
    smoke=partial(_small_setting_search, SEQUENTIAL_SCALES.smoke, (1, 8)),
    quick=partial(_small_setting_search, SEQUENTIAL_SCALES.quick, (2, 32)),
    full=_full_setting_search,
)


def _small_levels(
    scale: SequentialScale, shape: LayersWidth, dataset: str | None, seeds: RunSeeds | None
) -> list[RunSpec]:
    """The SASRec-style model, and its first seed with a sampled softmax."""
    seeds = seeds or (0,)
    return [
        *cells(scale, [shape], dataset, seeds),
        cell(scale, shape, seeds[0], dataset=dataset, loss="sampled-softmax", negatives=256),
    ]


def _full_levels(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """Each model at a good size, three seeds, on MovieLens-1M and on Amazon Beauty; the other losses before the last.

    Trained as ``sequential-quality-search`` found best for the SASRec-style model, with fresh seeds.
    """
    seeds, scale = seeds or (1, 2, 3), SEQUENTIAL_SCALES.full
    setting = _of_dataset(QUALITY_TUNED, dataset)
    first = {"dataset": dataset, **setting}
    others = [{"dataset": name, **one} for name, one in list(QUALITY_TUNED.items())[1:]] if dataset is None else []

    def trained(*models: str) -> list[RunSpec]:
        return [
            cell(scale, seed=seed, model=model, **one) for one, seed, model in product([first, *others], seeds, models)
        ]

    losses = [
        cell(scale, seed=seeds[0], loss=loss, negatives=256, **first) for loss in ("sampled-softmax", "gbce", "bce")
    ]
    return [
        *trained(BASE_MODEL, OTHER_MODELS[0]),
        *losses,
        *trained(*OTHER_MODELS[1:]),
    ]


LEVELS_PLAN = Profiles(
    smoke=partial(_small_levels, SEQUENTIAL_SCALES.smoke, (1, 8)),
    quick=partial(_small_levels, SEQUENTIAL_SCALES.quick, (2, 32)),
    full=_full_levels,
)


def _of_dataset(settings: Mapping[str, Any], dataset: str | None) -> Any:
    """The settings of ``dataset``; for one that isn't among them, those of the first."""
    return settings.get(dataset or "", next(iter(settings.values())))
