"""Whether averaging the weights of a pass pays, on the pilot ``ctr-averaging``: questions of ours about the protocol.

Every setting is judged at its own best dense rate, chosen on validation rows; the gains are measured on test rows.
"""

import pandas as pd

from recscale.analysis.averaging import mean_gain, noise_ratio, pilot_table
from recscale.claims.claim import Claim, Price, judge
from recscale.claims.price import price_of
from recscale.claims.rules import Below, Exceeds
from recscale.runs.table import core_hours_per_seed, load_runs
from recscale.stats.estimate import Estimate

_SHARE = 0.2
"""Of the steps: what the studies average."""


def pilot_claims(resamples: int, seed: int) -> list[Claim]:
    """The committed pilot."""
    return averaging_claims(load_runs("ctr-averaging"))


def averaging_claims(runs: pd.DataFrame) -> list[Claim]:
    """All claims on one pilot."""
    ratio = noise_ratio(pilot_table(runs), _SHARE)
    return [
        _gains("averaging-lowers-loss", runs, "constant"),
        _gains("averaging-beats-falling-rate", runs, "linear"),
        judge("averaging-halves-seed-noise", Below(0.5), ratio, _price(ratio, 0.5, runs)),
    ]


def _gains(id: str, runs: pd.DataFrame, against: str) -> Claim:
    gain = mean_gain(runs, _SHARE, against)
    return judge(id, Exceeds(), gain, _price(gain, 0.0, runs))


def _price(estimate: Estimate, threshold: float, runs: pd.DataFrame) -> Price:
    fewest = int(runs.groupby("configuration").size().min())
    return price_of([estimate], threshold, fewest, core_hours_per_seed(runs))
