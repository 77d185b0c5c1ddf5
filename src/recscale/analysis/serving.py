"""The price of size: how long models of growing size take to score one user's candidates, and what the time buys.

A *latency table* has one row per model and data set:

dataset, model, training_flop_per_example, dense_parameters   which model it is (``KEYS``)
candidates, threads, repeats                                  how a request was timed (``training.serving.Request``)
p50_ms, p99_ms                                                median and 99th percentile of a request, milliseconds
candidates_per_second                                         on average
torch_version, cpu, finished_at                               on what and when

``data/results/serving.csv`` holds the full ladders, measured by ``benchmarks/serving.py`` on a quiet machine.
"""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from recscale.datasets import load_ctr
from recscale.models import EmbeddingConfig, account_ctr
from recscale.models.ctr_presets import rival_sizes
from recscale.runs.table import Columns, by_configuration
from recscale.settings import results_folder
from recscale.stats import UNKNOWN, Count, Estimate, bonferroni_level, count_above, seed_noise
from recscale.stats.seeds import least_significant_difference
from recscale.training.serving import Request, candidate_rows, serve

MODELS = ("wukong", "dlrm", "dcnv2")

KEYS = ["dataset", "model", Columns.FLOP, "dense_parameters"]
"""What a latency and a trained run of the same model share."""

LATENCY_COLUMNS = (
    *KEYS,
    *("candidates", "threads", "repeats", "p50_ms", "p99_ms", "candidates_per_second"),
    *("torch_version", "cpu", "finished_at"),
)

REPEATS = {"smoke": (5, 1), "quick": (60, 5), "full": (500, 20)}
"""Profile -> requests timed and requests before them."""

LOSS = "test_logloss"


def request(profile: str, candidates: int, threads: int) -> Request:
    """How a profile times a request."""
    repeats, warm_up = REPEATS[profile]
    return Request(candidates, repeats, warm_up, threads)


def ladders() -> tuple:
    """Every size of the models measured."""
    return tuple(config for model in MODELS for config in rival_sizes(model))


def measure(dataset: str, models: Sequence[Any], how: Request) -> pd.DataFrame:
    """A latency table of ``models``, in the order given, with the inputs of ``dataset`` and embeddings 16 wide."""
    data, embedding = load_ctr(dataset), EmbeddingConfig()
    inputs, shape, rows = candidate_rows(data, how.candidates), (len(data.dense_names), len(data.tasks)), []
    for config in models:
        account = account_ctr(config, data.fields, *shape, embedding)
        latency = serve(config, inputs, how, embedding)
        which = data.name, config.model, account.training_flop_per_example, account.dense_parameters
        timed = how.candidates, how.threads, how.repeats, round(latency.p50_ms, 4), round(latency.p99_ms, 4)
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        rows.append((*which, *timed, round(latency.candidates_per_second), torch.__version__, cpu(), finished))
    return pd.DataFrame(rows, columns=list(LATENCY_COLUMNS))


def load_latencies() -> pd.DataFrame:
    """The committed latency table."""
    return pd.read_csv(results_folder() / "serving.csv")


def cpu(information: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name, or its architecture where the system doesn't tell."""
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    names = [value.strip() for key, _, value in (line.partition(":") for line in lines) if key.strip() == "model name"]
    return names[0] if names and names[0] else platform.machine()


def growth(latencies: pd.DataFrame) -> pd.DataFrame:
    """How time follows compute along each model's ladder, one row per model.

    Columns: ``sizes``; ``flop_factor`` and ``p50_factor``, the largest size's over the smallest's; ``exponent``, ln
    p50_factor / ln flop_factor (1: time keeps pace with compute; nan for one size); ``first_p50_ms``,
    ``last_p50_ms`` and ``last_p99_ms``, at the smallest and the largest size.
    """
    models = latencies.sort_values(Columns.FLOP).groupby("model")
    first, last = models.first(), models.last()
    flop_factor, p50_factor = last[Columns.FLOP] / first[Columns.FLOP], last["p50_ms"] / first["p50_ms"]
    table = pd.DataFrame({"sizes": models.size(), "flop_factor": flop_factor, "p50_factor": p50_factor})
    table["exponent"] = np.log(p50_factor) / np.log(flop_factor.where(flop_factor > 1))
    table = table.assign(first_p50_ms=first["p50_ms"], last_p50_ms=last["p50_ms"], last_p99_ms=last["p99_ms"])
    return table.loc[latencies["model"].unique()].rename_axis(None)


def with_quality(latencies: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Latencies joined with the log-loss of the same models on the same data, fastest (by p99) first.

    ``runs``: healthy runs of one data set, as a run table, with at least one DLRM. Columns: those of ``latencies``;
    ``test_logloss``, mean over ``seeds``; ``relative``, the mean in % above that of the smallest DLRM. Sizes that were
    timed and not trained, or the other way round, are left out.
    """
    means = by_configuration(runs, LOSS)
    means["relative"] = 100 * (means[LOSS] / _reference(runs) - 1)
    joined = latencies.merge(means[[*KEYS, LOSS, "relative", "seeds"]], on=KEYS, validate="one_to_one")
    return joined.sort_values("p99_ms", ignore_index=True)


def _reference(runs: pd.DataFrame) -> float:
    """Mean log-loss of the smallest DLRM."""
    reference = by_configuration(runs[runs["model"] == "dlrm"], LOSS)
    if reference.empty:
        raise ValueError("losses are told in % above those of the smallest DLRM, and there is no run of DLRM")
    return float(reference[LOSS].iloc[0])


def least_gap(table: pd.DataFrame, runs: pd.DataFrame, level: float = 0.95) -> float:
    """Least significant difference of two means of ``relative``, in %; nan with single seeds.

    ``table``: ``with_quality`` of ``runs``; the mean with the fewest seeds decides.
    """
    noise = seed_noise(runs, LOSS)
    return 100 * least_significant_difference(*noise, seeds=int(table["seeds"].min()), level=level) / _reference(runs)


def frontier(table: pd.DataFrame, least: float) -> pd.DataFrame:
    """The models that no faster one matches, fastest first. ``table``: ``with_quality``, ``least``: ``least_gap``.

    Columns: ``model``, ``training_flop_per_example``, ``p99_ms``, ``relative``; ``gain``, by how much ``relative``
    falls from the step before, in %; ``gain_per_ms``, that gain over the time it costs; ``significant``, whether it
    exceeds ``least`` (missing for the first step, and where ``least`` is nan).
    """
    table = table.sort_values("p99_ms")
    best = table["relative"].cummin().shift(fill_value=np.inf)
    steps = table[table["relative"] < best][["model", Columns.FLOP, "p99_ms", "relative"]].copy()
    steps["gain"] = -steps["relative"].diff()
    steps["gain_per_ms"] = steps["gain"] / steps["p99_ms"].diff()
    decided = steps["gain"].notna() & np.isfinite(least)
    steps["significant"] = (steps["gain"] > least).astype("boolean").where(decided)
    return steps.reset_index(drop=True)


def lag_behind_faster(table: pd.DataFrame, half_width: float, model: str = "wukong") -> list[Estimate]:
    """For every size of ``model``, by how many % its loss exceeds that of the best rival that answers no later (p99).

    ``half_width``: of the interval of a difference, ``least_gap`` at its level. An unknown estimate where no rival is
    as fast.
    """
    lags = []
    for row in table[table["model"] == model].sort_values(Columns.FLOP).itertuples():
        faster = table[(table["model"] != model) & (table["p99_ms"] <= row.p99_ms)]
        gap = row.relative - faster["relative"].min()
        lags.append(UNKNOWN if faster.empty else Estimate.around(gap, half_width))
    return lags


def beaten_by_faster(table: pd.DataFrame, runs: pd.DataFrame, model: str = "wukong") -> Count:
    """At how many sizes of ``model`` a rival that answers no later has a lower loss, beyond the noise of seeds."""
    levels = 0.95, bonferroni_level(int((table["model"] == model).sum()))
    lags = (lag_behind_faster(table, least_gap(table, runs, level), model) for level in levels)
    return count_above(list(zip(*lags, strict=True)))
