"""The front end: which embeddings come out, and that both back ends give the same ones."""

import pytest
import torch

from recscale.datasets.tables import Field
from recscale.models import EmbeddingConfig, SmallFields, build_ctr_model
from recscale.models.bags import torchrec_available
from recscale.models.wukong import WukongConfig
from recscale.models.xdeepfm import XDeepFMConfig
from recscale.training.optimisers import Optimisers, RowWiseAdagrad

FIELDS = (Field("user", 30), Field("item", 20), Field("genres", 7, 3), Field("a.b", 24))
EMBEDDING = EmbeddingConfig(
    width=8, units=(("item", 3),), small=(SmallFields(("genres", "a.b"), width=4, outputs=2),), dense_outputs=2
)
BACKENDS = ["torch", pytest.param("torchrec", marks=pytest.mark.skipif(not torchrec_available(), reason="no FBGEMM"))]


def batch(rows: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids whose genres have 1, 2 or 3 values, and three dense features."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.cat([torch.randint(f.vocabulary_size, (rows, f.max_values), generator=generator) for f in FIELDS], 1)
    ids[::2, 4] = -1
    ids[::3, 3:5] = -1
    return ids, torch.randn(rows, 3, generator=generator)


def model(backend: str, config=None, embedding: EmbeddingConfig = EMBEDDING, **options):
    return build_ctr_model(config or WukongConfig(), FIELDS, 3, 2, embedding=embedding, backend=backend, **options)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_embedding_comes_from_its_own_tables(backend):
    """user | item, item, item | two outputs of the small group | two of the dense features."""
    front = model(backend).embeddings
    ids, dense = batch(6)
    x, extra = front(ids, dense)
    tables = front.bags.table_weights()
    assert x.shape == (6, 8, 8)
    assert extra is None
    assert torch.equal(x[:, 0], tables["user#0"][ids[:, 0]])
    for unit in range(3):
        assert torch.equal(x[:, 1 + unit], tables[f"item#{unit}"][ids[:, 1]])
    genres = torch.stack([sum(tables["genres#small"][value] for value in row if value >= 0) for row in ids[:, 2:5]])
    small = front.small[0](torch.cat([genres, tables["a·b#small"][ids[:, 5]]], dim=1))
    assert torch.allclose(x[:, 4:6].flatten(1), small, atol=1e-6)
    assert torch.allclose(x[:, 6:].flatten(1), front.dense(dense))


TABLES = {
    "each column once": (EmbeddingConfig(width=8), WukongConfig()),
    "the first columns, others narrower": (EmbeddingConfig(width=8, small=(SmallFields(("a.b",), 4),)), WukongConfig()),
    "units and small fields": (EMBEDDING, WukongConfig()),
    "one number a field besides": (EMBEDDING, XDeepFMConfig()),
    "all of one width": (EmbeddingConfig(width=4, small=(SmallFields(("item", "a.b"), 4),)), WukongConfig()),
}


@pytest.mark.parametrize("tables", TABLES)
@pytest.mark.parametrize(
    "held", [{"backend": "torch"}, *({"backend": "torchrec", "sharded": sharded} for sharded in (False, True))], ids=str
)
def test_every_look_up_sums_the_rows_of_its_own_table(tables, held):
    if held["backend"] == "torchrec" and not torchrec_available():
        pytest.skip("no FBGEMM")
    embedding, config = TABLES[tables]
    ids, _ = batch(9)
    bags = build_ctr_model(config, FIELDS, 3, 2, embedding=embedding, **held).embeddings.bags
    pooled, weights = bags(ids), bags.table_weights()
    looked_up = embedding.tables(FIELDS, config, 2)
    expected = {
        table.key: torch.stack(
            [
                sum((weights[table.key][i] for i in row if i >= 0), torch.zeros(table.width))
                for row in ids[:, table.columns]
            ]
        )
        for table in looked_up
    }
    for key, rows in expected.items():
        assert torch.allclose(pooled.stack([key])[:, 0], rows, atol=1e-6), key
    keys = [table.key for table in looked_up if table.width == looked_up[0].width]
    for order in (keys, keys[::-1], keys[1:]):
        assert torch.allclose(pooled.stack(order), torch.stack([expected[key] for key in order], dim=1), atol=1e-6)


def test_an_example_with_no_value_at_all_gets_zeros():
    for backend in ("torch", "torchrec") if torchrec_available() else ("torch",):
        ids, _ = batch(3)
        ids[1, 2:5] = -1
        pooled = model(backend).embeddings.bags(ids)
        assert not pooled.stack(["genres#small"])[:, 0][1].any()
        assert pooled.stack(["genres#small"])[:, 0][0].any()


class Rates:
    """What the optimisers read of a ``CTRTraining``."""

    gradient_clip = 0.0
    dense_learning_rate = 1e-2
    sparse_learning_rate = 1e-1
    table_optimiser = "row-wise adagrad"


@pytest.mark.skipif(not torchrec_available(), reason="no FBGEMM")
@pytest.mark.parametrize("fused", [True, False])
def test_torchrec_trains_exactly_as_plain_torch(fused):
    models = [model("torch"), model("torchrec", fused=fused)]
    for one in models:
        optimisers = Optimisers(one, Rates)
        for step in range(10):
            ids, dense = batch(16, step)
            optimisers.begin(1.0)
            one(ids, dense).square().sum().backward()
            optimisers.finish()
    plain, torchrec = (one.embeddings.bags.table_weights() for one in models)
    assert plain.keys() == torchrec.keys()
    for key, weight in plain.items():
        assert torch.allclose(weight, torchrec[key], atol=2e-6), key
    ids, dense = batch(16, 99)
    assert torch.allclose(models[0](ids, dense), models[1](ids, dense), atol=1e-4)


def test_a_bare_backward_pass_does_not_train():
    for backend in ("torch", "torchrec") if torchrec_available() else ("torch",):
        one = model(backend)
        before = {key: weight.clone() for key, weight in one.embeddings.bags.table_weights().items()}
        one(*batch(4)).sum().backward()
        assert all(torch.equal(weight, before[key]) for key, weight in one.embeddings.bags.table_weights().items())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_batch_gives_what_its_rows_give_one_by_one(backend):
    one = model(backend).eval()
    ids, dense = batch(7)
    together = one(ids, dense)
    alone = torch.cat([one(ids[i : i + 1], dense[i : i + 1]) for i in range(7)])
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_weights_can_be_saved_and_loaded(backend, tmp_path):
    first, second = model(backend), model(backend, seed=1)
    ids, dense = batch(5)
    assert not torch.allclose(first(ids, dense), second(ids, dense))
    torch.save(first.state_dict(), tmp_path / "weights.pt")
    second.load_state_dict(torch.load(tmp_path / "weights.pt"))
    assert torch.equal(first(ids, dense), second(ids, dense))


def test_unit_dropout_drops_whole_units_and_only_in_training():
    embedding = EmbeddingConfig(width=8, units=(("item", 3),), unit_dropout=0.5)
    front = model("torch", embedding=embedding).embeddings
    ids, dense = batch(200)
    kept = front.eval()(ids, dense)[0]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        dropped = front.train()(ids, dense)[0]
    gone = (dropped[:, :6] == 0).all(2)
    assert 0.4 < gone.float().mean() < 0.6
    assert torch.allclose(dropped[:, :6][~gone], 2 * kept[:, :6][~gone])
    assert torch.equal(dropped[:, 6:], kept[:, 6:])


@pytest.mark.parametrize("sparse", [False, True])
def test_row_wise_adagrad_by_hand(sparse):
    """Row 1 looked up twice: one accumulator a row, of the summed gradient; row 0 untouched."""
    table = torch.nn.Embedding(3, 2, sparse=sparse)
    before = table.weight.detach().clone()
    optimiser = RowWiseAdagrad(table.parameters(), lr=0.5, eps=1e-12)
    upstream = torch.tensor([[1.0, 0.0], [2.0, 4.0], [5.0, 5.0]])
    (table(torch.tensor([1, 1, 2])) * upstream).sum().backward()
    optimiser.step()
    step = before - table.weight.detach()
    assert not step[0].any()
    row = torch.tensor([3.0, 4.0])
    assert torch.allclose(step[1], 0.5 * row / row.square().mean().sqrt())
    assert torch.allclose(step[2], torch.tensor([0.5, 0.5]))


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="no field is called 'itm'"):
        model("torch", embedding=EmbeddingConfig(units=(("itm", 2),)))
    with pytest.raises(ValueError, match="unknown back end 'jax'"):
        model("jax")
    with pytest.raises(ValueError, match="unit_dropout"):
        EmbeddingConfig(unit_dropout=1.0)
