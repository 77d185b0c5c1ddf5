"""What must hold for every sequential model."""

import dataclasses

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from recscale.models import account_sequential
from recscale.models.attention import Dropout, PackedSequences, choose_heads
from recscale.models.sasrec import SASRecConfig
from recscale.models.sequential import SEQUENTIAL_MODELS, build_sequential_model

N_ITEMS, MAX_LENGTH = 40, 12
BUNDLES = ((2, 3), (1, 12), (3, 7))
TOKENS = sum(count * length for count, length in BUNDLES)


def tokens(bundles=BUNDLES):
    random = torch.Generator().manual_seed(1)
    n = sum(count * length for count, length in bundles)
    items = torch.randint(N_ITEMS, (n,), generator=random)
    return PackedSequences(items, bundles, torch.randint(10**9, (n,), generator=random).sort().values)


@pytest.fixture(params=sorted(SEQUENTIAL_MODELS))
def model(request):
    config = SEQUENTIAL_MODELS[request.param](width=24, layers=2)
    model = build_sequential_model(config, N_ITEMS, MAX_LENGTH, seed=0).double()
    with torch.no_grad():  # far from the small initial weights, so that every part matters
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2)) * 0.3)
    return model.eval()


def test_later_items_change_nothing_before_them(model):
    batch = tokens(((2, 9),))
    before = model(batch).view(2, 9, -1)
    for position in range(9):
        items = batch.items.view(2, 9).clone()
        items[:, position] = (items[:, position] + 1) % N_ITEMS
        after = model(PackedSequences(items.flatten(), batch.bundles, batch.timestamps)).view(2, 9, -1)
        assert torch.equal(after[:, :position], before[:, :position])
        assert not torch.isclose(after[:, position:], before[:, position:]).all(-1).any()


def test_later_times_change_nothing_before_them(model):
    batch = tokens(((1, 9),))
    times = batch.timestamps.clone()
    times[5:] += 10**7
    after = model(PackedSequences(batch.items, batch.bundles, times))
    assert torch.equal(after[:5], model(batch)[:5])


def test_packing_never_changes_a_state(model):
    batch = tokens()
    together = model(batch)
    alone, first = [], 0
    for count, length in BUNDLES:
        for _ in range(count):
            part = slice(first, first + length)
            alone.append(model(PackedSequences(batch.items[part], ((1, length),), batch.timestamps[part])))
            first += length
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-12, atol=1e-12)


def test_nothing_depends_on_what_follows_so_padding_could_not_matter(model):
    """A sequence with anything at all appended has the same states as the sequence itself."""
    batch = tokens(((1, 12),))
    for length in (1, 5, 11):
        short = PackedSequences(batch.items[:length], ((1, length),), batch.timestamps[:length])
        torch.testing.assert_close(model(short), model(batch)[:length], rtol=1e-12, atol=1e-12)


def test_last_states(model):
    batch = tokens()
    hidden = torch.arange(TOKENS * 1.0)[:, None]
    assert batch.last(hidden).flatten().tolist() == [2, 5, 17, 24, 31, 38]
    assert batch.positions()[:8].tolist() == [0, 1, 2, 0, 1, 2, 0, 1]


@pytest.mark.parametrize("name", sorted(SEQUENTIAL_MODELS))
@pytest.mark.parametrize("loss", ["softmax", "sampled-softmax"])
def test_account_is_what_torch_counts(name, loss):
    """Parameters one by one; MACs of a forward pass over one sequence of full length, plain attention."""
    config = SEQUENTIAL_MODELS[name](width=24, layers=3, dropout=0.0)
    model = build_sequential_model(config, N_ITEMS, MAX_LENGTH, seed=0)
    account = account_sequential(config, N_ITEMS, MAX_LENGTH, loss=loss, negatives=16)
    tables = [model.items.weight, *([model.positions.weight] if model.positions else [])]
    assert account.embedding_parameters == sum(table.numel() for table in tables)
    assert account.dense_parameters + account.embedding_parameters == sum(p.numel() for p in model.parameters())
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        hidden = model(tokens(((1, MAX_LENGTH),)))
        _ = hidden @ model.items.weight[: N_ITEMS if loss == "softmax" else 16].T
    assert counter.get_total_flops() == 2 * MAX_LENGTH * account.macs_per_example
    assert account.training_flop_per_example == 6 * account.macs_per_example


@pytest.mark.parametrize("name", sorted(SEQUENTIAL_MODELS))
def test_seed_decides_weights_and_leaves_the_global_state_alone(name):
    config = SEQUENTIAL_MODELS[name](width=16, layers=1)
    torch.manual_seed(7)
    state = torch.get_rng_state()
    one, same, other = (build_sequential_model(config, N_ITEMS, MAX_LENGTH, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    for a, b in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(one.items.weight, other.items.weight)


@pytest.mark.parametrize("name", sorted(SEQUENTIAL_MODELS))
@pytest.mark.parametrize("width", [7, 25, 50, 75, 96])
def test_any_width_runs(name, width):
    model = build_sequential_model(SEQUENTIAL_MODELS[name](width=width, layers=1), N_ITEMS, MAX_LENGTH, seed=0)
    hidden = model(tokens())
    assert hidden.shape == (TOKENS, width)
    assert hidden.isfinite().all()


def test_heads():
    chosen = {width: choose_heads(width) for width in (7, 16, 25, 32, 50, 64, 75, 96, 100, 128)}
    assert chosen == {7: 1, 16: 1, 25: 1, 32: 1, 50: 2, 64: 2, 75: 3, 96: 3, 100: 4, 128: 4}


def test_dropout():
    dropout = Dropout(0.25).train()
    dropout.seed(0, torch.device("cpu"))
    x = torch.ones(999, 101)
    first, second = dropout(x), dropout(x)
    assert not torch.equal(first, second)
    assert first.unique().tolist() == pytest.approx([0, 4 / 3])
    assert first.mean() == pytest.approx(1, abs=0.02)
    dropout.seed(0, torch.device("cpu"))
    assert torch.equal(dropout(x), first)
    assert torch.equal(dropout.eval()(x), x)
    for rate in (-0.1, 1.0):
        with pytest.raises(ValueError, match="dropout is"):
            Dropout(rate)


@pytest.mark.parametrize("change", [{"width": 0}, {"layers": 0}, {"heads": 5}, {"heads": 0}])
def test_impossible_shapes_are_said(change):
    with pytest.raises(ValueError, match=r"at least 1|must divide"):
        dataclasses.replace(SASRecConfig(), **change)


def test_a_model_of_nothing_is_said():
    for sizes in ((0, MAX_LENGTH), (N_ITEMS, 0)):
        with pytest.raises(ValueError, match="both must be at least 1"):
            build_sequential_model(SASRecConfig(), *sizes, seed=0)
