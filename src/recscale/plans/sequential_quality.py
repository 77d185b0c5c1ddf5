"""The studies of levels: every sequential model at a good size, against what is published for the same data."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from recscale.plans.profiles import Profiles, RunSeeds
from recscale.plans.sequential import (
    BASE_MODEL,
    OTHER_MODELS,
    SEQUENTIAL_SCALES,
    LayersWidth,
    SequentialScale,
    cell,
)
from recscale.plans.sequential_search import QUALITY_SEARCH, QUALITY_TUNED, SEARCH_SEED
from recscale.runs.spec import RunSpec


def _small_setting_search(
    scale: SequentialScale, shape: LayersWidth, dataset: str | None, seeds: RunSeeds | None
) -> list[RunSpec]:
    """Two dropouts at one shape."""
    return [
        cell(scale, shape, seed, dataset=dataset, dropout=dropout)
        for seed in seeds or (SEARCH_SEED,)
        for dropout in (0.1, 0.3)
    ]


def _full_setting_search(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """The stated search behind ``QUALITY_TUNED``: the SASRec-style model at a good size, one seed."""
    searched = QUALITY_SEARCH if dataset is None else {dataset: _of_dataset(QUALITY_SEARCH, dataset)}
    runs = []
    for seed in seeds or (SEARCH_SEED,):
        for name, settings in searched.items():
            runs += [cell(SEQUENTIAL_SCALES.full, seed=seed, dataset=name, **setting) for setting in settings]
    return runs


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
    runs = [cell(scale, shape, seed, dataset=dataset) for seed in seeds]
    return [*runs, cell(scale, shape, seeds[0], dataset=dataset, loss="sampled-softmax", negatives=256)]


def _full_levels(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """Each model at a good size, three seeds, on MovieLens-1M and on Amazon Beauty; the other losses before the last.

    Trained as ``sequential-quality-search`` found best for the SASRec-style model, with fresh seeds.
    """
    seeds = seeds or (1, 2, 3)
    setting = _of_dataset(QUALITY_TUNED, dataset)
    settings = [(dataset, setting)]
    if dataset is None:
        settings += list(QUALITY_TUNED.items())[1:]

    def trained(*models: str) -> list[RunSpec]:
        runs = []
        for name, one in settings:
            for seed in seeds:
                runs += [cell(SEQUENTIAL_SCALES.full, seed=seed, dataset=name, model=model, **one) for model in models]
        return runs

    losses = [
        cell(SEQUENTIAL_SCALES.full, seed=seeds[0], dataset=dataset, loss=loss, negatives=256, **setting)
        for loss in ("sampled-softmax", "gbce", "bce")
    ]
    return [*trained(BASE_MODEL, OTHER_MODELS[0]), *losses, *trained(*OTHER_MODELS[1:])]


LEVELS_PLAN = Profiles(
    smoke=partial(_small_levels, SEQUENTIAL_SCALES.smoke, (1, 8)),
    quick=partial(_small_levels, SEQUENTIAL_SCALES.quick, (2, 32)),
    full=_full_levels,
)


def _of_dataset(settings: Mapping[str, Any], dataset: str | None) -> Any:
    """The settings of ``dataset``; for one that isn't among them, those of the first."""
    return settings.get(dataset or "", next(iter(settings.values())))
