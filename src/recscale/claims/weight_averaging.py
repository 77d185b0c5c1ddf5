"""Whether averaging the weights of a pass pays, on the pilot ``ctr-averaging``: questions of ours about the protocol.

Every setting is judged at its own best dense rate, chosen on validation rows; the gains are measured on test rows.
"""

import pandas as pd

from recscale.analysis.averaging import mean_gain, noise_ratio, pilot_table
from recscale.claims.claim import Claim, judge
from recscale.claims.price import price_of
from recscale.claims.rules import Below, Exceeds
from recscale.runs.table import core_hours_per_seed

_SHARE = 0.2
"""Of the steps: what the studies average."""


def averaging_claims(runs: pd.DataFrame) -> list[Claim]:
    """All claims on one pilot."""
    constant, falling = (mean_gain(runs, _SHARE, against) for against in ("constant", "linear"))
    ratio = noise_ratio(pilot_table(runs), _SHARE)
    seeds = int(runs.groupby("configuration").size().min()), core_hours_per_seed(runs)
    return [
        judge("averaging-lowers-loss", Exceeds(), constant, price_of([constant], 0.0, *seeds)),
        judge("averaging-beats-falling-rate", Exceeds(), falling, price_of([falling], 0.0, *seeds)),
        judge("averaging-halves-seed-noise", Below(0.5), ratio, price_of([ratio], 0.5, *seeds)),
    ]
