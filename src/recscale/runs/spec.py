"""One run: everything that decides its numbers.

``RunSpec`` is the whole recipe. Its ``run_id`` hashes the recipe, the data's checksum and the ``VERSION`` of the model
and of the training loop, so that a comment never discards a night's work and a changed formula never keeps an old
number. Of the recipe only what differs from the defaults is hashed: a new knob, whose default is the old behaviour,
discards nothing either (and a test holds that no default changes without its ``VERSION``).
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from recscale.datasets import (
    CTRData,
    SequenceData,
    load_ctr,
    load_sequences,
    planted_world,
    repeat_within_user,
    subsample_users,
)
from recscale.training.ctr import CTRTraining
from recscale.training.sequential import SequentialTraining

CTR_SPLITS = ("random", "time", "official")
SEQUENTIAL_SPLITS = ("leave-one-out", "global-time")


@dataclass(frozen=True)
class RunSpec:
    """One model trained once.

    ``fraction`` keeps that share of the training rows (CTR) or of the users (sequences), nested: the 10 % are among
    the 30 %. ``repeated`` writes that share of every history a second time (sequences only), which changes D′ and
    little else.
    """

    dataset: str
    split: str
    model: Any
    training: CTRTraining | SequentialTraining
    seed: int
    fraction: float = 1.0
    repeated: float = 0.0

    def __post_init__(self) -> None:
        allowed = CTR_SPLITS if self.is_ctr else SEQUENTIAL_SPLITS
        if self.split not in allowed:
            raise ValueError(f"unknown split {self.split!r} for {self.model.model}; allowed are {', '.join(allowed)}")

    @property
    def is_ctr(self) -> bool:
        return isinstance(self.training, CTRTraining)

    @property
    def config(self) -> dict:
        """The recipe as plain JSON values, without the seed."""
        recipe = {
            "model": {"model": self.model.model, **dataclasses.asdict(self.model)},
            "training": dataclasses.asdict(self.training),
        }
        if self.fraction != 1.0:
            recipe["fraction"] = self.fraction
        if self.repeated:
            recipe["repeated"] = self.repeated
        return json.loads(json.dumps(recipe))

    @property
    def run_id(self) -> str:
        """16 hexadecimal digits, the same for the same recipe, seed, data and numerics."""
        name, checksum = data_identity(self.dataset, self.is_ctr)
        identity = {
            "dataset": name,
            "data": checksum,
            "model": [self.model.model, non_defaults(self.model)],
            "training": non_defaults(self.training),
            "fraction": self.fraction,
            "repeated": self.repeated,
            "split": self.split,
            "seed": self.seed,
            "versions": [self.model.VERSION, self.training.VERSION],
        }
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"), default=dataclasses.asdict)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def non_defaults(config: Any) -> dict:
    """The fields of a configuration that differ from its class's defaults, nested ones likewise."""
    default = type(config)()
    changes = {}
    for field in dataclasses.fields(config):
        value, usual = getattr(config, field.name), getattr(default, field.name)
        if value != usual:
            same_kind = dataclasses.is_dataclass(value) and type(value) is type(usual)
            changes[field.name] = non_defaults(value) if same_kind else value
    return changes


@cache
def load_data(dataset: str, is_ctr: bool) -> CTRData | SequenceData:
    """The data set of a run, loaded once per process: a sweep asks for the same data dozens of times."""
    return load_ctr(dataset) if is_ctr else load_sequences(dataset)


def data_identity(dataset: str, is_ctr: bool) -> tuple[str, str]:
    """Name and checksum of a data set; a planted world's are known before its millions of rows are made."""
    if dataset in planted_world.PLANTED:
        world, rows = planted_world.PLANTED[dataset]
        return dataset, world.checksum(rows)
    data = load_data(dataset, is_ctr)
    return data.name, data.checksum


def variant(data: SequenceData, fraction: float, repeated: float) -> SequenceData:
    """``data`` with a ``fraction`` of its users and a share ``repeated`` of every history written a second time: always
    the same ones, whatever the seed of a run."""
    if fraction != 1.0:
        data = subsample_users(data, fraction, seed=0)
    return repeat_within_user(data, repeated, seed=0) if repeated else data
