"""Carrying out one run: training a ``RunSpec``, and its record."""

import dataclasses
import hashlib
import json
import subprocess
import threading
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import torch

import recscale
from recscale.datasets import CTRSplit, subsample_rows
from recscale.runs.progress import model_trained
from recscale.runs.spec import RunSpec, data_identity, load_data, variant
from recscale.runs.table import Columns
from recscale.settings import REPOSITORY, cache_folder
from recscale.training import TrainingResult
from recscale.training.ctr import train_ctr
from recscale.training.sequential import train_sequential

_TRAINING = threading.Lock()
"""Torch has one global generator per process: two runs in its threads would draw from each other's numbers."""


@cache
def _split(dataset: str, split: str) -> CTRSplit:
    return load_data(dataset, True).split(split)


def train(spec: RunSpec) -> TrainingResult:
    """Train ``spec``; the result has the trained model. Threads of one process take turns."""
    with _TRAINING:
        result = _train(spec)
    model_trained()
    return result


def _train(spec: RunSpec) -> TrainingResult:
    if spec.is_ctr:
        split = _split(spec.dataset, spec.split)
        if spec.fraction != 1.0:
            split = dataclasses.replace(split, train=subsample_rows(split.train, spec.fraction, seed=0))
        return train_ctr(spec.model, spec.training, split, seed=spec.seed)
    data = variant(load_data(spec.dataset, False), spec.fraction, spec.repeated)
    options = {"split": spec.split, "seed": spec.seed, "checkpoint": checkpoint(spec)}
    return train_sequential(spec.model, spec.training, data, **options)


def checkpoint(spec: RunSpec) -> Path:
    """The file of a long run's state while it trains. It is removed once the run's record is stored."""
    return cache_folder() / "checkpoints" / f"{spec.run_id}.pt"


def make_record(spec: RunSpec, result: TrainingResult) -> dict:
    """The run as one row of a results table (without the study's name, which the table adds)."""
    accounting = result.accounting
    return {
        Columns.RUN_ID: spec.run_id,
        Columns.MODEL: spec.model.model,
        Columns.DATASET: spec.dataset,
        Columns.SPLIT: spec.split,
        Columns.SEED: spec.seed,
        Columns.CONFIG: json.dumps(spec.config, sort_keys=True),
        Columns.DENSE_PARAMETERS: accounting.dense_parameters,
        Columns.EMBEDDING_PARAMETERS: accounting.embedding_parameters,
        Columns.FLOP: accounting.training_flop_per_example,
        Columns.EXAMPLES: result.examples_seen,
        Columns.TRAINING_FLOP: accounting.training_flop_per_example * result.examples_seen,
        **result.metrics,
        **({Columns.CURVE: logloss_curve(result)} if len(result.curve) else {}),
        Columns.DIVERGED: result.diverged,
        "wall_seconds": round(result.wall_seconds, 3),
        "threads": torch.get_num_threads(),
        "torch_version": torch.__version__,
        "code_version": code_version(),
        "data_checksum": data_identity(spec.dataset, spec.is_ctr)[1],
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
