"""Tables of the full sequential studies with a planted truth, as the plans would leave them."""

import json
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from recscale.plans.sequential import BFLOAT16, CELLS, CORNERS, DIAGONAL, LONGER, OTHER_DATASETS, SKELETON, unsearched

CHECKERBOARD = ((1, 16), (1, 64), (4, 16), (4, 64), (2, 32), (2, 96), (8, 32))
Truth = Callable[..., float]
"""(layers, width, **what differs) -> NDCG@10 without noise. What differs: model, dataset, max_length, …"""


def law(layers: float, width: float, best: tuple[float, float] = (3.5, 44.0), q1: float = 8.0, **differs) -> float:
    """A Performance Law with its peak at ``best``."""
    total = 0.18
    for value, at, weight in ((layers, best[0], 0.006), (width, best[1], 0.03)):
        exponent = -np.log(q1) / np.log(at)
        height = -(exponent * np.log(at) + 1 / (q1 * at**exponent))
        total += weight * (-(exponent * np.log(value) + 1 / (q1 * value**exponent)) - height)
    return total


def line(layers: float, width: float, **differs) -> float:
    """No decay at all: a straight line in the logs."""
    return 0.10 + 0.010 * np.log(layers) + 0.012 * np.log(width)


class Table:
    """Collects runs. ``noise`` is the standard deviation of a run relative to its NDCG@10."""

    def __init__(self, truth: Truth, noise: float, draw: int, study: str) -> None:
        self.truth, self.noise, self.study = truth, noise, study
        self.random = np.random.default_rng(draw)
        self.rows: list[dict] = []

    def add(self, shape: tuple[int, int], seed: int = 0, **differs) -> None:
        known = {"model": "sasrec", "dataset": "movielens-1m", "max_length": 50, "precision": "fp32"}
        known |= {"loss": "softmax", "fraction": 1.0, "repeated": 0.0} | differs
        layers, width = shape
        value = self.truth(layers, width, **known) * (1 + self.noise * self.random.standard_normal())
        wobble = 1 + 0.02 * self.noise * self.random.standard_normal(2)
        config = {
            "model": {"layers": layers, "width": width},
            "training": {key: known[key] for key in ("max_length", "precision", "loss")},
        }
        config |= {key: known[key] for key in ("fraction", "repeated") if key in differs}
        size = np.log(layers) + np.log(width)
        row = {"study": self.study, "run_id": f"{hash((shape, seed, tuple(known.items()))) % 2**64:016x}", "seed": seed}
        row |= {"model": known["model"], "dataset": known["dataset"], "split": "leave-one-out"}
        row |= {
            "embedding_parameters": (3416 + known["max_length"]) * width,
            "dense_parameters": 12 * layers * width**2,
        }
        row |= {"config": json.dumps(config), "diverged": False, "collapsed": 0.0}
        row |= {f"test_{name}": share * value for name, share in (("ndcg@10", 1.0), ("hr@10", 1.7), ("mrr", 0.9))}
        row["valid_ndcg@10"] = 1.05 * value
        row |= {"train_loss": (6.0 - 0.2 * size) * wobble[0], "test_loss": (6.5 - 0.15 * size) * wobble[1]}
        cost = {"wall_seconds": 36.0, "threads": 1}
        self.rows.append(row | cost | {"finished_at": "2027-01-01T00:00:00+00:00"})

    @property
    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows)


def grid(truth: Truth = law, noise: float = 0.004, draw: int = 0, seeds: Iterable[int] = (0, 1, 2)) -> pd.DataFrame:
    """``sequential-grid`` as planned; ``seeds`` on the diagonal, the first of them everywhere."""
    table = Table(truth, noise, draw, "sequential-grid")
    first, *further = seeds
    for shape in CELLS:
        table.add(shape, unsearched(shape, first))
    for seed in further:
        for shape in DIAGONAL:
            table.add(shape, seed)
    for model, cells in (("hstu", CHECKERBOARD), ("llama", CORNERS)):
        for shape in cells:
            table.add(shape, first, model=model)
    for length, cells in LONGER.items():
        for shape in cells:
            table.add(shape, first, max_length=length)
    for shape in BFLOAT16:
        table.add(shape, first, precision="bf16")
    return table.frame


def data(truth: Truth, noise: float = 0.004, draw: int = 0) -> pd.DataFrame:
    """``sequential-data`` as planned."""
    table = Table(truth, noise, draw, "sequential-data")
    variants = [{"fraction": f} for f in (1.0, 0.3, 0.1)] + [{"repeated": r} for r in (1.0, 0.5, 0.25)]
    for variant in (*variants, *({"dataset": name} for name in OTHER_DATASETS)):
        for shape in SKELETON:
            table.add(shape, 0, **variant)
    return table.frame


def predicted(
    shapes: Iterable[tuple[int, int]], truth: Truth = law, noise: float = 0.003, draw: int = 1
) -> pd.DataFrame:
    """``performance-law-predictions``: two seeds of every shape."""
    table = Table(truth, noise, draw, "performance-law-predictions")
    for shape in shapes:
        for seed in (0, 1):
            table.add(shape, seed)
    return table.frame


def quality(levels: dict[str, float], noise: float = 0.005, draw: int = 0) -> pd.DataFrame:
    """``sequential-quality``: three seeds of each model on both data sets, and one run with another loss."""
    known = {"max_length": 200, "loss": "softmax"}

    def truth(*shape, model, dataset, **differs):
        return levels[model] * (1.0 if dataset == "movielens-1m" else 0.3)

    table = Table(truth, noise, draw, "sequential-quality")
    for seed in range(3):
        for model in levels:
            table.add((2, 64), seed, model=model, **known)
            table.add((2, 64), seed, model=model, dataset="amazon-beauty", loss="sampled-softmax")
    table.add((2, 64), 0, max_length=200, loss="bce")
    table.rows[-1]["test_ndcg@10"] = 0.05
    return table.frame
