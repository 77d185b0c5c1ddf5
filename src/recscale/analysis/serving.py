"""The price of size: how long models of growing size take to score one user's candidates, and what the time buys.

``data/results/serving.csv`` holds the full ladders, measured by ``benchmarks/serving.py`` on a quiet machine; a chapter
measures a few sizes while it is made.
"""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from recscale.analysis.ctr_scaling import listed
from recscale.datasets import load_ctr
from recscale.models import MODEL_TITLES
from recscale.models.accounting import account_ctr
from recscale.models.ctr_presets import rival_sizes
from recscale.models.embeddings import EmbeddingConfig
from recscale.runs.table import Columns, by_configuration
from recscale.settings import results_folder
from recscale.stats.seeds import least_significant_difference, seed_noise
from recscale.training.serving import Request, candidate_rows, serve

MODELS = ("wukong", "dlrm", "dcnv2")

COLUMNS = (
    *("dataset", "model", Columns.FLOP, "dense_parameters"),
    *("candidates", "threads", "repeats", "p50_ms", "p99_ms", "candidates_per_second"),
    *("torch_version", "cpu", "finished_at"),
)
KEYS = ["dataset", "model", Columns.FLOP, "dense_parameters"]
"""What a latency and a trained run of the same model share."""

REPEATS = {"smoke": (5, 1), "quick": (60, 5), "full": (500, 20)}
"""Profile -> requests timed and requests before them."""


def request(profile: str, candidates: int, threads: int) -> Request:
    """How a profile times a request."""
    repeats, warm_up = REPEATS[profile]
    return Request(candidates, repeats, warm_up, threads)


def ladders() -> tuple:
    """Every size of the models measured."""
    return tuple(config for model in MODELS for config in rival_sizes(model))


def measure(dataset: str, models: Sequence[Any], how: Request) -> pd.DataFrame:
    """One row a model, in the order given: the inputs are those of ``dataset``, d is the studies' 16."""
    data, embedding = load_ctr(dataset), EmbeddingConfig()
    inputs, shape, rows = candidate_rows(data, how.candidates), (len(data.dense_names), len(data.tasks)), []
    for config in models:
        account = account_ctr(config, data.fields, *shape, embedding)
        found = serve(config, inputs, how, embedding)
        rows.append(
            {
                "dataset": data.name,
                "model": config.model,
                Columns.FLOP: account.training_flop_per_example,
                "dense_parameters": account.dense_parameters,
                "candidates": how.candidates,
                "threads": how.threads,
                "repeats": how.repeats,
                "p50_ms": round(found.p50_ms, 4),
                "p99_ms": round(found.p99_ms, 4),
                "candidates_per_second": round(found.candidates_per_second),
                "torch_version": torch.__version__,
                "cpu": cpu(),
                "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def stored() -> pd.DataFrame:
    """The committed latencies; empty, with its columns, where there are none yet."""
    path = results_folder() / "serving.csv"
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=list(COLUMNS))


def stored_words(table: pd.DataFrame) -> str:
    """A sentence on the committed latencies."""
    if table.empty:
        return "This copy of the repository holds no times of the full ladders; benchmarks/serving.py measures them."
    first = table.iloc[0]
    return (
        f"The {len(table)} faint ones were measured by benchmarks/serving.py, {first['repeats']:,} requests a size "
        f"(threads: {first['threads']}) on a processor that calls itself {first['cpu']}."
    )


def cpu(information: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name, or its architecture where the system doesn't tell."""
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    names = [value.strip() for key, _, value in (line.partition(":") for line in lines) if key.strip() == "model name"]
    return names[0] if names and names[0] else platform.machine()


def growth(latencies: pd.DataFrame) -> pd.DataFrame:
    """For every model: how many times FLOP and p50 grow from its smallest to its largest size, and both ends in ms."""
    rows = {}
    for model, part in latencies.groupby("model", sort=False):
        part = part.sort_values(Columns.FLOP)
        first, last = part.iloc[0], part.iloc[-1]
        rows[model] = {
            "sizes": len(part),
            "FLOP ×": last[Columns.FLOP] / first[Columns.FLOP],
            "p50 ×": last["p50_ms"] / first["p50_ms"],
            "smallest, p50 ms": first["p50_ms"],
            "largest, p50 ms": last["p50_ms"],
            "largest, p99 ms": last["p99_ms"],
        }
    return pd.DataFrame(rows).T.astype({"sizes": int}) if rows else pd.DataFrame()


def growth_words(latencies: pd.DataFrame, model: str = "wukong") -> str:
    """One sentence on how time follows compute along the ladder of ``model``."""
    table = growth(latencies)
    if model not in table.index or table.loc[model, "sizes"] < 2:
        return f"There are too few sizes of {MODEL_TITLES[model]} to say how its time grows."
    row = table.loc[model]
    share = np.log(row["p50 ×"]) / np.log(row["FLOP ×"])
    slower = "more slowly than" if share < 0.9 else "about as fast as" if share <= 1.1 else "faster than"
    return (
        f"From the smallest to the largest {MODEL_TITLES[model]}, compute grows {row['FLOP ×']:.0f}-fold and the "
        f"median time {row['p50 ×']:.1f}-fold, from {row['smallest, p50 ms']:.1f} to {row['largest, p50 ms']:.1f} ms: "
        f"{slower} compute."
    )


def with_quality(latencies: pd.DataFrame, runs: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Latencies joined with the seed means of ``metric`` of the same models on the same data, fastest first.

    ``runs``: prepared, with ``metric``; runs of the split ``time`` are left out. Models without runs are left out too.
    """
    if latencies.empty or runs.empty:
        return latencies.iloc[:0].assign(**{metric: [], "seeds": []})
    means = by_configuration(runs[runs["split"] != "time"], metric)
    joined = latencies.merge(means[[*KEYS, metric, "seeds"]], on=KEYS, validate="one_to_one")
    return joined.sort_values("p99_ms", ignore_index=True)


def least_gap(table: pd.DataFrame, runs: pd.DataFrame, metric: str) -> float:
    """The least difference of two means that seeds can't explain, or NaN. ``table``: ``with_quality``."""
    if table.empty:
        return float("nan")
    return least_significant_difference(*seed_noise(runs, metric), seeds=int(table["seeds"].min()))


def least_words(least: float) -> str:
    """``least_gap`` in % as a sentence of a caption."""
    if np.isnan(least):
        return "How far two live models must lie apart is not known: no seed is repeated."
    return f"Two live models within {least:.2f} % of each other can't be told apart."


def frontier(table: pd.DataFrame, metric: str, least: float) -> pd.DataFrame:
    """The models that no faster one matches, fastest first: what each further step costs and gains.

    ``gain`` over the step before in the units of ``metric`` (lower is better), ``a millisecond`` that gain over the
    time it costs, ``beyond seeds`` whether it exceeds ``least``, the difference of two runs that seeds can't explain.
    """
    table = table.sort_values("p99_ms")
    best = table[metric].cummin().shift(fill_value=np.inf)
    steps = table[table[metric] < best][["model", Columns.FLOP, "p99_ms", metric]].copy()
    steps["gain"] = -steps[metric].diff()
    steps["a millisecond"] = steps["gain"] / steps["p99_ms"].diff()
    steps["beyond seeds"] = [_beyond(gain, least) for gain in steps["gain"]]
    return steps.reset_index(drop=True)


def told(live: str, full: str) -> str:
    """The sentence on what was measured live, and the one on the committed tables where there is one."""
    return f"Live: {live} In full: {full}" if full else live


def _beyond(gain: float, least: float) -> str:
    if np.isnan(gain):
        return ""
    return "not known" if np.isnan(least) else "yes" if gain > least else "no"


def bought_words(table: pd.DataFrame, metric: str, least: float) -> str:
    """What time buys between the fastest model and the best one, in a sentence. ``metric`` and ``least`` in %."""
    if table.empty:
        return "No model has both a time and a loss here."
    steps = frontier(table, metric, least)
    first, last = steps.iloc[0], steps.iloc[-1]
    if len(steps) == 1:
        return f"The fastest model, {_named(first)}, is also the best: here no millisecond buys anything."
    gain, extra = first[metric] - last[metric], last["p99_ms"] - first["p99_ms"]
    whole = (
        f"From the fastest model, {_named(first)}, to the best, {_named(last)}, the log-loss falls by {gain:.2f} % of "
        f"the smallest DLRM's, for {extra:.1f} ms more at p99: {gain / extra:.3f} % a millisecond"
    )
    if np.isnan(least):
        return f"{whole}. Without repeated seeds it is not known whether that is noise."
    if gain <= least:
        return f"{whole}. Seeds alone could explain that much ({least:.2f} %)."
    absent = [MODEL_TITLES[model] for model in table["model"].unique() if model not in set(steps["model"])]
    slower = f" No slower model is better; none of {listed(absent)} is on the frontier." if absent else ""
    cheap = steps[first[metric] - steps[metric] >= gain / 2].iloc[0]
    if cheap["p99_ms"] == last["p99_ms"]:
        half = "" if len(steps) == 2 else " No faster model has half of that."
    else:
        half = f" Half of it is there at {_named(cheap)}."
    return f"{whole}.{half}{slower}"


def _named(row: pd.Series) -> str:
    return f"{MODEL_TITLES[row['model']]} at {row[Columns.FLOP] / 1e6:.2g} MFLOP ({row['p99_ms']:.1f} ms)"
