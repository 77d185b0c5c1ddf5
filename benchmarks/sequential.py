"""SASRec on MovieLens-1M beside RecTools' and RecBole's: trained positions a second, seconds to quality, memory.

Every contestant gets the same sequences, shape (2 layers, width 64, feed-forward 64, 2 heads, length 200), loss,
dropout, threads, positions a step and optimiser (Adam, 1e-3), and runs in a process and an environment of its own, one
after the other. After every ``--chunk`` of training the clock stops and validation NDCG@10 is measured by full ranking
over all items with the training history excluded, by the same NumPy code for everybody; ``seconds_to_target`` is
therefore known to one chunk, or to one epoch where that is longer (ours and RecTools train whole ones).

    --loss softmax    exact, over all items: what all three have
    --loss sampled    ours shares 256 negatives in a batch, RecTools draws 256 for every position; RecBole has none

What differs: ours warms up for 100 steps and clips gradients, RecTools' Adam has β₂ = 0.98, and both others pad.

    python benchmarks/sequential.py                                        # ours only
    python benchmarks/sequential.py --rectools VENV --recbole VENV         # beside the others

The others' environments (any folder outside this repository):

    python3.11 -m venv VENV && VENV/bin/pip install torch "rectools[torch]" pyarrow
    python3.11 -m venv VENV && VENV/bin/pip install torch "numpy<2" "pandas<3" "scipy<1.13" recbole==1.2.1

A *position* is a predicted, non-padding next item. RecBole trains one prefix a row, so its rows are its positions. Peak
memory is the process's largest resident set. The time to read data and measure quality counts for nobody. On a machine
that others use too, compare positions per CPU second.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

WIDTH, LAYERS, LENGTH, NEGATIVES, RATE, HEADS, INNER = 64, 2, 200, 256, 1e-3, 2, 64
DROPOUT = 0.2
CONTESTANTS = ("recscale", "rectools", "recbole")
OURS = {"softmax": "softmax", "sampled": "sampled-softmax"}
RECTOOLS = {"softmax": "softmax", "sampled": "sampled_softmax"}
"""``--loss`` -> what a contestant calls it."""


class Sequences:
    """The training part and the next item of every user, from the folder the parent process wrote."""

    def __init__(self, folder: Path) -> None:
        self.items, self.offsets, self.valid = (
            np.load(folder / f"{name}.npy") for name in ("items", "offsets", "valid")
        )
        self.n_items = int(max(self.items.max(), self.valid.max())) + 1
        self.users = np.repeat(np.arange(len(self.valid)), np.diff(self.offsets))
        # Place in the history stands for time: every library then sees the same order.
        self.places = np.arange(len(self.items)) - np.repeat(self.offsets[:-1], np.diff(self.offsets))

    def ndcg(self, scores: np.ndarray) -> float:
        """NDCG@10 of ``scores`` (users, items), each user's training items left out."""
        scores[self.users, self.items] = -np.inf
        own = scores[np.arange(len(self.valid)), self.valid][:, None]
        rank = 1 + (scores > own).sum(1)
        return float(np.where(rank <= 10, 1 / np.log2(rank + 1), 0).mean())


class Clock:
    """Seconds between its starts and stops, on the wall and of this process's CPU time."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0
        self.start()

    def start(self) -> None:
        self.began = time.perf_counter(), time.process_time()

    def stop(self) -> "Clock":
        self.wall += time.perf_counter() - self.began[0]
        self.cpu += time.process_time() - self.began[1]
        self.start()
        return self


Progress = Iterator[tuple[int, Clock, Callable[[], np.ndarray]]]
"""Each step trains one chunk: positions trained in it, the time it took, a function that scores (users, items)."""


def recscale(data: Sequences, chunk: float, batch: int, loss: str) -> Progress:
    import torch

    from recscale.datasets import SequenceData
    from recscale.models.attention import PackedSequences
    from recscale.models.sasrec import SASRecConfig
    from recscale.models.sequential import build_sequential_model
    from recscale.training.sequential import SequentialTraining, TrainingStep
    from recscale.training.sequential_batches import TrainingBatches

    cpu = torch.device("cpu")
    train = SequenceData("ml-1m", data.items, data.offsets, None, data.n_items, repeats=False, checksum="")
    config = SASRecConfig(width=WIDTH, layers=LAYERS, heads=HEADS, expansion=INNER // WIDTH, dropout=DROPOUT)
    training = SequentialTraining(
        max_length=LENGTH, loss=OURS[loss], negatives=NEGATIVES, learning_rate=RATE, batch_tokens=batch
    )
    model = build_sequential_model(config, data.n_items, LENGTH, seed=0)
    batches = TrainingBatches(train, LENGTH, batch, seed=1, device=cpu)
    counts = torch.from_numpy(np.bincount(data.items, minlength=data.n_items))
    step = TrainingStep(model, training, counts, seed=2, device=cpu, steps_per_epoch=len(batches))

    @torch.inference_mode()
    def scores() -> np.ndarray:
        model.eval()
        out = np.empty((len(data.valid), data.n_items), np.float32)
        for user, (start, end) in enumerate(zip(data.offsets[:-1], data.offsets[1:], strict=True)):
            items = torch.from_numpy(data.items[max(start, end - LENGTH) : end])
            out[user] = model.scores(model(PackedSequences(items, ((1, len(items)),)))[-1:])
        return out

    while True:
        clock, positions = Clock(), 0
        while clock.stop().wall < chunk:
            model.train()
            for packed, targets in batches.epoch():
                step(packed, targets)
                positions += len(targets)
        yield positions, clock.stop(), scores


def rectools(data: Sequences, chunk: float, batch: int, loss: str) -> Progress:
    import logging
    import warnings

    import pandas as pd
    import torch
    from pytorch_lightning import Trainer
    from pytorch_lightning.callbacks import LambdaCallback
    from rectools import Columns
    from rectools.dataset import Dataset
    from rectools.models import SASRecModel

    warnings.filterwarnings("ignore")
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    time_of = pd.Timestamp("2000-01-01") + pd.to_timedelta(data.places, unit="min")
    frame = pd.DataFrame(
        {Columns.User: data.users, Columns.Item: data.items, Columns.Weight: 1.0, Columns.Datetime: time_of}
    )
    dataset = Dataset.construct(frame)
    clock = Clock()
    # Only the steps count: RecTools prepares its data anew at every call.
    timing = LambdaCallback(
        on_train_epoch_start=lambda *_: clock.start(), on_train_epoch_end=lambda *_: clock.stop() and None
    )

    def trainer() -> Trainer:
        quiet = dict.fromkeys(("logger", "enable_progress_bar", "enable_model_summary", "enable_checkpointing"), False)
        return Trainer(min_epochs=1, max_epochs=1, accelerator="cpu", callbacks=[timing], **quiet)

    lengths = np.minimum(np.diff(data.offsets) - 1, LENGTH)
    # Its feed-forward part is as wide as the model.
    model = SASRecModel(
        n_factors=WIDTH, n_blocks=LAYERS, n_heads=HEADS, session_max_len=LENGTH, dropout_rate=DROPOUT, lr=RATE,
        loss=RECTOOLS[loss], n_negatives=NEGATIVES, batch_size=round(batch / lengths.mean()), get_trainer_func=trainer,
    )  # fmt: skip

    def scores() -> np.ndarray:
        out = np.full((len(data.valid), data.n_items), -np.inf, np.float32)
        users = np.arange(len(data.valid))
        found = model.recommend(users, dataset, k=10, filter_viewed=True)
        out[found[Columns.User], found[Columns.Item]] = -found[Columns.Rank]
        return out

    torch.manual_seed(0)
    while True:
        clock.wall = clock.cpu = 0.0
        positions = 0
        while clock.wall < chunk:
            model.fit_partial(dataset, min_epochs=1, max_epochs=1)
            positions += int(lengths.sum())
        yield positions, clock, scores


def recbole(data: Sequences, chunk: float, batch: int, loss: str) -> Progress:
    import logging

    import torch
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.data.interaction import Interaction
    from recbole.utils import get_model, get_trainer

    folder = Path(tempfile.mkdtemp()) / "ml"
    folder.mkdir()
    with (folder / "ml.inter").open("w") as file:
        file.write("user_id:token\titem_id:token\ttimestamp:float\n")
        # Leave-one-out takes two items away; two more a user, never trained on, leave the training part as it is.
        for user, (start, end) in enumerate(zip(data.offsets[:-1], data.offsets[1:], strict=True)):
            history = [*data.items[start:end], data.valid[user], data.valid[user]]
            file.writelines(f"{user}\t{item}\t{place}\n" for place, item in enumerate(history))
    settings = {
        "data_path": str(folder.parent), "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
        "MAX_ITEM_LIST_LENGTH": LENGTH, "hidden_size": WIDTH, "inner_size": INNER, "n_layers": LAYERS,
        "n_heads": HEADS, "hidden_dropout_prob": DROPOUT, "attn_dropout_prob": 0.0, "loss_type": "CE",
        "train_neg_sample_args": None, "learning_rate": RATE, "train_batch_size": batch, "use_gpu": False,
        "eval_args": {"split": {"LS": "valid_and_test"}, "order": "TO", "group_by": "user", "mode": "full"},
        "show_progress": False, "checkpoint_dir": str(folder.parent / "saved"),
    }  # fmt: skip
    sys.argv = sys.argv[:1]
    config = Config(model="SASRec", dataset="ml", config_dict=settings)
    logging.disable(logging.CRITICAL)
    dataset = create_dataset(config)
    train, _, _ = data_preparation(config, dataset)
    model = get_model("SASRec")(config, train.dataset)
    trainer = get_trainer(config["MODEL_TYPE"], "SASRec")(config, model)
    tokens = dataset.field2token_id["item_id"]
    known = np.array([item for item in range(data.n_items) if str(item) in tokens])
    ids = np.array([tokens[str(item)] for item in known])

    @torch.no_grad()
    def scores() -> np.ndarray:
        model.eval()
        out = np.full((len(data.valid), data.n_items), -np.inf, np.float32)
        for users in np.array_split(np.arange(len(data.valid)), 50):
            rows, sizes = torch.zeros(len(users), LENGTH, dtype=torch.int64), []
            for row, user in enumerate(users):
                history = data.items[data.offsets[user] : data.offsets[user + 1]][-LENGTH:]
                rows[row, : len(history)] = torch.tensor([tokens[str(item)] for item in history])
                sizes.append(len(history))
            batch_ = Interaction({"item_id_list": rows, "item_length": torch.tensor(sizes)})
            out[np.ix_(users, known)] = model.full_sort_predict(batch_).numpy()[:, ids]
        return out

    clock, positions = Clock(), 0
    while True:
        model.train()
        for interaction in train:
            trainer.optimizer.zero_grad()
            model.calculate_loss(interaction).backward()
            trainer.optimizer.step()
            positions += len(interaction)
            if clock.stop().wall > chunk:
                yield positions, clock, scores
                clock, positions = Clock(), 0
                model.train()


def contest(name: str, folder: Path, options: argparse.Namespace) -> dict:
    """Train until ``--target`` or ``--seconds`` of training have passed."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    data = Sequences(folder)
    spent, cpu, positions, ndcg, reached = 0.0, 0.0, 0, 0.0, None
    for trained, clock, scores in globals()[name](data, options.chunk, options.batch, options.loss):
        spent, cpu, positions = spent + clock.wall, cpu + clock.cpu, positions + trained
        ndcg = data.ndcg(scores())
        print(f"{name:9s} {spent:7.1f} s  {positions:11,} positions  NDCG@10 {ndcg:.4f}", file=sys.stderr, flush=True)
        if ndcg >= options.target and reached is None:
            reached = spent
        if reached is not None or spent >= options.seconds:
            break
    return {
        "name": name,
        "positions_per_second": positions / spent,
        "positions_per_cpu_second": positions / cpu,
        "seconds_to_target": reached,
        "valid_ndcg@10": ndcg,
        "training_seconds": spent,
        "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def write_data(folder: Path) -> None:
    from recscale.datasets import load_sequences

    data = load_sequences("movielens-1m")
    split = data.leave_one_out()
    train = split.train.select_users(split.users)
    for name, values in {"items": train.items, "offsets": train.offsets, "valid": split.valid_item}.items():
        np.save(folder / f"{name}.npy", values.astype(np.int64))


def time_ranking() -> float:
    """Seconds of our full-ranking evaluation of all users."""
    from recscale.datasets import load_sequences
    from recscale.models.sasrec import SASRecConfig
    from recscale.models.sequential import build_sequential_model
    from recscale.training.sequential import evaluate_model
    from recscale.training.sequential_batches import split_sequences

    data = load_sequences("movielens-1m")
    model = build_sequential_model(SASRecConfig(width=WIDTH, layers=LAYERS), data.n_items, LENGTH, seed=0).eval()
    cases = split_sequences(data, "leave-one-out").test
    clock = Clock()
    evaluate_model(model, data, cases, LENGTH)
    return clock.stop().wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rectools", metavar="VENV", help="environment with rectools[torch]")
    parser.add_argument("--recbole", metavar="VENV", help="environment with recbole")
    parser.add_argument("--only", choices=CONTESTANTS, help="one contestant instead of all")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=600, help="training time at most, each")
    parser.add_argument("--chunk", type=float, default=10, help="seconds of training between two measurements")
    parser.add_argument("--target", type=float, default=0.15, help="validation NDCG@10 to reach")
    parser.add_argument("--batch", type=int, default=2048, help="positions a step")
    parser.add_argument("--loss", choices=OURS, default="softmax")
    parser.add_argument("--worker", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        name, folder = options.worker
        result = contest(name, Path(folder), options)
        print(json.dumps(result))
        return
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    python = {"recscale": sys.executable}
    python |= {name: f"{venv}/bin/python" for name in CONTESTANTS[1:] if (venv := getattr(options, name))}
    with tempfile.TemporaryDirectory() as folder:
        write_data(Path(folder))
        for name in [options.only] if options.only else python:
            arguments = [f"--{key}={getattr(options, key)}" for key in ("seconds", "chunk", "target", "batch", "loss")]
            command = [python[name], str(Path(__file__).resolve()), *arguments, "--worker", name, folder]
            # There, because RecBole writes logs where it runs.
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=folder)
            print(done.stdout.strip().splitlines()[-1], flush=True)
    print(json.dumps({"name": "recscale full ranking of all users", "seconds": time_ranking()}))


if __name__ == "__main__":
    main()
