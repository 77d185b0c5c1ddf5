"""The CTR models by name, and putting one together: embeddings, then the model's tower."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from recscale.datasets.tables import Field
from recscale.models.afn import AFNConfig
from recscale.models.autoint import AutoIntConfig
from recscale.models.bags import build_bags
from recscale.models.crossnet import CrossNetConfig, WukongCrossConfig
from recscale.models.dcnv2 import DCNv2Config
from recscale.models.dlrm import DLRMConfig
from recscale.models.embeddings import EmbeddingConfig, Embeddings
from recscale.models.finalmlp import FinalMLPConfig
from recscale.models.masknet import MaskNetConfig
from recscale.models.wukong import WukongConfig
from recscale.models.xdeepfm import XDeepFMConfig

CTR_MODELS = {
    config.model: config
    for config in (
        WukongConfig,
        DLRMConfig,
        DCNv2Config,
        AutoIntConfig,
        FinalMLPConfig,
        MaskNetConfig,
        AFNConfig,
        XDeepFMConfig,
        CrossNetConfig,
        WukongCrossConfig,
    )
}
"""Configuration class of every CTR model by its name in the run records."""


class CTRModel(nn.Module):
    """Ids (batch, columns) and dense features (batch, n_dense) -> one logit per task (batch, tasks).

    The columns are the fields' in order, ``max_values`` of them each.
    """

    def __init__(self, embeddings: Embeddings, tower: nn.Module) -> None:
        super().__init__()
        self.embeddings = embeddings
        self.tower = tower

    def forward(
        self, ids: Int[Tensor, "batch columns"], dense: Float[Tensor, "batch n_dense"]
    ) -> Float[Tensor, "batch tasks"]:
        x, extra = self.embeddings(ids, dense)
        return self.tower(x) if extra is None else self.tower(x, extra)

    def table_parameters(self) -> list[nn.Parameter]:
        return list(self.embeddings.bags.parameters())

    def dense_parameters(self) -> list[nn.Parameter]:
        """Everything but the tables."""
        return [weight for name, weight in self.named_parameters() if not name.startswith("embeddings.bags.")]


def build_ctr_model(
    config,
    fields: Sequence[Field],
    n_dense: int,
    n_tasks: int,
    *,
    embedding: EmbeddingConfig,
    seed: int = 0,
    backend: str = "auto",
    fused: bool = True,
    sharded: bool = False,
    device: str | torch.device = "cpu",
) -> CTRModel:
    """A fresh model; equal arguments give equal weights, whatever ``backend`` holds the tables.

    config    one of ``CTR_MODELS``
    backend   "torchrec", "torch", or "auto": TorchRec where it can be imported
    fused     let TorchRec's kernel apply row-wise Adagrad in the backward pass (see ``training.optimisers``)
    sharded   keep tables apart, for TorchRec to deal out to processes (see ``training.distributed``)
    """
    tables = embedding.tables(fields, config, n_tasks)
    shape = embedding.shape(tables, n_dense, n_tasks)
    held = {"backend": backend, "fused": fused, "sharded": sharded, "device": device}
    bags = build_bags(tables, std=embedding.initial_std, seed=seed, **held)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        front = Embeddings(embedding, tables, n_dense, bags)
        torch.manual_seed(seed + 1)
        model = CTRModel(front, config.tower(shape))
    return model.to(device)
