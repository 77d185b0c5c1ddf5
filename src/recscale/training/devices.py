"""Where a model trains: the device by name, and whether the model fits there."""

import os

import psutil
import torch

from recscale.models.accounting import Accounting

BYTES = 4
"""Of a weight in single precision."""


def choose_device(name: str) -> torch.device:
    """``auto`` (a GPU where PyTorch sees one), ``cpu``, ``cuda`` or ``cuda:<number>``.

    Under ``torchrun`` each process of a machine takes the GPU of its own number.
    """
    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    allowed = ["auto", "cpu", *(["cuda", *gpus] if gpus else [])]
    if name not in allowed:
        raise ValueError(f"device is {name!r}; PyTorch sees {len(gpus)} GPUs here, so allowed are {', '.join(allowed)}")
    if name == "cpu" or not gpus:
        return torch.device("cpu")
    number = int(os.environ.get("LOCAL_RANK", "0"))
    if name in gpus or number == 0:
        return torch.device("cuda" if name == "auto" else name)
    if number >= len(gpus):
        raise ValueError(f"process {number} has no GPU of its own: PyTorch sees {len(gpus)}; start fewer, or use 'cpu'")
    return torch.device(gpus[number])


def check_memory(
    model: str, account: Accounting, device: torch.device, *, dense_copies: int = 4, table_copies: int = 1
) -> None:
    """Refuse a model whose weights alone can't fit the memory of ``device``, before anything is allocated.

    ``…_copies``: a weight, and what the optimiser keeps beside it (Adam: the gradient and two moments).
    """
    needed = BYTES * (dense_copies * account.dense_parameters + table_copies * account.embedding_parameters)
    there = psutil.virtual_memory().total if device.type == "cpu" else torch.cuda.mem_get_info(device)[1]
    if needed > there:
        raise ValueError(
            f"{model} would have {account.parameters:,} parameters and need {needed / 2**30:,.0f} GiB for them, their "
            f"gradients and the optimiser; the memory of {device} is {there / 2**30:,.0f} GiB: choose a smaller width"
        )
