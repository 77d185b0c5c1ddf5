"""The first 20 training losses, to the fourth digit: whoever changes them changes the numerics and must raise VERSION.

``python tests/training/test_golden_losses.py`` writes the file anew.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from recscale.datasets import synthetic
from recscale.models.sequential import SEQUENTIAL_MODELS, build_sequential_model
from recscale.training.sequential import SequentialTraining, TrainingStep
from recscale.training.sequential_batches import TrainingBatches, split_sequences

GOLDEN = Path(__file__).parent / "golden" / "sequential_losses.csv"
STEPS = 20
RUNS = {name: (name, "sampled-softmax") for name in sorted(SEQUENTIAL_MODELS)} | {
    f"sasrec {loss}": ("sasrec", loss) for loss in ("softmax", "bce", "gbce")
}


def losses(name: str, loss: str) -> list[float]:
    data = synthetic.markov_sequences(200, 25, 60, seed=0)[0]
    training = SequentialTraining(
        max_length=20,
        batch_tokens=512,
        loss=loss,
        negatives=32,
        negative_power=0.5 if loss == "sampled-softmax" else 0.0,
        warmup_steps=5,
        learning_rate=3e-3,
    )
    cpu = torch.device("cpu")
    model = build_sequential_model(SEQUENTIAL_MODELS[name](width=16, layers=2), data.n_items, 20, seed=1)
    train = split_sequences(data, "leave-one-out").train
    batches = TrainingBatches(train, 20, training.batch_tokens, seed=2, device=cpu)
    model.dropout.seed(3, cpu)
    step = TrainingStep(model, training, torch.from_numpy(np.bincount(train.items, minlength=60)), 4, cpu, len(batches))
    found: list[float] = []
    while len(found) < STEPS:
        found += [step(batch, targets).item() for batch, targets in batches.epoch()]
    return found[:STEPS]


@pytest.mark.parametrize("run", RUNS)
def test_first_losses(run):
    assert losses(*RUNS[run]) == pytest.approx(pd.read_csv(GOLDEN)[run].tolist(), rel=1e-4)


if __name__ == "__main__":
    pd.DataFrame({run: losses(*setting) for run, setting in RUNS.items()}).to_csv(
        GOLDEN, index=False, float_format="%.6f"
    )
