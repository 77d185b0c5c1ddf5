"""Losses against their formulas, gradients included."""

import pytest
import torch
import torch.nn.functional as F

from recscale.models import losses
from recscale.models.losses import Sampler, next_item_loss

N_ITEMS, WIDTH, POSITIONS = 50, 8, 70


@pytest.fixture
def problem():
    random = torch.Generator().manual_seed(0)
    hidden = torch.randn(POSITIONS, WIDTH, generator=random, dtype=torch.float64, requires_grad=True)
    table = torch.randn(N_ITEMS, WIDTH, generator=random, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(N_ITEMS, (POSITIONS,), generator=random)
    return hidden, table, targets


def sampler(negatives, power=0.0, seed=0):
    return Sampler(torch.arange(N_ITEMS) % 7, negatives, power, seed, torch.device("cpu"))


def gradients(loss, problem):
    return torch.autograd.grad(loss, problem[:2])


def close(problem, one, other, rtol=1e-10):
    torch.testing.assert_close(one, other, rtol=rtol, atol=0)
    torch.testing.assert_close(gradients(one, problem), gradients(other, problem), rtol=rtol, atol=1e-12)


def test_softmax_is_cross_entropy(problem, monkeypatch):
    monkeypatch.setattr(losses, "CHUNK", N_ITEMS * 16)  # several chunks, the last one short
    hidden, table, targets = problem
    close(problem, next_item_loss("softmax", *problem), F.cross_entropy(hidden @ table.T, targets))


def test_sampled_softmax_over_all_items_is_exact(problem):
    sample = sampler(negatives=10**6).draw()
    assert len(sample.items) == N_ITEMS
    close(problem, next_item_loss("sampled-softmax", *problem, sample), next_item_loss("softmax", *problem))


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_sampled_softmax_is_its_formula(problem, power):
    hidden, table, targets = problem
    draw = sampler(20, power).draw()
    scores = hidden @ table[draw.items].T - draw.log_weight.double()
    scores = scores.masked_fill(draw.items == targets[:, None], -torch.inf)
    own = (hidden * table[targets]).sum(-1, keepdim=True)
    expected = F.cross_entropy(torch.cat([own, scores], 1), torch.zeros(POSITIONS, dtype=torch.int64))
    close(problem, next_item_loss("sampled-softmax", *problem, draw), expected)


@pytest.mark.parametrize(("power", "many"), [(0.0, 45), (0.5, 4000), (1.0, 4000)])
def test_sampled_softmax_tends_to_the_exact_one(problem, power, many):
    problem = [part.detach() for part in problem]
    exact = next_item_loss("softmax", *problem).item()
    error = {}
    for count in (5, many):
        source = sampler(count, power)
        found = [next_item_loss("sampled-softmax", *problem, source.draw()).item() for _ in range(100)]
        error[count] = sum((loss - exact) ** 2 for loss in found) ** 0.5 / 10
    assert error[many] < 0.01 * exact < error[5]


def test_partition_estimate_is_unbiased():
    """E Σ_j 1/w_j · f(j) = Σ_i f(i), here with f = 1 on even items."""
    source = sampler(10, power=1.0)
    estimates = [
        ((s.items % 2 == 0) * (-s.log_weight).exp()).sum().item() for s in (source.draw() for _ in range(4000))
    ]
    assert sum(estimates) / len(estimates) == pytest.approx(N_ITEMS / 2, rel=0.03)


def binary(problem, sample):
    hidden, table, targets = problem
    own = F.logsigmoid((hidden * table[targets]).sum(-1))
    others = F.logsigmoid(-(hidden @ table[sample.items].T))
    return own, others.masked_fill(sample.items == targets[:, None], 0.0)


def test_bce_is_its_formula(problem):
    sample = sampler(20).draw()
    own, others = binary(problem, sample)
    close(problem, next_item_loss("bce", *problem, sample), -(own + others.mean(1)).mean())


def test_gbce_is_its_formula(problem):
    """σ(s)^β for the true item, with β from the sampling rate α and the calibration t."""
    sample = sampler(20).draw()
    own, others = binary(problem, sample)
    alpha, t = 20 / (N_ITEMS - 1), 0.9
    beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha)
    expected = -((beta * own + others.sum(1)) / 21).mean()
    close(problem, next_item_loss("gbce", *problem, sample, calibration=t), expected)


def test_gbce_without_calibration_is_plain(problem):
    sample = sampler(20).draw()
    own, others = binary(problem, sample)
    close(problem, next_item_loss("gbce", *problem, sample, calibration=0.0), -((own + others.sum(1)) / 21).mean())


def test_what_is_wrong_is_said(problem):
    with pytest.raises(ValueError, match="unknown loss 'hinge'; allowed are softmax"):
        next_item_loss("hinge", *problem)
    with pytest.raises(ValueError, match="needs sampled items"):
        next_item_loss("bce", *problem)
