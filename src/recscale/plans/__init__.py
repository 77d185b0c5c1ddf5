"""Which runs each study needs."""

from recscale.plans.profiles import PROFILES
from recscale.plans.registry import STUDIES, plan_study
