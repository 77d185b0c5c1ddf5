"""One model on several processes: tables sharded by TorchRec, the dense part replicated.

Start with ``torchrun``, which sets the environment that ``Processes.join`` reads. Every process reads the same global
batches and takes its share of each, so that the losses equal those of one process to rounding.
"""

import contextlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from recscale.models.bags import ADAGRAD_EPS, FUSED_WIDTH, ShardedBags, torchrec_module
from recscale.models.ctr import CTRModel


@dataclass(frozen=True)
class Processes:
    """The processes that train one model together; alone, every method is the identity."""

    rank: int = 0
    world: int = 1

    @classmethod
    @contextlib.contextmanager
    def join(cls, device: torch.device) -> Iterator["Processes"]:
        """Join the others if ``torchrun`` started this process, and leave them at the end."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            yield cls()
            return
        torch.distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        try:
            yield cls(torch.distributed.get_rank(), torch.distributed.get_world_size())
            torch.distributed.barrier()  # who left first would close connections that another still uses
        finally:
            torch.distributed.destroy_process_group()

    def share(self, index: Int[Tensor, " rows"]) -> Int[Tensor, " share"]:
        """This process's part of a global batch."""
        return torch.tensor_split(index, self.world)[self.rank]

    def sum(self, value: Tensor) -> Tensor:
        """Σ over processes."""
        if self.world > 1:
            torch.distributed.all_reduce(value)
        return value

    def concatenate(self, part: Float[Tensor, "rows tasks"]) -> Float[Tensor, "all_rows tasks"]:
        """All processes' equally long parts, in order of rank."""
        if self.world == 1:
            return part
        parts = [torch.empty_like(part) for _ in range(self.world)]
        torch.distributed.all_gather(parts, part.contiguous())
        return torch.cat(parts)

    def parallel(self, model: CTRModel) -> nn.Module:
        """``model`` over the processes, changed in place: whole tables dealt out, the dense part in step.

        Each table goes, largest first, to the process with the fewest rows so far. An explicit plan, because on a CPU
        the planner may make tables data-parallel, where TorchRec ignores the optimiser in the backward pass.
        """
        if self.world == 1:
            return model
        bags = model.embeddings.bags
        assert isinstance(bags, ShardedBags)
        weights = dict(bags.collection.named_parameters())
        if any(weight.shape[1] % FUSED_WIDTH for weight in weights.values()):
            raise ValueError(f"on several processes the width of every table must be a multiple of {FUSED_WIDTH}")
        torchrec_module("torchrec.optim.apply_optimizer_in_backward").apply_optimizer_in_backward(
            torchrec_module("torchrec.optim").RowWiseAdagrad, weights.values(), {"lr": 0.0, "eps": ADAGRAD_EPS}
        )
        parallel = torchrec_module("torchrec.distributed.model_parallel").DistributedModelParallel
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # TorchRec's own use of an older name of a DDP option
            device = next(iter(weights.values())).device
            return parallel(model, device=device, plan=self._plan(bags, weights), sharders=[_sharder()])

    def _plan(self, bags: ShardedBags, weights: dict[str, nn.Parameter]):
        """Whole tables on single processes."""
        plans = torchrec_module("torchrec.distributed.sharding_plan")
        load = [0] * self.world
        placed = {}
        for name in sorted(weights, key=lambda name: -len(weights[name])):
            rank = load.index(min(load))
            load[rank] += len(weights[name])
            placed[name.split(".")[1]] = plans.table_wise(rank=rank)
        device = next(iter(weights.values())).device.type
        module = plans.construct_module_sharding_plan(
            bags.collection, placed, _sharder(), self.world, self.world, device
        )
        return torchrec_module("torchrec.distributed.types").ShardingPlan({"embeddings.bags.collection": module})


def _sharder():
    return torchrec_module("torchrec.distributed.embeddingbag").EmbeddingBagCollectionSharder()
