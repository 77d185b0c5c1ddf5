"""Tables of CTR runs made ready to be judged: healthy runs, means over seeds, and the noise of a seed."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from recscale.published.wukong import PF_DAY

SIZES: Mapping[str, str] = {
    "training_flop_per_example": "training FLOP per example",
    "dense_parameters": "dense parameters",
    "parameters": "all parameters",
    "embedding_parameters": "embedding parameters",
}
"""What can stand on the axis of a law -> its title."""

AXES: Mapping[str, str] = {**SIZES, "pf_days": "training compute (PF-days)"}
"""The same with the compute of the whole training, for tables that ``with_pf_days`` has completed."""


NAMES: Mapping[str, str] = {
    "wukong": "Wukong",
    "dlrm": "DLRM",
    "dcnv2": "DCNv2",
    "autoint+": "AutoInt+",
    "finalmlp": "FinalMLP",
    "masknet": "MaskNet",
    "afn+": "AFN+",
    "xdeepfm": "xDeepFM",
    "crossnet": "CrossNet",
    "wukong+cross": "Wukong + cross (ours)",
}
"""A model in the tables of the studies -> what readers know it by."""


def named(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` for a reader: every model, in cells and in the index, by its name."""
    return table.replace(dict(NAMES)).rename(index=dict(NAMES))


def prepared(runs: pd.DataFrame) -> pd.DataFrame:
    """Healthy runs with ``parameters`` and ``configuration`` (one id for the seeds of a configuration) added."""
    runs = runs[~runs["diverged"].astype(bool)].copy()
    runs["parameters"] = runs["dense_parameters"] + runs["embedding_parameters"]
    runs["configuration"] = runs.groupby(["dataset", "split", "model", "config"], sort=False).ngroup()
    return runs


def with_pf_days(runs: pd.DataFrame) -> pd.DataFrame:
    """Adds ``pf_days``, the training FLOP in days of a PFLOP/s. For one pass: seeds must have seen as many examples."""
    return runs.assign(pf_days=runs["training_flop"].astype(float) / PF_DAY)


def by_configuration(runs: pd.DataFrame, metric: str = "test_logloss") -> pd.DataFrame:
    """Means over seeds: one row a configuration, in ascending compute."""
    keys = ["dataset", "split", "model", "configuration", *(name for name in AXES if name in runs)]
    means = runs.groupby(keys, sort=False)[metric].agg(["mean", "std", "count"]).reset_index()
    return means.rename(columns={"mean": metric, "count": "seeds"}).sort_values("training_flop_per_example")


def seed_noise(runs: pd.DataFrame, metric: str = "test_logloss") -> tuple[float, int]:
    """Standard deviation of a run around its configuration's mean, pooled, and its degrees of freedom."""
    groups = runs.groupby("configuration")[metric]
    dof = int((groups.size() - 1).sum())
    if not dof:
        return float("nan"), 0
    squares = ((runs[metric] - groups.transform("mean")) ** 2).sum()
    return float(np.sqrt(squares / dof)), dof


def least_difference(noise: float, dof: int, seeds: int = 1, level: float = 0.95) -> float:
    """How far the means of two configurations with ``seeds`` runs each must lie apart to be told apart."""
    if not dof:
        return float("nan")
    return float(stats.t.ppf((1 + level) / 2, dof) * noise * np.sqrt(2 / seeds))


def half_width(sample: np.ndarray, level: float = 0.95) -> float:
    """Half of the ``level`` interval of the mean of ``sample`` by Student's t; NaN for a single value."""
    if len(sample) < 2:
        return float("nan")
    return float(stats.t.ppf((1 + level) / 2, len(sample) - 1) * np.std(sample, ddof=1) / len(sample) ** 0.5)


def one_set(runs: pd.DataFrame) -> str:
    """The data set of ``runs``; ValueError where they are of several, or of several splits."""
    sets = runs.groupby(["dataset", "split"]).size().index.tolist()
    if len(sets) != 1:
        named = "; ".join(f"{dataset}, {split}" for dataset, split in sets)
        raise ValueError(f"runs are compared on one data set and split, and these are of {len(sets)}: {named}")
    return runs["dataset"].iloc[0]
