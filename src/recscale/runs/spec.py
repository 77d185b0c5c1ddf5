"""One run: everything that decides its numbers, and carrying it out.

``RunSpec`` is the whole recipe. Its ``run_id`` hashes the recipe, the data's checksum and the ``VERSION`` of the model
and of the training loop, so that a comment never discards a night's work and a changed formula never keeps an old
number. Of the recipe only what differs from the defaults is hashed: a new knob, whose default is the old behaviour,
discards nothing either (and a test holds that no default changes without its ``VERSION``).
"""

import dataclasses
import hashlib
import json
import subprocess
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import torch

import recscale
from recscale.datasets import (
    SequenceData,
    load_ctr,
    load_sequences,
    planted_world,
    repeat_within_user,
    subsample_rows,
    subsample_users,
)
from recscale.settings import REPOSITORY, cache_folder
from recscale.training.ctr import CTRTraining, train_ctr
from recscale.training.result import TrainingResult
from recscale.training.sequential import SequentialTraining, train_sequential

CTR_SPLITS = ("random", "time", "official")
SEQUENTIAL_SPLITS = ("leave-one-out", "global-time")

_TRAINING = threading.Lock()
"""Torch's global generator is one a process: two runs at once in its threads would draw from each other's numbers."""


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
        name, checksum = _identity(self.dataset, self.is_ctr)
        identity = {
            "dataset": name,
            "data": checksum,
            "model": [self.model.model, chosen(self.model)],
            "training": chosen(self.training),
            "fraction": self.fraction,
            "repeated": self.repeated,
            "split": self.split,
            "seed": self.seed,
            "versions": [self.model.VERSION, self.training.VERSION],
        }
        text = json.dumps(identity, sort_keys=True, separators=(",", ":"), default=dataclasses.asdict)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def chosen(config: Any) -> dict:
    """The fields of a configuration that differ from its class's defaults, nested ones likewise."""
    default = type(config)()
    changes = {}
    for field in dataclasses.fields(config):
        value, usual = getattr(config, field.name), getattr(default, field.name)
        if value != usual:
            same_kind = dataclasses.is_dataclass(value) and type(value) is type(usual)
            changes[field.name] = chosen(value) if same_kind else value
    return changes


@cache
def _data(dataset: str, is_ctr: bool):
    """A sweep asks for the same data dozens of times: load it once a process."""
    return load_ctr(dataset) if is_ctr else load_sequences(dataset)


def _identity(dataset: str, is_ctr: bool) -> tuple[str, str]:
    """Name and checksum of a data set; a planted world's are known before its millions of rows are made."""
    if dataset in planted_world.PLANTED:
        world, rows = planted_world.PLANTED[dataset]
        return dataset, world.checksum(rows)
    data = _data(dataset, is_ctr)
    return data.name, data.checksum


@cache
def _split(dataset: str, split: str):
    return _data(dataset, True).split(split)


def train(spec: RunSpec, progress: bool = False) -> TrainingResult:
    """Carry out ``spec`` and keep the trained model. Threads of one process take turns."""
    with _TRAINING:
        return _train(spec, progress)


def _train(spec: RunSpec, progress: bool) -> TrainingResult:
    if spec.is_ctr:
        split = _split(spec.dataset, spec.split)
        if spec.fraction != 1.0:
            split = dataclasses.replace(split, train=subsample_rows(split.train, spec.fraction, seed=0))
        return train_ctr(spec.model, spec.training, split, seed=spec.seed, progress=progress)
    data = variant(_data(spec.dataset, False), spec.fraction, spec.repeated)
    options = {"split": spec.split, "seed": spec.seed, "progress": progress, "checkpoint": checkpoint(spec)}
    return train_sequential(spec.model, spec.training, data, **options)


def checkpoint(spec: RunSpec) -> Path:
    """Where a long run keeps its state on the way; whoever has kept its record removes the file."""
    return cache_folder() / "checkpoints" / f"{spec.run_id}.pt"


def variant(data: SequenceData, fraction: float, repeated: float) -> SequenceData:
    """``data`` with a ``fraction`` of its users and a share ``repeated`` of every history written a second time: always
    the same ones, whatever the seed of a run."""
    if fraction != 1.0:
        data = subsample_users(data, fraction, seed=0)
    return repeat_within_user(data, repeated, seed=0) if repeated else data


def record(spec: RunSpec, result: TrainingResult) -> dict:
    """The run as one row of a results table (without the study's name, which the table adds)."""
    accounting = result.accounting
    return {
        "run_id": spec.run_id,
        "model": spec.model.model,
        "dataset": spec.dataset,
        "split": spec.split,
        "seed": spec.seed,
        "config": json.dumps(spec.config, sort_keys=True),
        "dense_parameters": accounting.dense_parameters,
        "embedding_parameters": accounting.embedding_parameters,
        "training_flop_per_example": accounting.training_flop_per_example,
        "examples_seen": result.examples_seen,
        "training_flop": accounting.training_flop_per_example * result.examples_seen,
        **result.metrics,
        **({"test_logloss_curve": logloss_curve(result)} if len(result.curve) else {}),
        "diverged": result.diverged,
        "wall_seconds": round(result.wall_seconds, 3),
        "threads": torch.get_num_threads(),
        "torch_version": torch.__version__,
        "code_version": code_version(),
        "data_checksum": _identity(spec.dataset, spec.is_ctr)[1],
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def logloss_curve(result: TrainingResult) -> str:
    """Test log loss along the pass, as JSON: pairs of examples seen and loss."""
    pairs = zip(result.curve["examples_seen"], result.curve["test_logloss"], strict=True)
    return json.dumps([[int(examples), round(float(loss), 8)] for examples, loss in pairs])


@cache
def code_version() -> str:
    """Package version and, in a checkout, the commit, with "-dirty" where the source differs from it."""
    git = ["git", "-C", str(REPOSITORY)]
    try:
        head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return recscale.__version__
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "src"], capture_output=True).returncode
    return f"{recscale.__version__}+{head.stdout.strip()}{'-dirty' if changed else ''}"


@cache
def code_fingerprint() -> str:
    """12 hexadecimal digits and torch's version: the same for the same source files, with or without a checkout."""
    package = Path(recscale.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{digest.hexdigest()[:12]} with torch {torch.__version__}"
