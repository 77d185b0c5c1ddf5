"""Closed forms against PyTorch's counters, and against the paper's published cells."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from recscale.datasets.tables import Field
from recscale.models import EmbeddingConfig, SmallFields, account_ctr, build_ctr_model
from recscale.models.afn import AFNConfig
from recscale.models.autoint import AutoIntConfig
from recscale.models.crossnet import CrossNetConfig, WukongCrossConfig
from recscale.models.dcnv2 import DCNv2Config
from recscale.models.dlrm import DLRMConfig
from recscale.models.finalmlp import FinalMLPConfig
from recscale.models.masknet import MaskNetConfig
from recscale.models.wukong import WukongConfig
from recscale.models.xdeepfm import XDeepFMConfig

FIELDS = (Field("user", 30), Field("item", 20), Field("genres", 7, 3), Field("hour", 24))
EMBEDDING = EmbeddingConfig(
    width=8,
    units=(("item", 3),),
    small=(SmallFields(("genres", "hour"), width=4, outputs=2, hidden=(5,)),),
    dense_hidden=(6, 5),
    dense_outputs=2,
)
CASES = [
    WukongConfig(l=3, n_F=3, n_L=2, k=4, mlp_layers=2, mlp_width=12, head=(7,)),
    WukongConfig(l=2, n_F=4, n_L=4, k=2, fm="plain", head=()),
    WukongConfig(l=2, n_F=3, n_L=2, k=3, fm="attentive", compressed=2, attention_width=5),
    WukongConfig(l=2, fmb=False),
    WukongConfig(l=2, lcb=False, residual=False, batch_norm=True),
    DLRMConfig(top=(9, 4)),
    DLRMConfig(top=(9,), interaction="cat", batch_norm=True),
    DCNv2Config(cross_layers=2, deep=(9, 4)),
    DCNv2Config(cross_layers=2, rank=3, deep=(9,), structure="parallel", batch_norm=True),
    DCNv2Config(cross_layers=2, structure="crossnet"),
    AutoIntConfig(layers=2, width=6, heads=3, deep=(9,), batch_norm=True),
    AutoIntConfig(layers=2, width=8, heads=2, deep=(), layer_norm=False),
    FinalMLPConfig(first=(9, 6), second=(4,), heads=2, batch_norm=True),
    FinalMLPConfig(
        first=(6,), second=(4,), context_first=("user", "hour"), context_second=("item",), gate=(5,), heads=2
    ),
    MaskNetConfig(mask_blocks=3, block_width=5, reduction=2.0, deep=(9,)),
    MaskNetConfig(mask_blocks=1, reduction=0.1, deep=(), embedding_norm=False, block_norm=False),
    AFNConfig(neurons=5, afn=(9, 4), deep=(7,), batch_norm=True),
    AFNConfig(neurons=5, afn=(), deep=()),
    XDeepFMConfig(cin=(5, 4, 3), deep=(9,), batch_norm=True),
    XDeepFMConfig(cin=(5,), deep=()),
    CrossNetConfig(cross_layers=3, rank=2),
    CrossNetConfig(cross_layers=1),
    WukongCrossConfig(l=3, n_F=3, n_L=2, k=4, mlp_width=12, head=(7,), cross_layers=2, rank=3),
    WukongCrossConfig(l=3, n_F=3, n_L=2, k=4, mlp_width=12, head=(7,), rank=None, detached=True),
    WukongCrossConfig(l=2, n_F=3, n_L=2, k=3, fm="attentive", compressed=2, attention_width=5, detached=True),
    WukongCrossConfig(l=2, n_F=5, n_L=4, fm="plain", head=(), layer_norm=False, detached=True),
    WukongCrossConfig(l=2, n_F=5, n_L=4, lcb=False, residual=False, detached=True),
]


def ids(batch: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    columns = [torch.randint(f.vocabulary_size, (batch, f.max_values), generator=generator) for f in FIELDS]
    return torch.cat(columns, dim=1)


@pytest.mark.parametrize("config", CASES, ids=repr)
def test_closed_forms_equal_the_counters(config):
    n_dense, n_tasks, batch = 3, 2, 5
    account = account_ctr(config, FIELDS, n_dense, n_tasks, EMBEDDING)
    model = build_ctr_model(config, FIELDS, n_dense, n_tasks, embedding=EMBEDDING, backend="torch")
    assert account.dense_parameters == sum(parameter.numel() for parameter in model.dense_parameters())
    assert account.embedding_parameters == sum(w.numel() for w in model.embeddings.bags.table_weights().values())
    with FlopCounterMode(display=False) as counter:
        logits = model(ids(batch), torch.randn(batch, n_dense))
        assert 2 * account.macs_per_example * batch == counter.get_total_flops()
        logits.sum().backward()
    assert account.training_flop_per_example * batch == counter.get_total_flops()


def test_totals_are_sums_over_blocks():
    account = account_ctr(CASES[0], FIELDS, 3, 2, EMBEDDING)
    assert account.dense_parameters == sum(block.parameters for block in account.blocks)
    assert account.macs_per_example == sum(block.macs for block in account.blocks)
    assert account.parameters == account.dense_parameters + account.embedding_parameters
    assert [block.name for block in account.blocks][:2] == ["small fields", "dense features"]


def frappe(width: int) -> tuple[tuple[Field, ...], EmbeddingConfig]:
    """Ten fields with FuxiCTR v2's 5,399 rows, no dense features."""
    return (Field("all but nine", 5390), *(Field(f"{i}", 1) for i in range(9))), EmbeddingConfig(width=width)


def movielens(width: int) -> tuple[tuple[Field, ...], EmbeddingConfig]:
    return (Field("user", 90240), Field("item", 1), Field("tag", 1)), EmbeddingConfig(width=width)


def criteo() -> tuple[tuple[Field, ...], EmbeddingConfig]:
    """26 tables with 204,184,585 rows together, 13 dense features through 512 and 256 into one embedding."""
    fields = (Field("all but 25", 204_184_560), *(Field(f"{i}", 1) for i in range(25)))
    return fields, EmbeddingConfig(width=128, dense_hidden=(512, 256))


PUBLISHED = {
    "DLRM, Frappe": (DLRMConfig((400, 400, 400), "cat", batch_norm=True), frappe(128), 0, 1_527_073, 4.99),
    "DLRM, MovieLens": (DLRMConfig((400, 400, 400), "cat", batch_norm=True), movielens(10), 0, None, 1.99),
    "DLRM, Criteo": (DLRMConfig((512, 512)), criteo(), 13, 26_136_307_201, 4.62),
    "DCNv2, Criteo": (DCNv2Config(2, deep=(2048,) * 4), criteo(), 13, 26_179_364_097, 262.3),
    "DCNv2, Frappe": (DCNv2Config(4, structure="crossnet"), frappe(128), 0, 7_251_073, 39.3),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_cells_of_the_papers_table_3(name):
    config, (fields, embedding), n_dense, parameters, mflop = PUBLISHED[name]
    account = account_ctr(config, fields, n_dense, 1, embedding)
    if parameters:
        assert account.parameters == parameters
    digits = 2 if mflop < 10 else 1
    assert round(account.training_flop_per_example / 1e6, digits) == mflop
