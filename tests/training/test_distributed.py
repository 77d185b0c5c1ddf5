"""Two processes under torchrun against one: the same command, the same losses."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from recscale.datasets.tables import Field
from recscale.models import CTR_MODELS, EmbeddingConfig, WukongConfig, build_ctr_model
from recscale.models.bags import torchrec_available
from recscale.training.distributed import Processes, check_batches

SETTINGS = ["wukong", "--dataset", "synthetic-ctr", "--batch-size", "320", "--set", "l=2", "--set", "mlp_width=32"]


def start(launcher: list[str], *arguments: str) -> subprocess.CompletedProcess:
    command = [*launcher, str(Path(sys.executable).with_name("recscale")), "train", *arguments]
    return subprocess.run(
        command, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=300
    )


def run(launcher: list[str], history: Path) -> tuple[pd.DataFrame, dict[str, float]]:
    """The losses of every step, and the metrics printed at the end."""
    done = start(launcher, *SETTINGS, "--history", str(history))
    assert done.returncode == 0, done.stderr[-8000:]
    words = [line.split() for line in done.stdout.splitlines()]
    return pd.read_csv(history), {line[0]: float(line[1]) for line in words if line[0].startswith(("valid_", "test_"))}


@pytest.fixture
def torchrun() -> list[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={port}"]
    return [*launcher, "--no-python"]


@pytest.mark.slow
@pytest.mark.skipif(not torchrec_available(), reason="no FBGEMM")
def test_two_processes_train_as_one(tmp_path, torchrun):
    """50 steps. Tables are dealt out in turn, so a front end that took embeddings by position would fail here."""
    one, alone = run([], tmp_path / "one.csv")
    two, together = run(torchrun, tmp_path / "two.csv")
    assert len(one) == 50
    np.testing.assert_allclose(two["train_logloss"], one["train_logloss"], rtol=0, atol=1e-5)
    assert one["train_logloss"].iloc[-1] < one["train_logloss"].iloc[0] - 0.05
    assert together == pytest.approx(alone, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["afn+", "--dataset", "synthetic-ctr"], ["sasrec", "--dataset", "synthetic-markov"]]
)
def test_what_two_processes_cannot_train_stops_both_with_a_sentence(torchrun, arguments):
    done = start(torchrun, *arguments)
    assert done.returncode != 0
    assert re.search(r"recscale: (afn\+: has batch norm built in|sasrec trains on one process)", done.stderr)
    assert "test_" not in done.stdout


def built(config, **embedding):
    shape = {"embedding": EmbeddingConfig(width=4, **embedding), "backend": "torch", "fused": False}
    return config, build_ctr_model(config, (Field("a", 3), Field("b", 3)), 0, 1, **shape)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (built(CTR_MODELS["afn+"]()), r"afn\+: has batch norm built in, which several processes can't share"),
        (built(WukongConfig(batch_norm=True)), "wukong: batch_norm is on, which several processes can't share"),
        (built(WukongConfig(dropout=0.2)), "wukong: dropout is above 0"),
        (built(CTR_MODELS["masknet"](dropout=0.2)), "masknet: dropout is above 0"),
        (built(WukongConfig(), unit_dropout=0.1), "wukong: unit_dropout is above 0"),
    ],
)
def test_what_several_processes_would_train_otherwise_is_refused(model, sentence):
    with pytest.raises(ValueError, match=sentence):
        check_batches(*model, 100, Processes(0, 2))
    check_batches(*model, 100, Processes())


def test_every_process_needs_a_row_and_batch_norm_two():
    with pytest.raises(ValueError, match="batches of 2 rows can't be shared by 3 processes"):
        check_batches(*built(WukongConfig()), 2, Processes(0, 3))
    check_batches(*built(WukongConfig()), 3, Processes(0, 3))
    with pytest.raises(ValueError, match="batches of at least 2 rows"):
        check_batches(*built(WukongConfig(batch_norm=True)), 1, Processes())


def test_alone_nothing_is_shared():
    rows = torch.arange(5)
    processes = Processes()
    assert torch.equal(processes.share(rows), rows)
    assert torch.equal(processes.concatenate(rows[:, None].float()), rows[:, None].float())
    assert processes.sum(torch.tensor(3.0)) == 3


def test_shares_cover_a_batch():
    rows = torch.arange(7)
    assert torch.equal(torch.cat([Processes(rank, 3).share(rows) for rank in range(3)]), rows)
