"""What the plans of CTR studies are put together from: curves of models, and how one model is trained."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import zip_longest
from typing import Any

from recscale.datasets import Field, load_ctr
from recscale.models.embeddings import EmbeddingConfig
from recscale.plans.profiles import RunSeeds
from recscale.runs.spec import RunSpec
from recscale.training.ctr import CTRTraining

Training = Callable[[str, Any], CTRTraining]  # (data set, model configuration) -> how it is trained

FIXED_RATES = {"dense_learning_rate": 2e-3, "sparse_learning_rate": 3e-2}

DATASET_SPLITS = {"frappe": "official", "kuairand-pure": "official"}
"""Data set -> its split, where that isn't "random"."""
BATCH_SIZES = {"movielens-1m": 1024, "movielens-100k": 512, "kuairand-pure": 256}

USUAL_EMBEDDING = EmbeddingConfig()


@dataclass(frozen=True)
class Part:
    """One curve of a study: ``models`` in ascending cost on one split, each with every one of ``seeds``.

    ``fraction`` of the training rows are used, of at most ``most_rows`` (None: of all).
    """

    dataset: str
    models: tuple
    training: Training
    seeds: RunSeeds
    split: str = ""
    fraction: float = 1.0
    most_rows: int | None = None

    def runs(self, seed: int) -> Iterable[RunSpec]:
        split = self.split or usual_split(self.dataset)
        for model in self.models:
            yield RunSpec(self.dataset, split, model, self.training(self.dataset, model), seed, fraction=self.share)

    @property
    def share(self) -> float:
        """Of the training rows: ``fraction`` of what ``most_rows`` leaves."""
        if self.most_rows is None:
            return self.fraction
        return self.fraction * min(1.0, round(self.most_rows / (0.8 * len(load_ctr(self.dataset))), 4))


def runs_of(parts: Sequence[Part], dataset: str | None = None, seeds: RunSeeds | None = None) -> list[RunSpec]:
    """The parts' runs seed by seed, within a seed part by part, within a part cheap before dear.

    ``dataset`` keeps the parts on that set; if none are, the parts on the first one's set and split move to it.
    ``seeds`` replace those of every part.
    """
    if dataset is not None:
        parts = _on_dataset(parts, dataset)
    if seeds is not None:
        parts = [replace(part, seeds=seeds) for part in parts]
    runs: list[RunSpec] = []
    for turn in zip_longest(*(part.seeds for part in parts)):
        for part, seed in zip(parts, turn, strict=True):
            if seed is not None:
                runs += part.runs(seed)
    return runs


def _on_dataset(parts: Sequence[Part], dataset: str) -> list[Part]:
    if own := [part for part in parts if part.dataset == dataset]:
        return own
    first = parts[0]
    alike = [part for part in parts if (part.dataset, part.split) == (first.dataset, first.split)]
    return [replace(part, dataset=dataset, split="") for part in alike]


def usual_split(dataset: str) -> str:
    """The split of a data set that its studies use."""
    return DATASET_SPLITS.get(dataset, "random")


def one_pass(dataset: str, **changes: Any) -> CTRTraining:
    """The paper's one pass at constant rates after the warm-up, at a batch size that leaves some hundred steps."""
    batch_size = BATCH_SIZES.get(dataset, 512)
    return CTRTraining(**{"batch_size": batch_size, "schedule": "constant"} | FIXED_RATES | changes)


def fixed(dataset: str, model: Any, embedding: EmbeddingConfig = USUAL_EMBEDDING) -> CTRTraining:
    """One pass at ``FIXED_RATES``."""
    return one_pass(dataset, embedding=embedding)


@cache
def inputs(dataset: str) -> tuple[tuple[Field, ...], int, int]:
    """Fields, dense features and tasks: what decides a model's size. A plan asks for them dozens of times."""
    data = load_ctr(dataset)
    return data.fields, len(data.dense_names), len(data.tasks)
