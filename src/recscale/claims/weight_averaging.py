"""Whether averaging the weights of a pass pays, on the pilot ``ctr-averaging``: questions of ours about the protocol.

Every setting is judged at its own best dense rate, chosen on validation rows; the gains are measured on test rows.
"""

import pandas as pd

from recscale.analysis.averaging import mean_gain, noise_ratio, pilot_table
from recscale.claims.claim import Claim, Evidence, Paper
from recscale.claims.price import price_of
from recscale.claims.rules import Below, Exceeds, judge_on
from recscale.runs.store import load_results
from recscale.runs.table import healthy, run_table
from recscale.stats.power import core_hours_per_seed

SHARE = 0.2
"""Of the steps: what the studies average."""

_claim = judge_on(Paper.WUKONG, "training-wukong", Evidence.MEASURED)


def claims(resamples: int, seed: int) -> list[Claim]:
    """The committed pilot."""
    return averaging_claims(healthy(run_table(load_results("ctr-averaging"))))


def averaging_claims(runs: pd.DataFrame) -> list[Claim]:
    """All claims on one pilot."""
    return [lowers_the_loss(runs), beats_a_falling_rate(runs), halves_the_noise(runs)]


def lowers_the_loss(runs: pd.DataFrame) -> Claim:
    """Against the last weights of the same kind of run."""
    return _gain(
        runs,
        "constant",
        "averaging-lowers-loss",
        "Averaging the weights of the last fifth lowers the loss.",
        "Mean over sizes and batch sizes at a constant rate, each run against its own last weights, on test rows.",
    )


def beats_a_falling_rate(runs: pd.DataFrame) -> Claim:
    """Against the usual remedy."""
    return _gain(
        runs,
        "linear",
        "averaging-beats-falling-rate",
        "A constant rate with averaging beats a falling rate.",
        "Mean over sizes and batch sizes, each schedule at its own best dense rate, paired by seed, on test rows.",
    )


def halves_the_noise(runs: pd.DataFrame) -> Claim:
    """The spread of seeds with and without averaging."""
    ratio = noise_ratio(pilot_table(runs), SHARE)
    return _claim(
        Below(0.5),
        "averaging-halves-seed-noise",
        "wukong-law",
        "Averaging halves the spread over seeds.",
        ratio,
        detail="Standard deviation over seeds with averaging over that without, pooled over sizes and batch sizes.",
        symbol="ratio",
        check=True,
        price=price_of([ratio], 0.5, _seeds(runs), core_hours_per_seed(runs)),
    )


def _gain(runs: pd.DataFrame, against: str, id: str, statement: str, detail: str) -> Claim:
    gain = mean_gain(runs, SHARE, against)
    return _claim(
        Exceeds(),
        id,
        "wukong-law",
        statement,
        gain,
        detail=detail,
        unit="%",
        check=True,
        price=price_of([gain], 0.0, _seeds(runs), core_hours_per_seed(runs)),
    )


def _seeds(runs: pd.DataFrame) -> int:
    """The fewest that any configuration has."""
    return int(runs.groupby("configuration").size().min())
