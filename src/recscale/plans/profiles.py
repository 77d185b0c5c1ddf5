"""The three sizes of everything that can be made smaller, and what a study's plan is made of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Generic, TypeVar

from recscale.runs.spec import RunSpec

T = TypeVar("T")

RunSeeds = tuple[int, ...]

RunPlanner = Callable[[str | None, RunSeeds | None], Iterable[RunSpec]]
"""(data set, seeds) -> the runs of a study in the order of their use; None: the plan's own.

Stopped anywhere, the finished runs are already a useful table.
"""


@dataclass(frozen=True)
class Profiles(Generic[T]):
    """One thing per profile: a ``RunPlanner``, or the settings that a profile decides.

    smoke  seconds, on synthetic data
    quick  about a minute, on MovieLens-100K
    full   hours: what ``data/results/`` holds
    """

    smoke: T
    quick: T
    full: T

    def __getitem__(self, profile: str) -> T:
        if profile not in PROFILES:
            raise ValueError(f"unknown profile {profile!r}; allowed are {', '.join(PROFILES)}")
        return getattr(self, profile)


PROFILES = tuple(field.name for field in fields(Profiles))
