"""What a CTR model costs when it serves: the time to score many candidates for one user.

Timed: ids in memory to probabilities, one request after another. Not timed: retrieval of the candidates, fetching
features, the network. Weights are untrained, as the time doesn't depend on their values.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Int, Shaped

from recscale.datasets.tables import CTRData
from recscale.models import EmbeddingConfig, build_ctr_model
from recscale.models.checks import Natural, Settings
from recscale.training.batches import CTRTensors


@dataclass(frozen=True)
class Request(Settings):
    """How serving is timed: ``repeats`` requests of ``candidates`` rows on ``threads`` threads after ``warm_up``."""

    candidates: int = 1000
    repeats: int = 200
    warm_up: Natural = 10
    threads: int = 1


@dataclass(frozen=True)
class Latency:
    """Milliseconds a request at the median and at the 99th percentile, and candidates scored a second on average."""

    p50_ms: float
    p99_ms: float
    candidates_per_second: float


def candidate_rows(data: CTRData, candidates: int, seed: int = 0) -> CTRData:
    """One user's request: a row of ``data`` repeated, with the inputs that describe the item taken from other items.

    The first field is the user, the second the item. Every input that an item determines (the same value in all its
    rows) comes with the candidate; the rest, the user's own and the moment's, is the request's. Items are distinct as
    far as there are enough.
    """
    if len(data.fields) < 2:
        raise ValueError(f"{data.name} has {len(data.fields)} fields; a request needs a user and an item")
    generator = np.random.default_rng(seed)
    item = data.ids[data.fields[1].name]
    known, first, place = np.unique(item, return_index=True, return_inverse=True)
    chosen = generator.choice(len(known), candidates, replace=candidates > len(known))
    request = int(generator.integers(len(data)))
    taken = data.take(first[chosen])
    fixed = data.take(np.full(candidates, request))
    ids = {
        name: (taken if name == data.fields[1].name or _determined(values, first, place) else fixed).ids[name]
        for name, values in data.ids.items()
    }
    own = np.array([_determined(column, first, place) for column in data.dense.T], dtype=bool)
    return replace(fixed, ids=ids, dense=np.where(own, taken.dense, fixed.dense))


def _determined(
    values: Shaped[np.ndarray, "rows ..."], first: Int[np.ndarray, " items"], place: Int[np.ndarray, " rows"]
) -> bool:
    """Whether all rows of an item share its value; ``first``: a row of each item, ``place``: each row's item."""
    return np.array_equal(values, values[first][place])


def serve(config, rows: CTRData, request: Request, embedding: EmbeddingConfig | None = None) -> Latency:
    """Score ``rows`` (``candidate_rows``) again and again with an untrained model of ``config``; time each request."""
    n_dense, n_tasks = rows.dense.shape[1], len(rows.tasks)
    embedding = embedding or EmbeddingConfig()
    # Not fused: a served model carries no optimiser.
    model = build_ctr_model(config, rows.fields, n_dense, n_tasks, embedding=embedding, fused=False).eval()
    ids, dense, _ = CTRTensors.of(rows, torch.device("cpu")).rows(torch.arange(len(rows)))
    seconds = np.empty(request.warm_up + request.repeats)
    with ExitStack() as afterwards, torch.inference_mode():
        afterwards.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(request.threads)
        for number in range(len(seconds)):
            began = time.perf_counter()
            torch.sigmoid(model(ids, dense))
            seconds[number] = time.perf_counter() - began
    seconds = seconds[request.warm_up :]
    p50, p99 = 1e3 * np.percentile(seconds, (50, 99))
    return Latency(float(p50), float(p99), float(len(rows) * request.repeats / seconds.sum()))
