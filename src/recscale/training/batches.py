"""A CTR table as tensors, and the order in which training reads it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from recscale.datasets.tables import PADDING, CTRData


@dataclass(frozen=True, eq=False)
class CTRTensors:
    """All rows at once; a batch is one gather from each. ``ids`` has a field's ``max_values`` columns side by side."""

    ids: Int[Tensor, "rows columns"]
    dense: Float[Tensor, "rows n_dense"]
    labels: Float[Tensor, "rows tasks"]

    @classmethod
    def of(cls, data: CTRData, device: torch.device) -> "CTRTensors":
        for field in data.fields:  # a look-up would take an id out of range for a row of another table
            ids, several = data.ids[field.name], field.max_values > 1
            wrong = ids[(ids < (PADDING if several else 0)) | (ids >= field.vocabulary_size)]
            if len(wrong):
                allowed = f"0 … {field.vocabulary_size - 1}" + (f", or {PADDING} for no value" if several else "")
                raise ValueError(f"ids of the field {field.name!r} must be in {allowed}; got {wrong[0]}")
        columns = [np.reshape(data.ids[field.name], (len(data), field.max_values)) for field in data.fields]
        return cls(
            torch.from_numpy(np.concatenate(columns, axis=1).astype(np.int32)).to(device),
            torch.from_numpy(np.ascontiguousarray(data.dense, dtype=np.float32)).to(device),
            torch.from_numpy(np.ascontiguousarray(data.labels, dtype=np.float32)).to(device),
        )

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, index: Int[Tensor, " batch"]) -> tuple[Tensor, Tensor, Tensor]:
        """(ids, dense, labels) of a batch."""
        # Several times as fast as indexing with brackets.
        ids, dense, labels = (table.index_select(0, index) for table in (self.ids, self.dense, self.labels))
        return ids.long(), dense, labels


def n_batches(rows: int, batch_size: int) -> int:
    return -(-rows // batch_size)


def shuffled(rows: int, batch_size: int, generator: np.random.Generator) -> Iterator[Int[Tensor, " batch"]]:
    """Every row once, in a fresh order, in batches of at most ``batch_size`` whose sizes differ by at most one."""
    order = torch.from_numpy(generator.permutation(rows))
    yield from torch.tensor_split(order, n_batches(rows, batch_size))
