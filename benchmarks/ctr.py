"""CTR training speed: three Wukongs and DCNv2, beside a naive module, RecBole, and what this machine's matmul can do.

Every contestant trains on the same random impressions of MovieLens-1M's shape (10 fields, one of them multi-hot), with
batches of 1,024 and d = 16, in a process of its own. They take turns, several rounds of a few seconds each. Of each the
fastest round is printed, as others on the machine only ever slow a round down; two are compared round by round, one
right after the other, and the median counts, as a machine may change its speed for a minute. Contestants:

    ours      recscale's loop: fused look-ups with row-wise Adagrad, whole-table tensors, no data loader
    naive     the same Wukong with one ``nn.Embedding`` a field, Python loops over fields, values and output embeddings,
              Adam over everything, and the usual ``DataLoader`` over a ``TensorDataset``; "naive-ready" is the same
              with batches made beforehand, which shows how much of the difference is the data loader
    recbole   RecBole's DCNV2 of equal shape in RecBole's own training loop, whole epochs
    bare      only DCNv2's own forward and backward pass on one ready X_0: no look-ups, no loss, no optimiser. Both
              sides must take these products, so nothing gets further ahead of RecBole than this is

    python benchmarks/ctr.py [--threads 2] [--seconds 3] [--rounds 5]
    python benchmarks/ctr.py --allocator LIBRARY     # preloaded for all: how much of the memory is malloc's
    MALLOC_CONF=dirty_decay_ms:0,muzzy_decay_ms:0,narenas:1 python benchmarks/ctr.py --allocator libjemalloc.so.2
                                                     # one that keeps nothing: what training itself needs
    python benchmarks/ctr.py --recbole VENV          # VENV: any folder outside this repository, made by
    python3.11 -m venv VENV && VENV/bin/pip install torch "numpy<2" "pandas<3" "scipy<1.13" recbole==1.2.1

Columns: examples a second, of wall time and of CPU time (compare the latter on a machine others use too), the latter
also for every round; training GFLOP/s by the closed form and their share of the peak, which is what matmuls keep up
just before and after; peak memory above the data and the code over the floor: parameters, gradients, optimiser state
and one batch's activations. Code is what Python imports and what the first step of any model loads, so a tiny model
takes a step before the count begins.

DCNv2 is timed four times. With MovieLens-1M's tables (10,000 rows) in a small shape and in a middle one, of whose time
matrix products, the same for everybody, are most; and the middle one twice more with tables nearer to what click logs
have (220,000 and a million rows), where dense Adam updates every row and a fused look-up doesn't.
"""

import argparse
import ctypes
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from statistics import median

import numpy as np

BATCH, WIDTH, ROWS = 1024, 16, 200_000
FIELDS = {"user": 6040, "item": 3416, "gender": 2, "age": 7, "occupation": 21, "zip": 678, "year": 81, "hour": 24}
FIELDS |= {"weekday": 7, "genres": 18}
LARGER = {
    "dcnv2-large-tables": {"user": 150_000, "item": 60_000},
    "dcnv2-million-rows": {"user": 400_000, "item": 400_000, "zip": 200_000},
}
"""Contest -> fields with more rows than FIELDS says."""
GENRES = 6
DCNV2 = {"dcnv2-small": ((64, 64), 1), "dcnv2": ((256, 256), 3)} | dict.fromkeys(LARGER, ((256, 256), 3))
"""Contest -> (widths of the MLP, cross layers)."""
CHECKS = (
    ("ours wukong-small", "naive wukong-small", 3.0),
    *((f"ours {name}", f"recbole {name}", 2.0) for name in DCNV2),
)
"""(ours, theirs, how many times as fast ours should be)."""


def vocabularies(name: str) -> dict[str, int]:
    """Rows of every field's table in the contest called ``name``."""
    return FIELDS | LARGER.get(name, {})


def impressions(fields: dict[str, int]) -> dict[str, np.ndarray]:
    """Random ids, popular ones more often, every one at least once; 1 to 6 genres, padded with -1."""
    generator = np.random.default_rng(0)
    # Room for more than one impression of each id, in the proportion of the large tables.
    rows = max(ROWS, 4 * max(fields.values()) // 3)
    ids = {name: (size * generator.random(rows) ** 2).astype(np.int64) for name, size in fields.items()}
    for name, size in fields.items():
        # RecBole's tables have no rows for ids that its file doesn't hold, so that shapes wouldn't be equal.
        ids[name][generator.permutation(rows)[:size]] = np.arange(size)
    genres = generator.permuted(np.tile(np.arange(FIELDS["genres"]), (rows, 1)), axis=1)[:, :GENRES]
    ids["genres"] = np.where(np.arange(GENRES) < generator.integers(1, GENRES + 1, rows)[:, None], genres, -1)
    return ids | {"label": generator.integers(0, 2, rows)}


def matmul_peak(seconds: float) -> float:
    """GFLOP/s that square float32 products keep up for ``seconds``, at the best of three sizes.

    Not of the one fastest product: clocks rise for moments, and training is timed for seconds.
    """
    import torch

    best = 0.0
    for size in (512, 1024, 2048):
        a, b = torch.randn(2, size, size)
        out, began, count = a @ b, time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            torch.mm(a, b, out=out)
            count += 1
        best = max(best, 2 * count * size**3 / (time.perf_counter() - began) / 1e9)
    return best


@dataclass
class Contestant:
    """``steps`` trains one batch at a time and yields its number of examples; ``facts`` are asked for after warm-up."""

    steps: Iterator[int]
    warm_up: int = 20
    facts: Callable[[], dict[str, float]] = dict

    def round(self, seconds: float) -> dict[str, float]:
        """Examples per second of wall time and of CPU time."""
        wall, cpu, examples = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - wall < seconds:
            examples += next(self.steps)
        return {
            "examples_per_second": examples / (time.perf_counter() - wall),
            "examples_per_cpu_second": examples / (time.process_time() - cpu),
        }


def resident() -> float:
    """This process's memory now, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


GIVE_BACK = {
    "mallctl": (b"arena.4096.purge", None, None, None, ctypes.c_size_t(0)),  # jemalloc, all arenas
    "MallocExtension_ReleaseFreeMemory": (),  # tcmalloc
    "mi_collect": (True,),  # mimalloc
    "malloc_trim": (0,),  # glibc
}
"""Function of an allocator that returns freed memory to the system -> its arguments; the first there is counts."""


def give_back_freed() -> None:
    """Freed memory to the system, so that what is allocated next counts again."""
    process = ctypes.CDLL(None)
    name = next(name for name in GIVE_BACK if hasattr(process, name))
    getattr(process, name)(*GIVE_BACK[name])


def reset_peak() -> None:
    """Let the kernel count this process's largest memory from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_resident() -> int:
    """This process's largest memory since ``reset_peak``, in bytes."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def configuration(name: str):
    from recscale.models.ctr_presets import wukong_ladder
    from recscale.models.dcnv2 import DCNv2Config

    ladder = wukong_ladder()
    sizes = {"wukong-small": ladder[0], "wukong-middle": ladder[6], "wukong-large": ladder[-1]}
    if name in sizes:
        return sizes[name]
    deep, cross = DCNV2[name]
    return DCNv2Config(cross, deep=deep, structure="parallel")


def split(name: str):
    """Random impressions for the contest called ``name``, as recscale reads them."""
    from recscale.datasets.tables import CTRData, Field

    sizes = vocabularies(name)
    ids = impressions(sizes)
    fields = tuple(Field(field, size, GENRES if field == "genres" else 1) for field, size in sizes.items())
    labels = ids["label"][:, None].astype(np.float32)
    table = {field: ids[field] for field in sizes}
    dense = np.zeros((len(labels), 0), np.float32)
    return CTRData("benchmark", fields, table, dense, (), labels, ("label",), None, None, "").split("random")


def activations(run) -> int:
    """Bytes that one batch's forward pass keeps for the backward pass, parameters left out."""
    import torch

    saved: dict[int, int] = {}

    def count(tensor: torch.Tensor) -> None:
        # Nothing is handed back to the graph: a result that its own node holds would never be freed.
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()

    ids, dense, _ = run.rows["train"].rows(torch.arange(BATCH))
    with torch.autograd.graph.saved_tensors_hooks(count, lambda nothing: nothing):
        run.model(ids, dense).sum()
    own = {parameter.untyped_storage().data_ptr() for parameter in run.model.parameters()}
    return sum(size for pointer, size in saved.items() if pointer not in own)


def ours(name: str) -> Contestant:
    import torch

    from recscale.models.embeddings import EmbeddingConfig
    from recscale.models.wukong import WukongConfig
    from recscale.training.batches import shuffled
    from recscale.training.ctr import CTRTraining, _Run
    from recscale.training.distributed import Processes

    parts = split(name)
    training = CTRTraining(batch_size=BATCH, embedding=EmbeddingConfig(width=WIDTH))

    def fresh(config) -> _Run:
        return _Run(config, training, parts, 0, "cpu", "auto", Processes())

    fresh(WukongConfig(l=1, n_F=1, n_L=1, k=1, mlp_width=1, head=()))._step(torch.arange(2))  # loads what a step needs
    gc.collect()
    give_back_freed()
    before = resident()
    run = fresh(configuration(name))
    data = [tensor for rows in (run.rows["train"], run.rows["valid"]) for tensor in vars(rows).values()]
    data.append(torch.arange(len(run.rows["train"])))  # the order of an epoch
    before += sum(tensor.nbytes for tensor in data)
    # Parameters, gradients and Adam's two moments; tables with one number of state a row; activations.
    tables = 4 * run.account.embedding_parameters * (1 + 1 / WIDTH)
    floor = 16 * run.account.dense_parameters + tables + activations(run)
    del data
    give_back_freed()  # what sorting the data into tensors and counting took is not training's
    reset_peak()

    def steps():
        generator = np.random.default_rng(0)
        while True:
            for index in shuffled(len(run.rows["train"]), BATCH, generator):
                run._step(index)
                yield len(index)

    def facts() -> dict[str, float]:
        return {
            "mflop_per_example": run.account.training_flop_per_example / 1e6,
            "memory_over_floor": (peak_resident() - before) / floor,
        }

    return Contestant(steps(), facts=facts)


def bare(name: str) -> Contestant:
    import torch

    from recscale.models.embeddings import InputShape

    tower = configuration(name).tower(InputShape(len(FIELDS), WIDTH, 0, 1))
    x = torch.randn(BATCH, len(FIELDS), WIDTH, requires_grad=True)

    def steps():
        while True:
            tower.zero_grad()
            x.grad = None
            tower(x).sum().backward()
            yield BATCH

    return Contestant(steps())


def naive(name: str, loading: bool = True) -> Contestant:
    """Wukong as a first try: correct, and slow wherever Python loops."""
    import torch
    from torch import nn

    config, parts = configuration(name), split(name)

    class Layer(nn.Module):
        def __init__(self, n: int) -> None:
            super().__init__()
            self.y = nn.Parameter(torch.randn(n, config.k) / n**0.5)
            sizes = [n * config.k, *[config.mlp_width] * config.mlp_layers]
            hidden = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
            self.mlp = nn.Sequential(nn.LayerNorm(n * config.k), *hidden, nn.Linear(sizes[-1], config.n_F * WIDTH))
            self.lcb = nn.ModuleList(nn.Linear(n, 1, bias=False) for _ in range(config.n_L))
            same = n == config.n_out
            self.residual = None if same else nn.ModuleList(nn.Linear(n, 1, bias=False) for _ in range(config.n_out))
            self.norm = nn.LayerNorm(WIDTH)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            transposed = x.transpose(1, 2)
            fmb = self.mlp((x @ (transposed @ self.y)).flatten(1)).view(len(x), config.n_F, WIDTH)
            lcb = torch.stack([part(transposed).squeeze(2) for part in self.lcb], dim=1)
            mixed = x if self.residual is None else torch.stack([p(transposed).squeeze(2) for p in self.residual], 1)
            return self.norm(torch.cat([fmb, lcb], dim=1) + mixed)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tables = nn.ModuleDict({name: nn.Embedding(size, WIDTH) for name, size in FIELDS.items()})
            self.layers = nn.ModuleList(Layer(n) for n in [len(FIELDS), *[config.n_out] * (config.l - 1)])
            sizes = [config.n_out * WIDTH, *config.head]
            hidden = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
            self.head = nn.Sequential(*hidden, nn.Linear(sizes[-1], 1))

        def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
            embeddings = []
            for name, table in self.tables.items():
                ids = batch[name]
                if ids.dim() == 1:
                    embeddings.append(table(ids))
                else:
                    total = 0
                    for position in range(ids.shape[1]):
                        present = (ids[:, position] >= 0).float()[:, None]
                        total = total + present * table(ids[:, position].clamp(min=0))
                    embeddings.append(total)
            x = torch.stack(embeddings, dim=1)
            for layer in self.layers:
                x = layer(x)
            return self.head(x.flatten(1))

    model = Model()
    optimiser = torch.optim.Adam(model.parameters(), 1e-3, foreach=False)
    train = parts.train
    columns = [torch.from_numpy(train.ids[name]) for name in FIELDS]
    dataset = torch.utils.data.TensorDataset(*columns, torch.from_numpy(train.labels))
    loader = torch.utils.data.DataLoader(dataset, BATCH, shuffle=True)
    batches = loader if loading else [batch for batch, _ in zip(loader, range(50), strict=False)]

    def steps():
        while True:
            for *ids, labels in batches:
                optimiser.zero_grad()
                logits = model(dict(zip(FIELDS, ids, strict=True)))
                nn.functional.binary_cross_entropy_with_logits(logits, labels).backward()
                optimiser.step()
                yield len(labels)

    return Contestant(steps())


def naive_ready(name: str) -> Contestant:
    return naive(name, loading=False)


def recbole(name: str) -> Contestant:
    import logging

    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.utils import get_model, get_trainer

    deep, cross = DCNV2[name]
    ids = impressions(vocabularies(name))
    rows = len(ids["label"])
    share = 0.8 * ROWS / rows  # an epoch is what it times, so it is as long in every contest
    folder = Path(tempfile.mkdtemp()) / "ml"
    folder.mkdir()
    renamed = {"user": "user_id", "item": "item_id"}
    columns = [renamed.get(field, field) for field in FIELDS]
    kinds = ["token_seq" if field == "genres" else "token" for field in FIELDS]
    with (folder / "ml.inter").open("w") as file:
        header = [f"{column}:{kind}" for column, kind in zip(columns, kinds, strict=True)]
        file.write("\t".join([*header, "label:float"]) + "\n")
        for row in range(rows):
            values = [
                " ".join(map(str, np.atleast_1d(ids[field][row])[np.atleast_1d(ids[field][row]) >= 0]))
                for field in FIELDS
            ]
            file.write("\t".join([*values, str(ids["label"][row])]) + "\n")
    settings = {
        "data_path": str(folder.parent), "load_col": {"inter": [*columns, "label"]}, "LABEL_FIELD": "label",
        "embedding_size": WIDTH, "mlp_hidden_size": list(deep), "cross_layer_num": cross, "mixed": False,
        "structure": "parallel", "dropout_prob": 0.0, "reg_weight": 0.0, "train_batch_size": BATCH, "use_gpu": False,
        "train_neg_sample_args": None, "learning_rate": 1e-3, "show_progress": False,
        "eval_args": {"split": {"RS": [share, 0.9 - share, 0.1]}, "order": "RO", "group_by": None, "mode": "labeled"},
        "metrics": ["AUC"], "valid_metric": "AUC", "checkpoint_dir": str(folder.parent / "saved"),
    }  # fmt: skip
    sys.argv = sys.argv[:1]
    os.chdir(folder.parent)  # RecBole writes logs into the working folder
    config = Config(model="DCNV2", dataset="ml", config_dict=settings)
    logging.disable(logging.CRITICAL)
    dataset = create_dataset(config)
    train, _, _ = data_preparation(config, dataset)
    model = get_model("DCNV2")(config, train.dataset)
    trainer = get_trainer(config["MODEL_TYPE"], "DCNV2")(config, model)

    def steps():
        for epoch in count():
            trainer._train_epoch(train, epoch)  # its own loop, as ours is timed in ours
            yield len(train.dataset)

    return Contestant(steps(), warm_up=1)


def worker(label: str, seconds: float) -> None:
    """In a process of its own: "who model". Says "ready", then runs a round for every line it reads."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    who, _, name = label.partition(" ")
    contestant = globals()[who.replace("-", "_")](name)
    for _ in range(contestant.warm_up):
        next(contestant.steps)
    facts = contestant.facts()  # before matmul_peak, whose memory isn't training's
    print("ready", flush=True)
    for _ in sys.stdin:
        before = matmul_peak(seconds / 3) if who == "ours" else 0.0
        result = contestant.round(seconds) | facts
        if who == "ours":
            peak = (before + matmul_peak(seconds / 3)) / 2
            # Per CPU second of all threads, so that a busy machine doesn't count against the code.
            rate = result["mflop_per_example"] * result["examples_per_cpu_second"] * torch.get_num_threads() / 1e3
            result |= {"gflop_per_second": rate, "peak_gflop_per_second": peak, "share_of_peak": rate / peak}
        print(json.dumps({key: round(value, 3) for key, value in result.items()}), flush=True)


class Worker:
    """A contestant's process."""

    def __init__(self, label: str, options: argparse.Namespace) -> None:
        python = f"{options.recbole}/bin/python" if label.startswith("recbole") else sys.executable
        command = [python, __file__, f"--seconds={options.seconds}", "--worker", label]
        environment = os.environ | ({"LD_PRELOAD": options.allocator} if options.allocator else {})
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, env=environment, **pipes)
        while self._line() != "ready\n":  # what a library prints goes before
            pass

    def _line(self) -> str:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a contestant ended early, with {self.process.wait()}")
        return line

    def round(self) -> dict[str, float]:
        print(file=self.process.stdin, flush=True)
        return json.loads(self._line())


def fastest(rounds: list[dict[str, float]]) -> dict:
    """The fastest of a contestant's rounds by CPU time, and how fast each was."""
    rates = [result["examples_per_cpu_second"] for result in rounds]
    return rounds[rates.index(max(rates))] | {"rounds": [round(rate) for rate in rates]}


def times_as_fast(rounds: list[dict[str, dict]], one: str, other: str) -> list[float]:
    """By CPU time, in every round."""
    return [rates[one]["examples_per_cpu_second"] / rates[other]["examples_per_cpu_second"] for rates in rounds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recbole", metavar="VENV", help="environment with recbole")
    parser.add_argument("--only", help="contestants whose name contains this")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=3, help="length of a contestant's round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--allocator", metavar="LIBRARY", help="take malloc from this library instead of the C library")
    parser.add_argument("--worker", metavar="NAME", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(options.worker, options.seconds)
        return
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    sizes = [f"wukong-{size}" for size in ("small", "middle", "large")]
    contestants = [f"{who} {size}" for size in sizes for who in ("ours", "naive", "naive-ready")]
    dcnv2 = ("bare", "ours", "recbole") if options.recbole else ("bare", "ours")
    contestants += [f"{who} {name}" for name in DCNV2 for who in dcnv2]
    workers = {name: Worker(name, options) for name in contestants if (options.only or "") in name}
    rounds = [{name: one.round() for name, one in workers.items()} for _ in range(options.rounds)]
    for name in workers:
        print(json.dumps({"name": name} | fastest([results[name] for results in rounds])), flush=True)
    for one, other, wanted in CHECKS:
        if one in workers and other in workers:
            ratios = times_as_fast(rounds, one, other)
            bare = one.replace("ours", "bare")
            most = f"; at most {median(times_as_fast(rounds, bare, other)):.2f} ×" if bare in workers else ""
            print(
                f"{one}: {median(ratios):.2f} × {other}, {min(ratios):.2f} to {max(ratios):.2f} in single rounds "
                f"(wanted: {wanted} ×{most})"
            )


if __name__ == "__main__":
    main()
