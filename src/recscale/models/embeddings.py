"""From ids and dense features to the n embeddings of one width d that every CTR model starts from (Wukong §3.2).

The look-ups themselves are in ``bags``: TorchRec, or a plain-torch twin.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from recscale.datasets.tables import Field
from recscale.models.accounting import Block, mlp_block
from recscale.models.checks import BelowOne, ModelConfig, NotNegative, Settings
from recscale.models.layers import MLP


@dataclass(frozen=True)
class SmallFields(Settings):
    """Less important fields: tables ``width`` wide, concatenated, mapped by an MLP to ``outputs`` d-wide embeddings."""

    fields: tuple[str, ...]
    width: int
    outputs: int = 1
    hidden: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.fields:
            raise ValueError("a group of small fields must name at least one field")


@dataclass(frozen=True)
class Table:
    """One look-up: the ids in ``columns`` (those of ``field``), summed over a table of ``rows`` × ``width`` weights."""

    key: str
    field: str
    columns: tuple[int, ...]
    rows: int
    width: int

    @property
    def is_unit(self) -> bool:
        """Whether its embedding is one of the n that every model gets."""
        return self.key.rpartition("#")[2].isdigit()


@dataclass(frozen=True)
class InputShape:
    """What a model is built on: ``n`` embeddings of width ``d``, the last ``n_dense`` of them from dense features.

    ``n_extra`` counts the further look-ups the model asked for (``TowerConfig.extra_tables``).
    """

    n: int
    d: int
    n_dense: int
    n_tasks: int
    n_extra: int = 0


class TowerConfig(ModelConfig):
    """What a model's configuration says about its inputs; most models want the n embeddings and nothing else."""

    def extra_tables(self, fields: Sequence[str], d: int, n_tasks: int) -> tuple[tuple[str, ...], int]:
        """Fields that get a further table for the model's own use, and its width; () and 0 for none."""
        return (), 0

    def tower(self, shape: InputShape) -> nn.Module:
        """The model on its embeddings: X_0 (batch, n, d), and the extra ones, -> logits (batch, tasks)."""
        return self.module(self, shape)


@dataclass(frozen=True)
class EmbeddingConfig(Settings):
    """The front end: which inputs become how many embeddings of which width.

    width          d, the one width at which embeddings leave the front end
    units          (field, count) pairs: significant fields that get several embeddings, each from a table of its own
    small          groups of less important fields with narrower tables
    dense_hidden   hidden layers of the MLP from all dense features (paper: 512, 256 on Criteo)
    dense_outputs  how many embeddings that MLP makes (decoded from the paper's parameter counts: one)
    unit_dropout   chance that a whole d-wide unit is dropped in training; kept ones are scaled by 1 / (1 - chance)
    initial_std    standard deviation of fresh table weights

    The paper names neither the significant fields nor the groups; the defaults have one unit a field and no groups.
    """

    width: int = 16
    units: tuple[tuple[str, int], ...] = ()
    small: tuple[SmallFields, ...] = ()
    dense_hidden: tuple[int, ...] = (64, 32)
    dense_outputs: int = 1
    unit_dropout: BelowOne = 0.0
    initial_std: NotNegative = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        named = [name for name, _ in self.units] + [name for group in self.small for name in group.fields]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise ValueError(f"the field {twice[0]!r} stands more than once in units and small; allowed is once")

    def tables(self, fields: Sequence[Field], tower: TowerConfig, n_tasks: int) -> tuple[Table, ...]:
        """Every look-up: d-wide units, then small fields, then what the model asks for itself."""
        names = [entry.name for entry in fields]
        units, small = dict(self.units), {name: group.width for group in self.small for name in group.fields}
        extra_fields, extra_width = tower.extra_tables(names, self.width, n_tasks)
        if unknown := sorted({*units, *small, *extra_fields} - {*names}):
            raise ValueError(f"no field is called {unknown[0]!r}; the fields are {', '.join(names)}")
        wide, narrow, extras, first = [], [], {}, 0
        for entry in fields:
            columns = tuple(range(first, first + entry.max_values))
            first += entry.max_values

            def table(label: str, width: int, entry=entry, columns=columns) -> Table:
                # Module names can't hold a dot.
                key = f"{entry.name.replace('.', '·')}{label}"
                return Table(key, entry.name, columns, entry.vocabulary_size, width)

            if entry.name in small:
                narrow.append(table("#small", small[entry.name]))
            else:
                wide += [table(f"#{unit}", self.width) for unit in range(units.get(entry.name, 1))]
            extras[entry.name] = table("#extra", extra_width)
        return (*wide, *narrow, *(extras[name] for name in extra_fields))

    def shape(self, tables: Sequence[Table], n_dense: int, n_tasks: int) -> InputShape:
        dense = self.dense_outputs if n_dense else 0
        n = sum(table.is_unit for table in tables) + sum(group.outputs for group in self.small) + dense
        if not n:
            raise ValueError("a model needs at least one field or dense feature as its input")
        return InputShape(n, self.width, dense, n_tasks, sum(table.key.endswith("#extra") for table in tables))

    def small_sizes(self, group: SmallFields) -> tuple[int, ...]:
        return (len(group.fields) * group.width, *group.hidden, group.outputs * self.width)

    def dense_sizes(self, n_dense: int) -> tuple[int, ...]:
        return (n_dense, *self.dense_hidden, self.dense_outputs * self.width)

    def blocks(self, n_dense: int) -> tuple[Block, ...]:
        """Dense part of the front end: the maps of small fields and of dense features."""
        small = mlp_block("small fields", *map(self.small_sizes, self.small))
        if not n_dense:
            return (small,)
        sizes = self.dense_sizes(n_dense)
        return (small, mlp_block("dense features", sizes, without=sizes[0] * sizes[1]))


class Embeddings(nn.Module):
    """Ids and dense features -> X_0 (batch, n, d), and one ``extra`` embedding a field where the model asks for it.

    Order of the n embeddings: the units field by field, the outputs of the small groups, the dense embeddings.
    """

    def __init__(self, config: EmbeddingConfig, tables: Sequence[Table], n_dense: int, bags: nn.Module) -> None:
        super().__init__()
        self.config = config
        self.bags = bags
        self.units = [table.key for table in tables if table.is_unit]
        self.extras = [table.key for table in tables if table.key.endswith("#extra")]
        by_field = {table.field: table.key for table in tables if table.key.endswith("#small")}
        self.groups = [[by_field[name] for name in group.fields] for group in config.small]
        self.small = nn.ModuleList(MLP(config.small_sizes(group)) for group in config.small)
        # The tables' own scale, so that no kind of embedding drowns the others at the start.
        gain = config.initial_std
        self.dense = MLP(config.dense_sizes(n_dense), output_gain=gain) if n_dense else None

    def forward(
        self, ids: Int[Tensor, "batch columns"], dense: Float[Tensor, "batch features"]
    ) -> tuple[Float[Tensor, "batch n d"], Float[Tensor, "batch fields extra"] | None]:
        pooled = self.bags(ids)
        parts = []
        if self.units:
            parts = [nn.functional.dropout1d(pooled.stack(self.units), self.config.unit_dropout, self.training)]
        for keys, mlp in zip(self.groups, self.small, strict=True):
            parts.append(mlp(pooled.stack(keys).flatten(1)).unflatten(1, (-1, self.config.width)))
        if self.dense is not None:
            parts.append(self.dense(dense).unflatten(1, (-1, self.config.width)))
        extra = pooled.stack(self.extras) if self.extras else None
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1), extra
