"""Look-ups into embedding tables: TorchRec's and a plain-torch twin behind one interface.

All map ids (batch, columns), negative where a multi-hot field has no value, to a ``Pooled``: (batch, width) by table
key, the sum over the field's values. Fresh weights depend on the seed alone, so all start from the same numbers.

``torchrec``  ``FusedEmbeddingBagCollection``: FBGEMM's batched kernel, which also applies row-wise Adagrad in the
              backward pass; ``EmbeddingBagCollection`` for another optimiser or a width the kernel doesn't take
``torch``     one weight and one look-up for each width, for platforms without FBGEMM

Tables of one width lie below each other in one weight (``Stack``): one look-up serves them all and its result is the
models' X_0 as it stands. TorchRec shards whole tables, so ``sharded`` bags keep them apart.
"""

import functools
import importlib
import logging
import warnings
from collections.abc import Callable, Sequence
from itertools import accumulate

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from recscale.models.embeddings import Table

ADAGRAD_EPS = 1e-8
"""ε of row-wise Adagrad, given to every implementation: their defaults differ (TorchRec 1e-10, FBGEMM 1e-8)."""

SPARSE_ABOVE = 200_000
"""Rows above which ``PlainBags`` asks for sparse gradients; below, dense ones are several times faster on a CPU."""

FUSED_WIDTH = 4
"""FBGEMM's kernel takes widths that are multiples of this."""


@functools.cache
def torchrec_available() -> bool:
    """Whether TorchRec and its FBGEMM kernels can be imported here."""
    try:
        torchrec_module("torchrec")
    except (ImportError, OSError):
        return False
    return True


@functools.cache
def torchrec_module(name: str):
    """Import a module of TorchRec, quietly.

    FBGEMM's CPU build warns about the GPU-only parts it lacks, TorchRec's first look-up about tracing it doesn't do.
    """
    logging.getLogger("torch.fx._symbolic_trace").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


@torch.no_grad()
def fill(weight: Tensor, index: int, std: float, seed: int) -> None:
    """Fresh weights N(0, std²) for the ``index``-th table: the same on every back end and process."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + index)
    weight.copy_(torch.empty(weight.shape).normal_(std=std, generator=generator))


def build_bags(
    tables: Sequence[Table], *, std: float, seed: int, backend: str, fused: bool, sharded: bool = False, device
) -> nn.Module:
    """Bags on ``device``, filled; the arguments are those of ``build_ctr_model``."""
    if backend == "auto":
        backend = "torchrec" if torchrec_available() else "torch"
    if backend not in ("torch", "torchrec"):
        raise ValueError(f"unknown back end {backend!r}; allowed are 'auto', 'torchrec' and 'torch'")
    if backend == "torchrec" and not torchrec_available():
        raise ValueError("the back end 'torchrec' needs torchrec and fbgemm, which can't be imported; use 'torch'")
    fills = [functools.partial(fill, index=index, std=std, seed=seed) for index in range(len(tables))]
    if backend == "torch":
        bags: nn.Module = PlainBags(tables)
    elif sharded:
        bags = ShardedBags(tables, fills, device)
    else:
        bags = TorchRecBags(tables, fused, device)
    bags.to(device)
    weights = bags.table_weights()
    for table, fresh in zip(tables, fills, strict=True):
        fresh(weights[table.key])
    return bags


class Pooled:
    """Pooled embeddings by table key, left in the blocks (batch, tables, width) in which they were looked up."""

    def __init__(self, blocks: Sequence[tuple[Sequence[str], Float[Tensor, "batch _ _"]]]) -> None:
        self.blocks = [block for _, block in blocks]
        self.place = {key: (i, j) for i, (keys, _) in enumerate(blocks) for j, key in enumerate(keys)}

    def stack(self, keys: Sequence[str]) -> Float[Tensor, "batch keys width"]:
        """The embeddings of several tables of one width; a view if they were looked up side by side."""
        runs: list[list[int]] = []  # block, first and last position
        for key in keys:
            block, position = self.place[key]
            if runs and runs[-1][0] == block and runs[-1][2] == position - 1:
                runs[-1][2] = position
            else:
                runs.append([block, position, position])
        parts = [self.blocks[block][:, first : last + 1] for block, first, last in runs]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)


class Stack(nn.Module):
    """Tables of one width below each other in one weight of ``rows`` rows: which row does an id mean?

    Ids (batch, columns) -> rows (batch, values), and which values are there; None: all.
    """

    def __init__(self, tables: Sequence[Table]) -> None:
        super().__init__()
        self.tables = tables
        self.keys = [table.key for table in tables]
        self.width = tables[0].width
        *starts, self.rows = accumulate((table.rows for table in tables), initial=0)
        columns = [column for table in tables for column in table.columns]
        offsets = [start for table, start in zip(tables, starts, strict=True) for _ in table.columns]
        # The usual case, each of the first columns once, needs no copy.
        first = columns == list(range(len(columns)))
        self.register_buffer("columns", None if first else torch.tensor(columns), persistent=False)
        self.register_buffer("offsets", torch.tensor(offsets), persistent=False)
        # Neighbours with one value each form a run; a multi-hot table is a run of its own.
        self.runs: list[list[Table]] = []
        for table in tables:
            if self.runs and len(self.runs[-1][-1].columns) == len(table.columns) == 1:
                self.runs[-1].append(table)
            else:
                self.runs.append([table])
        self.run_columns = [sum(len(table.columns) for table in run) for run in self.runs]
        self.multi_hot = len(columns) > len(tables)

    def forward(self, ids: Int[Tensor, "batch columns"]) -> tuple[Int[Tensor, "batch values"], Tensor | None]:
        chosen = ids[:, : len(self.offsets)] if self.columns is None else ids.index_select(1, self.columns)
        return chosen + self.offsets, chosen >= 0 if self.multi_hot else None

    def pool(self, values: Shaped[Tensor, "batch values *rest"]) -> list[Shaped[Tensor, "batch _ *rest"]]:
        """Sums over each table's values, run by run."""
        parts = zip(self.runs, values.split(self.run_columns, dim=1), strict=True)
        return [part if part.shape[1] == len(run) else part.sum(1, keepdim=True) for run, part in parts]


class StackedBags(nn.Module):
    """One ``Stack`` for each width, by the width; who derives from it has their weights: ``weight(name)``."""

    def __init__(self, tables: Sequence[Table]) -> None:
        super().__init__()
        widths = dict.fromkeys(table.width for table in tables)
        stacks = {str(width): Stack([table for table in tables if table.width == width]) for width in widths}
        self.stacks = nn.ModuleDict(stacks)

    def table_weights(self) -> dict[str, Tensor]:
        """Each table's rows, as views."""
        parts = {}
        for name, stack in self.stacks.items():
            rows = self.weight(name).split([table.rows for table in stack.tables])
            parts |= zip(stack.keys, rows, strict=True)
        return parts


class PlainBags(StackedBags):
    """Sum-pooled look-ups in plain PyTorch."""

    def __init__(self, tables: Sequence[Table]) -> None:
        super().__init__(tables)
        # The last row stands for "no value": it is zero and gets no gradient.
        fresh = {name: nn.Parameter(torch.zeros(stack.rows + 1, stack.width)) for name, stack in self.stacks.items()}
        self.weights = nn.ParameterDict(fresh)

    def weight(self, name: str) -> Tensor:
        return self.weights[name][:-1]

    def fused_optimiser(self) -> None:
        """None: gradients are applied after the backward pass."""

    def forward(self, ids: Int[Tensor, "batch columns"]) -> Pooled:
        blocks = []
        for name, stack in self.stacks.items():
            rows, present = stack(ids)
            if present is not None:
                rows = torch.where(present, rows, stack.rows)
            sparse = stack.rows > SPARSE_ABOVE
            values = nn.functional.embedding(rows, self.weights[name], padding_idx=stack.rows, sparse=sparse)
            blocks += zip(([table.key for table in run] for run in stack.runs), stack.pool(values), strict=True)
        return Pooled(blocks)


class TorchRecBags(StackedBags):
    """The same look-ups through TorchRec: a collection of one table for each width, in which every (example, table)
    pair has a bag of its own."""

    def __init__(self, tables: Sequence[Table], fused: bool, device) -> None:
        super().__init__(tables)
        self.fused = fused and all(stack.width % FUSED_WIDTH == 0 for stack in self.stacks.values())
        collections = {
            name: _collection([_bag(name, stack.rows, stack.width)], self.fused, device)
            for name, stack in self.stacks.items()
        }
        self.collections = nn.ModuleDict(collections)

    def weight(self, name: str) -> Tensor:
        return self.collections[name].state_dict()[f"embedding_bags.{name}.weight"]

    def fused_optimiser(self):
        """The optimiser that works inside the backward pass, or None."""
        if not self.fused:
            return None
        optimisers = [(name, collection.fused_optimizer()) for name, collection in self.collections.items()]
        combined = torchrec_module("torchrec.optim.keyed").CombinedOptimizer
        return optimisers[0][1] if len(optimisers) == 1 else combined(optimisers)

    def forward(self, ids: Int[Tensor, "batch columns"]) -> Pooled:
        blocks = []
        for name, stack in self.stacks.items():
            rows, present = stack(ids)
            if present is None:
                lengths, values = torch.ones_like(rows), rows
            else:
                lengths, values = torch.cat(stack.pool(present), dim=1), rows.masked_select(present)
            pooled = self.collections[name](_one_feature(name, values.flatten(), lengths.flatten())).values()
            blocks.append((stack.keys, pooled.unflatten(0, (len(ids), -1))))
        return Pooled(blocks)


class ShardedBags(nn.Module):
    """One TorchRec collection with a bag for each table, which ``DistributedModelParallel`` can deal out.

    Embeddings are taken by key: a sharded collection returns its keys in the order of its sharding plan.
    """

    def __init__(self, tables: Sequence[Table], fills: Sequence[Callable], device) -> None:
        super().__init__()
        bags = [
            _bag(table.key, table.rows, table.width, table.field, fresh)
            for table, fresh in zip(tables, fills, strict=True)
        ]
        self.collection = _collection(bags, False, device)
        columns = {table.field: table.columns for table in tables}
        self.several = {name: of for name, of in columns.items() if len(of) > 1}
        self.features = [name for name in columns if name not in self.several] + list(self.several)
        self.single = [columns[name][0] for name in self.features if name not in self.several]
        fields = [table.field for table in tables]
        # TorchRec appends the table's name where several tables read one feature.
        self.outputs = {
            table.key: table.field if fields.count(table.field) == 1 else f"{table.field}@{table.key}"
            for table in tables
        }

    def table_weights(self) -> dict[str, Tensor]:
        """Each table's rows, sharing the collection's memory."""
        weights = self.collection.state_dict()
        return {key: weights[f"embedding_bags.{key}.weight"] for key in self.outputs}

    def fused_optimiser(self):
        """The optimiser that works inside the backward pass, once the collection is sharded; before: None."""
        return getattr(self.collection, "fused_optimizer", None)

    def jagged(self, ids: Int[Tensor, "batch columns"]):
        """Ids as TorchRec reads them (``KeyedJaggedTensor``): values field by field, and each bag's length."""
        single = ids[:, self.single].t().reshape(-1)
        values, lengths = [single], [torch.ones_like(single)]
        for columns in self.several.values():
            block = ids[:, columns[0] : columns[-1] + 1]
            present = block >= 0
            values.append(block.masked_select(present))
            lengths.append(present.sum(1))
        jagged = torchrec_module("torchrec").KeyedJaggedTensor
        return jagged(self.features, torch.cat(values), lengths=torch.cat(lengths))

    def forward(self, ids: Int[Tensor, "batch columns"]) -> Pooled:
        pooled = self.collection(self.jagged(ids)).to_dict()
        return Pooled([([key], pooled[name][:, None]) for key, name in self.outputs.items()])


def _one_feature(name: str, values: Int[Tensor, " values"], lengths: Int[Tensor, " bags"]):
    """A ``KeyedJaggedTensor`` of one feature."""
    torchrec = torchrec_module("torchrec")
    # TorchRec would split values and lengths by feature, which costs as much as the look-up.
    split = {name: torchrec.JaggedTensor(values, lengths=lengths)}
    return torchrec.KeyedJaggedTensor([name], values, lengths=lengths, jt_dict=split)


def _bag(name: str, rows: int, width: int, feature: str | None = None, fill: Callable | None = None):
    """A table as TorchRec wants it described; the sharded form fills its tables itself, by ``fill``."""
    return torchrec_module("torchrec").EmbeddingBagConfig(
        name=name, embedding_dim=width, num_embeddings=rows, feature_names=[feature or name], init_fn=fill
    )


def _collection(bags: list, fused: bool, device) -> nn.Module:
    if not fused:
        return torchrec_module("torchrec").EmbeddingBagCollection(tables=bags, device=torch.device(device))
    modules = torchrec_module("torchrec.modules.fused_embedding_modules")
    # The rate is set before every step (see training.optimisers); 0 keeps a bare backward pass from training.
    return modules.FusedEmbeddingBagCollection(
        bags,
        optimizer_type=torchrec_module("torchrec.optim").RowWiseAdagrad,
        optimizer_kwargs={"lr": 0.0, "eps": ADAGRAD_EPS},
        device=torch.device(device),
    )
