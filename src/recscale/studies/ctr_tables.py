"""Tables of CTR runs made ready to be judged: healthy runs, means over seeds, and the noise of a seed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

SIZES: Mapping[str, str] = {
    "training_flop_per_example": "training FLOP per example",
    "dense_parameters": "dense parameters",
    "parameters": "all parameters",
    "embedding_parameters": "embedding parameters",
}
"""What can stand on the axis of a law -> its title."""


def prepared(runs: pd.DataFrame) -> pd.DataFrame:
    """Healthy runs with ``parameters`` and ``configuration`` (one id for the seeds of a configuration) added."""
    runs = runs[~runs["diverged"].astype(bool)].copy()
    runs["parameters"] = runs["dense_parameters"] + runs["embedding_parameters"]
    runs["configuration"] = runs.groupby(["dataset", "split", "model", "config"], sort=False).ngroup()
    return runs


def by_configuration(runs: pd.DataFrame, metric: str = "test_logloss") -> pd.DataFrame:
    """Means over seeds: one row a configuration, in ascending compute."""
    keys = ["dataset", "split", "model", "configuration", *SIZES]
    means = runs.groupby(keys, sort=False)[metric].agg(["mean", "std", "count"]).reset_index()
    return means.rename(columns={"mean": metric, "count": "seeds"}).sort_values("training_flop_per_example")


def seed_noise(runs: pd.DataFrame, metric: str = "test_logloss") -> tuple[float, int]:
    """Standard deviation of a run around its configuration's mean, pooled, and its degrees of freedom."""
    groups = runs.groupby("configuration")[metric]
    freedom = int((groups.size() - 1).sum())
    if not freedom:
        return float("nan"), 0
    squares = ((runs[metric] - groups.transform("mean")) ** 2).sum()
    return float(np.sqrt(squares / freedom)), freedom


def least_difference(noise: float, freedom: int, seeds: int = 1) -> float:
    """How far the means of two configurations with ``seeds`` runs each must lie apart to be told apart at 95 %."""
    if not freedom:
        return float("nan")
    return float(stats.t.ppf(0.975, freedom) * noise * np.sqrt(2 / seeds))
