"""Every study by its name, its plan at a profile, and why runs of it are missing."""

import tomllib
from collections.abc import Sequence

from recscale.plans import averaging, ctr, frappe, frontier, planted_world, rate_search, sequential, sequential_quality
from recscale.plans.profiles import Profiles, RunPlanner
from recscale.runs.study import Study
from recscale.settings import results_folder

STUDIES: dict[str, Profiles[RunPlanner]] = {
    "ctr-learning-rate": rate_search.LEARNING_RATE_PLAN,
    "ctr-scaling": ctr.SCALING_PLAN,
    "wukong-knobs": ctr.KNOBS_PLAN,
    "wukong-components": ctr.COMPONENTS_PLAN,
    "ctr-data": ctr.DATA_SHARES_PLAN,
    "frappe-quality": frappe.FRAPPE_PLAN,
    "ctr-averaging-rate": averaging.AVERAGING_RATE_PLAN,
    "ctr-averaging": averaging.AVERAGING_PLAN,
    "ctr-frontier-rate": frontier.FRONTIER_RATE_PLAN,
    "ctr-frontier": frontier.FRONTIER_PLAN,
    "wukong-bridge": ctr.SHAPES_PLAN,
    "planted-world-rate": planted_world.WORLD_RATE_PLAN,
    "planted-world": planted_world.WORLD_PLAN,
    "sequential-learning-rate": sequential.SEQUENTIAL_RATE_PLAN,
    "sequential-quality-search": sequential_quality.SETTING_SEARCH_PLAN,
    "sequential-quality": sequential_quality.LEVELS_PLAN,
    "sequential-grid": sequential.GRID_PLAN,
    "sequential-data": sequential.DATA_VARIANTS_PLAN,
    "performance-law-predictions": sequential.PREDICTIONS_PLAN,
}


def plan_study(
    name: str, profile: str = "quick", *, dataset: str | None = None, seeds: Sequence[int] | None = None
) -> Study:
    """The runs of study ``name`` at ``profile``; ``dataset`` and ``seeds`` replace the plan's own.

    The names of smoke and quick studies end in the profile's name. Raises ``ValueError`` for an unknown study or
    profile and for seeds that aren't different integers from 0, ``NotYetPlanned`` where the plan waits for another
    study's results.
    """
    if name not in STUDIES:
        raise ValueError(f"unknown study {name!r}; allowed are {', '.join(STUDIES)}")
    planner = STUDIES[name][profile]
    if seeds is not None and (len(set(seeds)) < len(seeds) or any(seed < 0 for seed in seeds) or not seeds):
        raise ValueError(f"seeds must be different integers from 0, at least one; got {', '.join(map(str, seeds))}")
    runs = planner(dataset, tuple(seeds) if seeds is not None else None)
    return Study(name if profile == "full" else f"{name}-{profile}", tuple(runs))


def missing_reasons() -> dict[str, str]:
    """Study -> why runs of it are missing, from ``missing.toml`` in the results folder; empty without that file.

    Raises ``ValueError`` where the file is no TOML, names no study, or gives no reason.
    """
    path = results_folder() / "missing.toml"
    if not path.exists():
        return {}
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
    if unknown := sorted({*given} - {*STUDIES}):
        raise ValueError(f"{path} explains {unknown[0]!r}, which is no study; the studies are {', '.join(STUDIES)}")
    if empty := [name for name, reason in given.items() if not isinstance(reason, str) or not reason.strip()]:
        raise ValueError(f"{path} names {empty[0]} without a sentence that says why its runs are missing")
    return given
