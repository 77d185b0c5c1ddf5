"""Two processes under torchrun against one: the same command, the same losses."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from recscale.models.bags import torchrec_available
from recscale.training.distributed import Processes

SETTINGS = ["wukong", "--dataset", "synthetic-ctr", "--batch-size", "320", "--set", "l=2", "--set", "mlp_width=32"]


def run(launcher: list[str], history: Path) -> tuple[pd.DataFrame, dict[str, float]]:
    """The losses of every step, and the metrics printed at the end."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [
        *launcher,
        str(Path(sys.executable).with_name("recscale")),
        "train",
        *SETTINGS,
        "--history",
        str(history),
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-8000:]
    words = [line.split() for line in done.stdout.splitlines()]
    return pd.read_csv(history), {line[0]: float(line[1]) for line in words if line[0].startswith(("valid_", "test_"))}


@pytest.mark.slow
@pytest.mark.skipif(not torchrec_available(), reason="no FBGEMM")
def test_two_processes_train_as_one(tmp_path):
    """50 steps. Tables are dealt out in turn, so a front end that took embeddings by position would fail here."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torchrun = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node=2",
        f"--master-port={port}",
        "--no-python",
    ]
    one, alone = run([], tmp_path / "one.csv")
    two, together = run(torchrun, tmp_path / "two.csv")
    assert len(one) == 50
    np.testing.assert_allclose(two["train_logloss"], one["train_logloss"], rtol=0, atol=1e-5)
    assert one["train_logloss"].iloc[-1] < one["train_logloss"].iloc[0] - 0.05
    assert together == pytest.approx(alone, abs=1e-4)


def test_alone_nothing_is_shared():
    rows = torch.arange(5)
    processes = Processes()
    assert torch.equal(processes.share(rows), rows)
    assert torch.equal(processes.concatenate(rows[:, None].float()), rows[:, None].float())
    assert processes.sum(torch.tensor(3.0)) == 3


def test_shares_cover_a_batch():
    rows = torch.arange(7)
    assert torch.equal(torch.cat([Processes(rank, 3).share(rows) for rank in range(3)]), rows)
