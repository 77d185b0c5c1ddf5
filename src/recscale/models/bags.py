"""Look-ups into embedding tables: TorchRec's and a plain-torch twin behind one interface.

Both map ids (batch, columns), negative where a multi-hot field has no value, to ``{table key: (batch, width)}``, the
sum over the field's values. Fresh weights depend on the seed alone, so both start from the same numbers.

``torchrec``  ``FusedEmbeddingBagCollection``: FBGEMM's batched kernel, which also applies row-wise Adagrad in the
              backward pass; ``EmbeddingBagCollection`` for another optimiser or a width the kernel doesn't take
``torch``     one weight with the rows of all tables and one look-up, for platforms without FBGEMM
"""

import functools
import importlib
import logging
import warnings
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Int
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


def build_bags(tables: Sequence[Table], *, std: float, seed: int, backend: str, fused: bool, device) -> nn.Module:
    """Bags on ``device``. ``fused`` asks for row-wise Adagrad inside the backward pass, where the back end has it."""
    if backend == "auto":
        backend = "torchrec" if torchrec_available() else "torch"
    fills = [functools.partial(fill, index=index, std=std, seed=seed) for index in range(len(tables))]
    if backend == "torch":
        bags: nn.Module = PlainBags(tables)
    elif backend == "torchrec":
        if not torchrec_available():
            raise ValueError("the back end 'torchrec' needs torchrec and fbgemm, which can't be imported; use 'torch'")
        fused = fused and all(table.width % FUSED_WIDTH == 0 for table in tables)
        bags = TorchRecBags(tables, _collection(tables, fills, fused, device))
    else:
        raise ValueError(f"unknown back end {backend!r}; allowed are 'auto', 'torchrec' and 'torch'")
    bags.to(device)
    weights = bags.table_weights()
    for table, fresh in zip(tables, fills, strict=True):
        fresh(weights[table.key])
    return bags


def _collection(tables: Sequence[Table], fills: Sequence[Callable], fused: bool, device) -> nn.Module:
    torchrec = torchrec_module("torchrec")
    configs = [
        torchrec.EmbeddingBagConfig(
            name=table.key,
            embedding_dim=table.width,
            num_embeddings=table.rows,
            feature_names=[table.field],
            init_fn=fresh,  # the sharded form fills its tables itself
        )
        for table, fresh in zip(tables, fills, strict=True)
    ]
    if not fused:
        return torchrec.EmbeddingBagCollection(tables=configs, device=torch.device(device))
    modules = torchrec_module("torchrec.modules.fused_embedding_modules")
    # The rate is set before every step (see training.optimisers); 0 keeps a bare backward pass from training.
    return modules.FusedEmbeddingBagCollection(
        configs,
        optimizer_type=torchrec_module("torchrec.optim").RowWiseAdagrad,
        optimizer_kwargs={"lr": 0.0, "eps": ADAGRAD_EPS},
        device=torch.device(device),
    )


class PlainBags(nn.Module):
    """Sum-pooled look-ups in plain PyTorch: one weight per distinct width holds all rows of that width."""

    def __init__(self, tables: Sequence[Table]) -> None:
        super().__init__()
        self.groups = {
            str(width): [table for table in tables if table.width == width]
            for width in dict.fromkeys(table.width for table in tables)
        }
        self.weights = nn.ParameterDict()
        for name, group in self.groups.items():
            starts = [sum(table.rows for table in group[:index]) for index in range(len(group) + 1)]
            columns = [column for table in group for column in table.columns]
            offsets = [start for table, start in zip(group, starts, strict=False) for _ in table.columns]
            self.register_buffer(f"columns_{name}", torch.tensor(columns), persistent=False)
            self.register_buffer(f"offsets_{name}", torch.tensor(offsets), persistent=False)
            # The last row stands for "no value": it is zero and gets no gradient.
            self.weights[name] = nn.Parameter(torch.zeros(starts[-1] + 1, group[0].width))

    def table_weights(self) -> dict[str, Tensor]:
        """Each table's rows, as views."""
        return {
            table.key: rows
            for name, group in self.groups.items()
            for table, rows in zip(group, self.weights[name].split([*(t.rows for t in group), 1]), strict=False)
        }

    def fused_optimiser(self) -> None:
        """None: gradients are applied after the backward pass."""

    def forward(self, ids: Int[Tensor, "batch columns"]) -> dict[str, Tensor]:
        pooled = {}
        for name, group in self.groups.items():
            weight = self.weights[name]
            none = len(weight) - 1
            columns, offsets = getattr(self, f"columns_{name}"), getattr(self, f"offsets_{name}")
            chosen = ids.index_select(1, columns)
            rows = torch.where(chosen < 0, none, chosen + offsets)
            values = nn.functional.embedding(rows, weight, padding_idx=none, sparse=none > SPARSE_ABOVE)
            parts = values.split([len(table.columns) for table in group], dim=1)  # (batch, values, width) each
            for table, part in zip(group, parts, strict=True):
                pooled[table.key] = part.squeeze(1) if len(table.columns) == 1 else part.sum(1)
        return pooled


class TorchRecBags(nn.Module):
    """The same look-ups through a TorchRec collection of embedding bags: fused, plain or sharded.

    Embeddings are taken by key: a sharded collection returns its keys in the order of its sharding plan.
    """

    def __init__(self, tables: Sequence[Table], collection: nn.Module) -> None:
        super().__init__()
        self.collection = collection
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
        """The optimiser that works inside the backward pass, or None."""
        found = getattr(self.collection, "fused_optimizer", None)  # a method, or a property of the sharded form
        return found() if callable(found) else found

    def jagged(self, ids: Int[Tensor, "batch columns"]):
        """Ids as TorchRec reads them (``KeyedJaggedTensor``): values field by field, and each bag's length."""
        single = ids[:, self.single].t().reshape(-1)
        values, lengths = [single], [torch.ones_like(single)]
        for columns in self.several.values():
            block = ids[:, columns[0] : columns[-1] + 1]
            present = block >= 0
            values.append(block[present])
            lengths.append(present.sum(1))
        jagged = torchrec_module("torchrec").KeyedJaggedTensor
        return jagged(self.features, torch.cat(values), lengths=torch.cat(lengths))

    def forward(self, ids: Int[Tensor, "batch columns"]) -> dict[str, Tensor]:
        pooled = self.collection(self.jagged(ids)).to_dict()
        return {key: pooled[name] for key, name in self.outputs.items()}
