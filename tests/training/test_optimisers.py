"""Clipping of gradients, against PyTorch's own."""

import copy

import pytest
import torch
from torch import nn

from recscale.training.optimisers import clip_gradients


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 1), nn.Linear(3, 3))
    model[:3](torch.randn(7, 5)).sum().backward()  # the last layer gets no gradient
    return model


def gradients(model):
    return [parameter.grad for parameter in model.parameters() if parameter.grad is not None]


@pytest.mark.parametrize("share", [0.1, 1.0, 10.0])
def test_gradients_are_those_of_torch_bit_by_bit(model, share):
    other = copy.deepcopy(model)
    for parameter, own in zip(other.parameters(), model.parameters(), strict=True):
        parameter.grad = None if own.grad is None else own.grad.clone()
    largest = share * float(nn.utils.get_total_norm(gradients(model)))
    clip_gradients(list(model.parameters()), largest)
    nn.utils.clip_grad_norm_(other.parameters(), largest)
    assert all(torch.equal(*pair) for pair in zip(gradients(model), gradients(other), strict=True))
    assert float(nn.utils.get_total_norm(gradients(model))) <= largest * 1.0001


def test_a_gradient_that_is_not_finite_spoils_all(model):
    """As with PyTorch's: the step that follows can't pass for a healthy one."""
    next(model.parameters()).grad[0, 0] = torch.nan
    clip_gradients(list(model.parameters()), 1.0)
    assert all(grad.isnan().all() for grad in gradients(model))
