"""One loop for every sequential model: next-item prediction, early stopping on validation NDCG@10, full ranking."""

import copy
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from tqdm import tqdm

from recscale.datasets import SequenceData
from recscale.models import Accounting, SequentialConfig, SequentialModel, account_sequential, build_sequential_model
from recscale.models.checks import Natural, NotNegative, Positive, Range, Settings, Share, check_seed
from recscale.models.losses import LOSSES, Sampler, next_item_loss
from recscale.training import TrainingResult
from recscale.training.distributed import check_memory, choose_device, several_processes
from recscale.training.health import health, item_counts
from recscale.training.optimisers import SCHEDULES, rate_factor
from recscale.training.ranking import count_rivals, ranking_metrics
from recscale.training.sequential_batches import SequenceSplit, TrainingBatches, ranking_batches, split_sequences
from recscale.training.sequential_checkpoint import Checkpoint

TRAIN_LOSS_POSITIONS = 32_768
"""Training positions, always the same ones, on which ``train_loss`` is measured."""


@dataclass(frozen=True)
class SequentialTraining(Settings):
    """How a sequential model is trained. Dropout belongs to the model's configuration.

    ``max_length`` items of history at most; ``batch_tokens`` predicted positions a step; ``negatives`` sampled a step
    with probability ∝ (count + 1)^``negative_power`` (see ``losses``); ``calibration`` is gBCE's t. Adam with decoupled
    ``weight_decay``; the learning rate rises linearly over ``warmup_steps``, then stays ("constant") or falls linearly
    to 0 at the end of the last epoch ("linear"). Validation every ``evaluate_every`` epochs; training ends after
    ``epochs`` or ``patience`` validations without a better NDCG@10, and the best weights count. ``precision`` "bf16"
    trains the layers' matrix products in bfloat16; weights, scores, loss and ranking stay fp32.
    """

    VERSION: ClassVar[int] = 1

    max_length: Annotated[int, Range(1, 1_000_000)] = 200
    loss: Annotated[str, LOSSES] = "sampled-softmax"
    negatives: Annotated[int, Range(1, 10_000_000)] = 256
    negative_power: NotNegative = 0.0
    calibration: Share = 0.75
    epochs: int = 200
    batch_tokens: int = 8192
    learning_rate: Positive = 1e-3
    weight_decay: NotNegative = 0.0
    warmup_steps: Natural = 100
    gradient_clip: Positive = 5.0
    evaluate_every: int = 2
    patience: int = 10
    precision: Annotated[str, ("fp32", "bf16")] = "fp32"
    schedule: Annotated[str, SCHEDULES] = "constant"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.negative_power and self.loss in ("bce", "gbce"):
            # They know nothing of how often an item is drawn, so that popular ones would only be pushed down more.
            raise ValueError(f"negative_power is {self.negative_power}; with the loss {self.loss!r} it must be 0")

    def rate_factor(self, step: int, steps_per_epoch: int) -> float:
        """Share of the learning rate at ``step`` (from 0)."""
        return rate_factor(step, max(self.warmup_steps, 1), self.epochs * steps_per_epoch, self.schedule)


def train_sequential(
    model_config: SequentialConfig,
    training: SequentialTraining,
    data: SequenceData,
    *,
    split: str = "leave-one-out",
    seed: int,
    device: str = "auto",
    progress: bool = False,
    checkpoint: Path | None = None,
) -> TrainingResult:
    """Train on ``data``'s train part and rank every item for every validation and test case.

    Metrics: ``{train,valid,test}_loss`` are exact softmax cross-entropies in nats, whatever was trained on and
    without dropout; ``{valid,test}_{hr,ndcg}@{10,50}`` and ``_mrr`` rank all items. The test history includes the
    validation item. ``collapsed`` is 1 where the training-health check fails (``health``). One seed each for weights,
    order, dropout and negatives is derived from ``seed``; the same seed and number of threads give the same bits.
    A run of over ten minutes keeps its state in the file ``checkpoint`` and, started again after a kill, takes it up.
    The file stays: whoever gave it calls ``remove_checkpoint`` once the result is safe.
    """
    device = choose_device(device)
    account = _checked(model_config, training, data, seed, device)
    parts = split_sequences(data, split)
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(4)]
    model = build_sequential_model(model_config, data.n_items, training.max_length, seed=seeds[0], device=device)
    model.dropout.seed(seeds[2], device)
    batches = TrainingBatches(parts.train, training.max_length, training.batch_tokens, seeds[1], device)
    step = TrainingStep(model, training, item_counts(parts.train), seeds[3], device, len(batches))

    fit = _Fit(model, training, parts, progress)
    contents = data.items.tobytes() + data.offsets.tobytes()  # the checksum is that of the whole, in copies as well
    recipe = repr((model_config, training, split, seed, hashlib.sha256(contents).hexdigest()))
    kept = Checkpoint(checkpoint, recipe, {"model": model, "step": step, "batches": batches, "fit": fit})
    for epoch in range(kept.load() + 1, training.epochs + 1):
        objective = step.epoch(batches)
        if not fit.after_epoch(epoch, objective, epoch * batches.positions):
            break
        kept.save(epoch)
    model.load_state_dict(fit.best_weights)
    model.eval()

    return TrainingResult(
        metrics=_final_metrics(model, parts, training.max_length),
        history=pd.DataFrame(fit.history),
        model=model.cpu(),  # where every reader can use it
        accounting=account,
        examples_seen=fit.history[-1]["examples_seen"],
        diverged=fit.diverged,
        wall_seconds=fit.seconds(),
    )


def _checked(
    config: SequentialConfig, training: SequentialTraining, data: SequenceData, seed: int, device: torch.device
) -> Accounting:
    """What the model costs, once it is sure that it can be trained here."""
    if several_processes():
        raise ValueError(f"{config.model} trains on one process: start it without torchrun")
    check_seed(seed)
    size = {"loss": training.loss, "negatives": training.negatives}
    account = account_sequential(config, data.n_items, training.max_length, **size)
    check_memory(config.model, account, device, table_copies=4)
    return account


def _final_metrics(model: SequentialModel, parts: SequenceSplit, max_length: int) -> dict[str, float]:
    metrics = {"train_loss": train_loss(model, parts.train, max_length)}
    valid, test = (evaluate_model(model, parts.data, cases, max_length) for cases in (parts.valid, parts.test))
    metrics |= {f"valid_{name}": value for name, value in valid.items()}
    metrics |= {f"test_{name}": value for name, value in test.items()}
    return metrics | health(model, parts, valid["ndcg@10"], max_length)


class TrainingStep:
    """The model with its loss, negatives and optimiser: what happens to one batch."""

    def __init__(
        self,
        model: SequentialModel,
        training: SequentialTraining,
        counts: Int[Tensor, " n_items"],
        seed: int,
        device: torch.device,
        steps_per_epoch: int,
    ) -> None:
        self.model, self.training = model, training
        self.sampler = Sampler(counts, training.negatives, training.negative_power, seed, device)
        # Fused: one pass over all parameters in C++. Tables of this size are cheaper to update densely than sparsely.
        self.optimizer = torch.optim.AdamW(
            model.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: training.rate_factor(step, steps_per_epoch)
        )
        self.device_type = device.type

    def __call__(self, batch, targets: Int[Tensor, " tokens"]) -> Float[Tensor, ""]:
        """One update; the loss before it."""
        with torch.autocast(self.device_type, torch.bfloat16, enabled=self.training.precision == "bf16"):
            hidden = self.model(batch)
        sample = None if self.training.loss == "softmax" else self.sampler.draw()
        loss = next_item_loss(
            self.training.loss, hidden.float(), self.model.items.weight, targets, sample, self.training.calibration
        )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.training.gradient_clip)
        self.optimizer.step()
        self.schedule.step()
        return loss.detach()

    def epoch(self, batches: TrainingBatches) -> float:
        """Mean training objective over one epoch's positions (with dropout, before each update)."""
        self.model.train()
        total, positions = 0.0, 0
        for batch, targets in batches.epoch():
            total += self(batch, targets).item() * len(targets)
            positions += len(targets)
        return total / positions

    def state_dict(self) -> dict:
        """All but the model's weights: optimiser, schedule, and the generators of negatives and dropout."""
        return {
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "negatives": self.sampler.generator.get_state(),
            "dropout": self.model.dropout.generator.get_state(),
        }

    def load_state_dict(self, state: dict) -> None:
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.sampler.generator.set_state(state["negatives"])
        self.model.dropout.generator.set_state(state["dropout"])


class _Fit:
    """The story of one training run: history, best weights, and when to stop."""

    def __init__(
        self, model: SequentialModel, training: SequentialTraining, parts: SequenceSplit, progress: bool
    ) -> None:
        self.model, self.training, self.parts = model, training, parts
        self.history: list[dict] = []
        self.best, self.misses, self.diverged = -np.inf, 0, False
        self.best_weights = copy.deepcopy(model.state_dict())
        self.started = time.perf_counter()
        self.bar = tqdm(total=training.epochs, desc=model.config.model, unit="epoch", disable=not progress)

    def seconds(self) -> float:
        """Of the whole run, those before a kill included."""
        return time.perf_counter() - self.started

    def state_dict(self) -> dict:
        return {name: getattr(self, name) for name in ("history", "best", "misses", "best_weights")} | {
            "seconds": self.seconds()
        }

    def load_state_dict(self, state: dict) -> None:
        self.history, self.best, self.misses = state["history"], state["best"], state["misses"]
        self.best_weights, self.started = state["best_weights"], time.perf_counter() - state["seconds"]
        self.bar.update(len(self.history))

    def after_epoch(self, epoch: int, objective: float, examples_seen: int) -> bool:
        """Record the epoch; whether to go on."""
        row = {"epoch": epoch, "objective": objective, "examples_seen": examples_seen}
        self.diverged = not np.isfinite(objective)
        due = epoch % self.training.evaluate_every == 0 or epoch == self.training.epochs
        if due and not self.diverged:
            self.model.eval()
            found = evaluate_model(self.model, self.parts.data, self.parts.valid, self.training.max_length)
            row |= {f"valid_{name}": value for name, value in found.items()}
            self.misses += 1
            if found["ndcg@10"] > self.best:
                self.best, self.misses = found["ndcg@10"], 0
                self.best_weights = copy.deepcopy(self.model.state_dict())
        self.history.append(row | {"seconds": self.seconds()})
        self.bar.update()
        self.bar.set_postfix_str(f"loss {objective:.3f}, best valid NDCG@10 {self.best:.4f}")
        go_on = not self.diverged and self.misses < self.training.patience
        if not go_on or epoch == self.training.epochs:
            self.bar.close()
        return go_on


@torch.inference_mode()
def evaluate_model(
    model: SequentialModel, data: SequenceData, cases: Int[np.ndarray, " cases"], max_length: int
) -> dict[str, float]:
    """Rank all items after each case's history: HR and NDCG at 10 and 50, MRR, and exact softmax ``loss`` in nats.

    ``cases`` index the tokens of ``data`` to predict. Items of the whole history (not only its last ``max_length``)
    are left out of the ranking where users never repeat an item; the loss is always over all items and cases. Cases
    with nothing left to rank are counted as ``left_out`` (``ranking``).
    """
    device = model.items.weight.device
    counts, loss = np.zeros((3, len(cases)), np.int64), np.zeros(len(cases))
    for batch in ranking_batches(data, cases, max_length, device):
        scores = model.scores(batch.histories.last(model(batch.histories)))
        loss[batch.cases] = F.cross_entropy(scores, batch.targets, reduction="none").cpu()
        found = count_rivals(scores, batch.targets, batch.excluded)
        counts[:, batch.cases] = torch.stack(found).cpu().numpy()
    return ranking_metrics(*counts) | {"loss": float(loss.mean())}


@torch.inference_mode()
def train_loss(model: SequentialModel, train: SequenceData, max_length: int) -> float:
    """Exact softmax cross-entropy, in nats and without dropout, on a fixed sample of training positions."""
    device = model.items.weight.device
    total, positions = 0.0, 0
    for batch, targets in TrainingBatches(train, max_length, 2048, seed=0, device=device).epoch():
        total += F.cross_entropy(model.scores(model(batch)), targets, reduction="sum").item()
        positions += len(targets)
        if positions >= TRAIN_LOSS_POSITIONS:
            break
    return total / positions
