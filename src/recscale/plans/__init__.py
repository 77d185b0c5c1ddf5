"""Which runs each study needs."""

from recscale.plans.registry import PROFILES, STUDIES, plan_study

__all__ = ["PROFILES", "STUDIES", "plan_study"]
