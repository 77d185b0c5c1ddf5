"""Claims on the price of size: time to answer a request against quality."""

import numpy as np
import pandas as pd

from recscale.analysis import serving
from recscale.claims.claim import Claim, Price, judge
from recscale.claims.rules import EveryCase
from recscale.runs.table import load_runs
from recscale.stats.power import seeds_to_decide


def serving_claims(resamples: int, seed: int) -> list[Claim]:
    """All claims on the committed times and the committed scaling study. Nothing here is resampled."""
    return [faster_rival_is_better(serving.load_latencies(), timed_runs())]


def timed_runs() -> pd.DataFrame:
    """The healthy committed runs of the scaling study on the data set and split that were timed, as a run table."""
    runs = load_runs("ctr-scaling")
    return runs[(runs["dataset"] == "movielens-1m") & (runs["split"] != "time")]


def faster_rival_is_better(latencies: pd.DataFrame, runs: pd.DataFrame) -> Claim:
    """Is there, at every size of Wukong, a rival that answers sooner and predicts better? Our own question."""
    table = serving.with_quality(latencies, runs)
    beaten = serving.beaten_by_faster(table, runs)
    return judge("serving-faster-rival-is-better", EveryCase(), beaten, _price(table, runs))


def _price(table: pd.DataFrame, runs: pd.DataFrame) -> Price:
    """What it would take to decide the smallest lag of a Wukong behind a faster rival."""
    seeds = int(table["seeds"].min())
    lags = serving.lag_behind_faster(table, serving.least_gap(table, runs))
    needed = max(seeds_to_decide(lag, 0.0, seeds) for lag in lags)
    hours = (needed - seeds) * (len(lags) + 1) * float((runs["wall_seconds"] * runs["threads"]).mean()) / 3600
    return Price(needed, hours if np.isfinite(hours) else np.inf)
