"""The one training loop of all CTR models."""

import copy
import math
import time
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor, nn
from tqdm import tqdm

from recscale.datasets.tables import CTRData, CTRSplit
from recscale.models import EmbeddingConfig, TowerConfig, account_ctr, build_ctr_model
from recscale.models.checks import BelowOne, Natural, NotNegative, Positive, Settings, Share, check_seed
from recscale.models.ctr_presets import Preset
from recscale.training import TrainingResult
from recscale.training.averaging import WeightAverages, Window, curve_steps
from recscale.training.batches import CTRTensors, n_batches, shuffled
from recscale.training.distributed import Processes, check_batches, check_memory, choose_device
from recscale.training.metrics import binary_metrics
from recscale.training.optimisers import SCHEDULES, Optimisers, rate_factor

LOG_POINTS = 50
"""Rows of training loss in the history, per epoch."""

EVALUATION_BATCH = 4096


@dataclass(frozen=True)
class CTRTraining(Settings):
    """How a CTR model is trained. Defaults: one pass with the paper's optimisers and rates (its Criteo pilot).

    epochs               1 is the paper's one pass; more end early by ``patience``
    dense_learning_rate  Adam (β = 0.9, 0.999; the paper's β₂ = 1 is not a valid setting)
    sparse_learning_rate tables: row-wise Adagrad, or with ``table_optimiser="adam"`` Adam as BARS uses
    warmup_fraction      linear warm-up over this share of the first epoch's steps
    schedule             after it: "constant", or "linear" down to 0 at the end of the last epoch
    embedding_l2         λ of λ/2 · ‖tables‖², added to each loss as BARS does; Adam tables only
    gradient_clip        largest norm of the gradient; 0 switches it off
    patience             stop after so many epochs without a better ``monitor`` and return to the best; 0: never
    plateau_factor       multiply the rates by this after every epoch that isn't the best (BARS: 0.1)
    monitor              "auc" or "logloss" of the first task on valid
    evaluations          evaluations on valid per epoch
    averaged             shares of the last steps over whose weights to average (see ``averaging``); 0: the last weights
                         alone. The first one's metrics and weights count, a further one's metrics end in ``~<share>``
    curve_points         points along the pass at which the first average up to there is measured on test
    """

    VERSION: ClassVar[int] = 1

    epochs: int = 1
    batch_size: int = 1024
    dense_learning_rate: Positive = 1e-3
    sparse_learning_rate: Positive = 1e-1
    warmup_fraction: Share = 0.1
    schedule: Annotated[str, SCHEDULES] = "linear"
    table_optimiser: Annotated[str, ("row-wise adagrad", "adam")] = "row-wise adagrad"
    embedding_l2: NotNegative = 0.0
    gradient_clip: NotNegative = 10.0
    patience: Natural = 0
    plateau_factor: Positive = 1.0
    monitor: Annotated[str, ("auc", "logloss")] = "auc"
    evaluations: int = 1
    averaged: tuple[BelowOne, ...] = (0.0,)
    curve_points: Natural = 0
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.embedding_l2 and self.table_optimiser != "adam":
            raise ValueError("embedding_l2 needs table_optimiser='adam': row-wise Adagrad only sees the rows looked up")
        if not self.averaged:
            raise ValueError("averaged is empty; it must hold at least one share, 0.0 for the last weights alone")
        if len(set(self.averaged)) < len(self.averaged):
            raise ValueError(f"averaged names a share twice: {self.averaged}")
        if self.patience and (self.averaged != (0.0,) or self.curve_points):
            raise ValueError("averaged and curve_points need patience = 0: early stopping returns to earlier weights")

    @property
    def watches(self) -> bool:
        """Whether ``monitor`` on valid decides anything."""
        return self.patience > 0 or self.plateau_factor != 1

    def rate_factor(self, step: int, steps_per_epoch: int) -> float:
        """Share of the learning rates at ``step`` (from 0)."""
        warmup = max(1, round(self.warmup_fraction * steps_per_epoch))
        return rate_factor(step, warmup, self.epochs * steps_per_epoch, self.schedule)


def bars_training(preset: Preset) -> CTRTraining:
    """The recipe of the BARS benchmark's ``*_x1`` data sets, which the paper's five small data sets follow.

    Adam at 1e-3 on everything, batches of 4096, up to 100 epochs watched by AUC on valid.
    An epoch that isn't the best divides the rate by ten, the second in a row ends training; the best weights count.
    Differences from FuxiCTR: Kaiming instead of Xavier weights, and its clipping (norm 10) leaves the tables out.
    """
    return CTRTraining(
        epochs=100,
        batch_size=4096,
        sparse_learning_rate=1e-3,
        warmup_fraction=0.0,
        schedule="constant",
        table_optimiser="adam",
        embedding_l2=preset.embedding_l2,
        patience=2,
        plateau_factor=0.1,
        embedding=EmbeddingConfig(width=preset.width, initial_std=1e-4),
    )


def train_ctr(
    model_config,
    training: CTRTraining,
    split: CTRSplit,
    *,
    seed: int = 0,
    device: str = "auto",
    backend: str = "auto",
    progress: bool = False,
) -> TrainingResult:
    """Train one model on ``split.train``, watch it on ``split.valid``, measure it on valid and test.

    Under ``torchrun`` the processes train one model together: tables sharded, batches shared (see ``distributed``).

    ``seed`` fixes initial weights, data order and dropout: same seed and threads, same bits on one
    machine. A run whose loss stops being finite ends there with ``diverged``.
    """
    if not len(split.train) or not len(split.valid) or not len(split.test):
        raise ValueError("each of train, valid and test needs at least one row")
    if training.watches and training.monitor == "auc" and len(np.unique(split.valid.labels[:, 0])) < 2:
        raise ValueError("valid holds one class only, so it has no AUC to watch; set monitor to 'logloss'")
    where = choose_device(device)
    with Processes.join(where) as processes:
        return _Run(model_config, training, split, seed, where, backend, processes).train(progress)


@torch.no_grad()
def predict(
    model: nn.Module, data: CTRData | CTRTensors, processes: Processes | None = None
) -> Float[np.ndarray, "rows tasks"]:
    """Logits of every row, in evaluation mode; ``1 / (1 + exp(-logit))`` is the predicted probability."""
    processes = processes or Processes()
    device = next(model.parameters()).device
    tensors = data if isinstance(data, CTRTensors) else CTRTensors.of(data, device)
    # Several processes must look up equally often, so the last batches repeat the first rows.
    steps = n_batches(len(tensors), EVALUATION_BATCH * processes.world)
    share = n_batches(len(tensors), steps * processes.world)
    start = processes.rank * share * steps
    rows = torch.arange(start, start + share * steps, device=device) % len(tensors)
    was_training = model.training
    model.eval()
    logits = torch.cat([model(*tensors.rows(batch)[:2]) for batch in rows.split(share)])
    model.train(was_training)
    return processes.concatenate(logits)[: len(tensors)].cpu().numpy()


class _Run:
    """One training run: the model, its data on the device, its optimisers, and what has happened so far."""

    def __init__(
        self,
        config: TowerConfig,
        training: CTRTraining,
        split: CTRSplit,
        seed: int,
        device: torch.device,
        backend: str,
        processes: Processes,
    ) -> None:
        adam = training.table_optimiser == "adam"
        if processes.world > 1 and (adam or backend == "torch"):
            raise ValueError("several processes need TorchRec and table_optimiser='row-wise adagrad'")
        if processes.world > 1 and (any(training.averaged) or training.curve_points):
            raise ValueError("several processes can't average weights: averaged must be (0.0,) and curve_points 0")
        check_seed(seed)
        # Independent streams from one seed.
        fresh, self.order, self.dropout = (int(word) >> 1 for word in np.random.SeedSequence(seed).generate_state(3))
        self.training, self.tasks, self.processes = training, split.train.tasks, processes
        inputs, rows = (split.train.fields, split.train.dense.shape[1], len(self.tasks)), len(split.train)
        self.account = account_ctr(config, *inputs, training.embedding)
        check_memory(config.model, self.account, device, table_copies=4 if adam else 1)
        held = {"backend": backend, "fused": not adam, "sharded": processes.world > 1, "device": device}
        self.model = build_ctr_model(config, *inputs, embedding=training.embedding, seed=fresh, **held)
        self.steps_per_epoch = n_batches(rows, training.batch_size)
        check_batches(config, self.model, rows // self.steps_per_epoch, processes)
        self.parallel = processes.parallel(self.model)
        self.optimisers = Optimisers(self.model, training)
        self.rows = {part: CTRTensors.of(getattr(split, part), device) for part in ("train", "valid", "test")}
        self.step = self.examples = 0
        self.losses: list[float] = []  # of the first task, since the last row of the history
        self.history: list[dict[str, float | int]] = []
        total = training.epochs * self.steps_per_epoch
        self.curve_windows = {
            step: Window(training.averaged[0], step) for step in curve_steps(total, training.curve_points)
        }
        ends = [Window(share, total) for share in training.averaged]
        self.averages = WeightAverages(self.model, (*self.curve_windows.values(), *ends))
        self.curve: list[dict[str, float | int]] = []
        self.plateau = 1.0
        self.best, self.best_state, self.bad_epochs = -math.inf, None, 0

    def train(self, progress: bool) -> TrainingResult:
        started = time.perf_counter()
        order, patience = np.random.default_rng(self.order), self.training.patience
        steps = self.training.epochs * self.steps_per_epoch
        with torch.random.fork_rng(), tqdm(total=steps, disable=not progress, unit="batch") as bar:
            torch.manual_seed(self.dropout)
            epochs = (epoch for epoch in range(self.training.epochs) if not patience or self.bad_epochs < patience)
            healthy = all(self._epoch(order, bar) for _ in epochs)
        if self.best_state is not None:
            self.model.load_state_dict(self.best_state)
        metrics = self._final_metrics()
        return TrainingResult(
            metrics=metrics,
            history=pd.DataFrame(self.history),
            curve=pd.DataFrame(self.curve),
            model=self.model,
            accounting=self.account,
            examples_seen=self.examples,
            diverged=not healthy or not math.isfinite(metrics["valid_logloss"]),
            wall_seconds=time.perf_counter() - started,
        )

    def _epoch(self, order: np.random.Generator, bar: tqdm) -> bool:
        """One pass over the training rows; False as soon as a loss isn't finite."""
        log_at, evaluate_at = (
            {round(self.steps_per_epoch * (i + 1) / points) for i in range(points)}
            for points in (min(LOG_POINTS, self.steps_per_epoch), self.training.evaluations)
        )
        self.model.train()
        for within, index in enumerate(shuffled(len(self.rows["train"]), self.training.batch_size, order), start=1):
            loss = self._step(index)
            bar.update()
            if not math.isfinite(loss):
                return False
            self.averages.update(self.step)
            if window := self.curve_windows.get(self.step):
                self._measure_curve(window)
            if within in log_at or within in evaluate_at:
                self._log(within in evaluate_at, last=within == self.steps_per_epoch)
                bar.set_postfix(loss=f"{self.history[-1]['train_logloss']:.4f}")
        return True

    def _step(self, index: Tensor) -> float:
        factor = self.plateau * self.training.rate_factor(self.step, self.steps_per_epoch)
        ids, dense, labels = self.rows["train"].rows(self.processes.share(index))
        self.optimisers.begin(factor)
        logits = self.parallel(ids, dense)
        each = nn.functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
        loss = each.sum() / (len(index) / self.processes.world)  # gradients are averaged over processes
        if self.training.embedding_l2:
            penalty = sum(weight.square().sum() for weight in self.model.table_parameters())
            loss = loss + self.training.embedding_l2 / 2 * penalty
        loss.backward()
        self.optimisers.finish()
        self.step += 1
        self.examples += len(index)
        self.losses.append(self.processes.sum(each.detach()[:, 0].sum()).item() / len(index))
        return self.losses[-1]

    def _log(self, evaluate: bool, last: bool) -> None:
        """A row of the history; at an epoch's last one also early stopping."""
        row = {"step": self.step, "examples_seen": self.examples, "train_logloss": float(np.mean(self.losses))}
        self.losses.clear()
        if evaluate:
            row |= self._evaluate("valid")
        self.history.append(row)
        if last and self.training.watches:
            self._watch(row)

    def _watch(self, row: dict[str, float | int]) -> None:
        value = row["valid_auc"] if self.training.monitor == "auc" else -row["valid_logloss"]
        if value > self.best:
            self.best, self.best_state, self.bad_epochs = value, copy.deepcopy(self.model.state_dict()), 0
        else:
            self.bad_epochs += 1
            self.plateau *= self.training.plateau_factor

    def _measure_curve(self, window: Window) -> None:
        with self.averages.applied(window):
            self.curve.append({"examples_seen": self.examples, **self._evaluate("test")})

    def _final_metrics(self) -> dict[str, float]:
        """On valid and test: of the first average, then of the others (none of an unfinished run)."""
        first, *others = (Window(share, self.step) for share in self.training.averaged)
        metrics = {}
        for window in others:
            if self.averages.has(window):
                with self.averages.applied(window):
                    measured = self._evaluate("valid", "test")
                metrics |= {f"{name}~{window.share:g}": value for name, value in measured.items()}
        self.averages.import_results(first)
        return self._evaluate("valid", "test") | metrics

    def _evaluate(self, *parts: str) -> dict[str, float]:
        metrics = {}
        for part in parts:
            logits = predict(self.parallel, self.rows[part], self.processes)
            metrics |= binary_metrics(part, self.tasks, self.rows[part].labels.cpu().numpy(), logits)
        return metrics
