"""Which runs a question needs, carrying them out, and the tables they leave."""

from recscale.studies import plans_averaging, plans_bridge, plans_ctr, plans_frontier, plans_sequential, plans_world
from recscale.studies.records import COLUMNS, RecordStore, committed, export, metric_columns
from recscale.studies.run import RunSpec, record, train
from recscale.studies.study import NotYetPlanned, Study, run

__all__ = [
    "COLUMNS",
    "PROFILES",
    "STUDIES",
    "NotYetPlanned",
    "RecordStore",
    "RunSpec",
    "Study",
    "committed",
    "export",
    "metric_columns",
    "plan",
    "record",
    "run",
    "train",
]

PROFILES = ("smoke", "quick", "full")
STUDIES = {
    **plans_ctr.PLANS,
    **plans_averaging.PLANS,
    **plans_frontier.PLANS,
    **plans_bridge.PLANS,
    **plans_world.PLANS,
    **plans_sequential.PLANS,
}


def plan(
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
