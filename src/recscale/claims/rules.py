"""The verdict rules: what each asks of an observation.

A rule answers ``HOLDS``, ``IN_PART``, ``FAILS``, or None where the observation decides nothing (``claim.judge``).
"""

from dataclasses import dataclass

from recscale.claims.claim import Verdict, number
from recscale.stats import Count, Estimate


@dataclass(frozen=True)
class Exceeds:
    """Holds where the whole interval lies above ``threshold``, fails where all of it lies below."""

    threshold: float = 0.0

    @property
    def name(self) -> str:
        return f"interval above {number(self.threshold, 6)}"

    def __call__(self, observed: Estimate) -> Verdict | None:
        if observed.ci_low > self.threshold:
            return Verdict.HOLDS
        return Verdict.FAILS if observed.ci_high < self.threshold else None


@dataclass(frozen=True)
class Below:
    """Holds where the whole interval lies below ``threshold``, fails where all of it lies above."""

    threshold: float = 0.0

    @property
    def name(self) -> str:
        return f"interval below {number(self.threshold, 6)}"

    def __call__(self, observed: Estimate) -> Verdict | None:
        return Exceeds(-self.threshold)(-observed)


@dataclass(frozen=True)
class Within:
    """Holds where the whole interval lies in [low, high], fails where all of it lies outside.

    For "changes nothing" (an equivalence test: low = -high) and for a peak that must lie inside what was measured.
    """

    low: float
    high: float

    @property
    def name(self) -> str:
        return f"interval inside {number(self.low, 6)} to {number(self.high, 6)}"

    def __call__(self, observed: Estimate) -> Verdict | None:
        if self.low <= observed.ci_low and observed.ci_high <= self.high:
            return Verdict.HOLDS
        return Verdict.FAILS if observed.ci_low > self.high or observed.ci_high < self.low else None


@dataclass(frozen=True)
class Matches:
    """Holds where the interval has ``reference``, fails elsewhere.

    An interval that has ``null`` as well (no effect at all) decides nothing, nor does a value without an interval.
    """

    reference: float
    null: float | None = None

    @property
    def name(self) -> str:
        return f"interval has {number(self.reference, 6)}"

    def __call__(self, observed: Estimate) -> Verdict | None:
        if not observed.has_interval:
            return None
        if not observed.ci_low <= self.reference <= observed.ci_high:
            return Verdict.FAILS
        empty = self.null is not None and observed.ci_low <= self.null <= observed.ci_high
        return None if empty else Verdict.HOLDS


@dataclass(frozen=True)
class Leads:
    """Of a difference in AICc, the best rival's less that of the form claimed: holds from ``margin`` up, fails from
    ``-margin`` down (Burnham and Anderson 2002: below 2 the data hardly prefer either)."""

    margin: float = 2.0

    @property
    def name(self) -> str:
        return f"best by an AICc of {number(self.margin, 6)}"

    def __call__(self, observed: Estimate) -> Verdict | None:
        if observed.value >= self.margin:
            return Verdict.HOLDS
        return Verdict.FAILS if observed.value <= -self.margin else None


@dataclass(frozen=True)
class EveryCase:
    """Of several cases: holds if all agree, fails if more contradict than agree, decides nothing if none is decided,
    and holds in part otherwise."""

    name = "every case"

    def __call__(self, observed: Count) -> Verdict | None:
        if observed.agree == observed.of:
            return Verdict.HOLDS
        if observed.contradict > observed.agree:
            return Verdict.FAILS
        return Verdict.IN_PART if observed.agree else None


@dataclass(frozen=True)
class Unanimous:
    """Of several readings of one question (two metrics, two forms): holds if all agree, fails if all contradict, and
    decides nothing otherwise."""

    name = "all readings agree"

    def __call__(self, observed: Count) -> Verdict | None:
        if observed.agree == observed.of:
            return Verdict.HOLDS
        return Verdict.FAILS if observed.contradict == observed.of else None
