"""Every study by its name, and its plan at a profile."""

from recscale.plans import averaging, ctr, frontier, planted_world, sequential, wukong_shapes
from recscale.runs.study import Study

PROFILES = ("smoke", "quick", "full")
STUDIES = {
    **ctr.PLANS,
    **averaging.PLANS,
    **frontier.PLANS,
    **wukong_shapes.PLANS,
    **planted_world.PLANS,
    **sequential.PLANS,
}


def plan_study(
    name: str, profile: str = "quick", *, dataset: str | None = None, seeds: tuple[int, ...] | None = None
) -> Study:
    """The runs of study ``name`` at ``profile``; ``dataset`` and ``seeds`` replace the plan's own."""
    if name not in STUDIES:
        raise ValueError(f"unknown study {name!r}; allowed are {', '.join(STUDIES)}")
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}; allowed are {', '.join(PROFILES)}")
    if seeds is not None and (len(set(seeds)) < len(seeds) or any(seed < 0 for seed in seeds) or not seeds):
        raise ValueError(f"seeds must be different integers from 0, at least one; got {', '.join(map(str, seeds))}")
    return STUDIES[name](profile, dataset, tuple(seeds) if seeds is not None else None)
