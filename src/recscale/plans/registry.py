"""Every study by its name, and its plan at a profile."""

from collections.abc import Sequence

from recscale.plans import (
    averaging,
    ctr,
    frappe,
    frontier,
    planted_world,
    rate_search,
    sequential,
    sequential_quality,
    wukong_shapes,
)
from recscale.plans.profiles import Planner, Profiles
from recscale.runs.study import Study

STUDIES: dict[str, Profiles[Planner]] = {
    "ctr-learning-rate": rate_search.LEARNING_RATES,
    "ctr-scaling": ctr.SCALING,
    "wukong-knobs": ctr.KNOBS,
    "wukong-components": ctr.COMPONENTS,
    "ctr-data": ctr.DATA_SHARES,
    "frappe-quality": frappe.QUALITY,
    "ctr-averaging-rate": averaging.AVERAGING_RATES,
    "ctr-averaging": averaging.AVERAGING,
    "ctr-frontier-rate": frontier.FRONTIER_RATES,
    "ctr-frontier": frontier.FRONTIER,
    "wukong-bridge": wukong_shapes.SHAPES,
    "planted-world-rate": planted_world.WORLD_RATES,
    "planted-world": planted_world.WORLD_STUDY,
    "sequential-learning-rate": sequential.RATE_SEARCH,
    "sequential-quality-search": sequential_quality.SETTING_SEARCH,
    "sequential-quality": sequential_quality.QUALITY_LEVELS,
    "sequential-grid": sequential.GRID,
    "sequential-data": sequential.DATA_VARIANTS,
    "performance-law-predictions": sequential.PREDICTED_SHAPES,
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
