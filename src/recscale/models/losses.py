"""Losses of next-item prediction. Each takes every position's state h, the item table E and the true next item.

With scores ``s_i = h · E_i``, the true item ``+`` and N sampled items shared by the whole batch (drawn once a step,
so that their scores are one matrix product):

    softmax           −s_+ + log Σ_i exp s_i                            exact, over all items
    sampled-softmax   −s_+ + log(exp s_+ + Σ_j exp(s_j − log w_j))      w_j: expected draws of j; estimates the same sum
    bce               softplus(−s_+) + (1/N) Σ_j softplus(s_j)          one negative, in expectation
    gbce              [β softplus(−s_+) + Σ_j softplus(s_j)] / (N + 1)  gSASRec (Petrov & Macdonald, RecSys 2023)

with β = α(t(1 − 1/α) + 1/α) and α = N/(n_items − 1). A sampled item that is the true one is left out of its row.
Losses are means over positions, in nats. Sharing negatives between positions is a deviation from SASRec and gSASRec,
which draw them per position.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

LOSSES = ("softmax", "sampled-softmax", "bce", "gbce")
CHUNK = 1 << 19
"""Scores held at a time by the softmax losses (2 MB in fp32: they stay in the cache)."""


def next_item_loss(
    name: str,
    hidden: Float[Tensor, "positions width"],
    table: Float[Tensor, "n_items width"],
    targets: Int[Tensor, " positions"],
    sample: "Sample | None" = None,
    calibration: float = 0.75,
) -> Float[Tensor, ""]:
    """One of ``LOSSES``. ``sample`` is needed by all but ``softmax``; ``calibration`` is gBCE's t."""
    own = F.embedding(targets, table)
    if name == "softmax":
        return _Softmax.apply(hidden, own, table, None, targets)
    if name not in LOSSES:
        raise ValueError(f"unknown loss {name!r}; allowed are {', '.join(LOSSES)}")
    if sample is None:
        raise ValueError(f"the loss {name!r} needs sampled items")
    slots = sample.slots(targets, len(table))
    if name == "sampled-softmax":
        return _Softmax.apply(hidden, own, F.embedding(sample.items, table), -sample.log_weight.to(hidden.dtype), slots)
    positive = (hidden * own).sum(-1)
    negative = F.softplus(hidden @ F.embedding(sample.items, table).T)
    rows = (slots >= 0).nonzero()[:, 0]
    negative = negative.index_put((rows, slots[rows]), negative.new_zeros(()))
    if name == "bce":
        return (F.softplus(-positive) + negative.mean(-1)).mean()
    count = len(sample.items)
    alpha = min(count / (len(table) - 1), 1.0)
    beta = alpha * (calibration * (1 - 1 / alpha) + 1 / alpha)
    return ((beta * F.softplus(-positive) + negative.sum(-1)) / (count + 1)).mean()


class Sample:
    """Distinct items shared by a batch, and ``log_weight``, the log of how often each was expected to be drawn."""

    def __init__(self, items: Int[Tensor, " sampled"], log_weight: Float[Tensor, " sampled"]) -> None:
        self.items, self.log_weight = items, log_weight

    def slots(self, targets: Int[Tensor, " positions"], n_items: int) -> Int[Tensor, " positions"]:
        """Where in the sample each target stands; -1 where it was not drawn."""
        slot = torch.full((n_items,), -1, device=targets.device)
        slot[self.items] = torch.arange(len(self.items), device=targets.device)
        return slot[targets]


class Sampler:
    """Draws ``negatives`` items with probability proportional to ``(counts + 1) ** power``.

    ``power`` 0 draws uniformly without replacement: inclusion probability N/n_items, and all items at N = n_items,
    where the sampled softmax is the exact one. Otherwise with replacement, repeated draws merged into one with their
    number as weight (log w_j = log(N q_j) − log draws_j), which keeps the sum's estimate unbiased.
    """

    def __init__(
        self, counts: Int[Tensor, " n_items"], negatives: int, power: float, seed: int, device: torch.device
    ) -> None:
        self.n_items, self.negatives, self.power, self.device = len(counts), negatives, power, device
        self.generator = torch.Generator().manual_seed(seed)
        probability = (counts.double() + 1) ** power
        self.probability = probability / probability.sum()
        self.cumulative = self.probability.cumsum(0)

    def draw(self) -> Sample:
        if self.power == 0:
            count = min(self.negatives, self.n_items)
            items = torch.randperm(self.n_items, generator=self.generator)[:count]
            log_weight = torch.full((count,), count / self.n_items).log()
        else:
            uniform = torch.rand(self.negatives, generator=self.generator, dtype=torch.float64)
            drawn = torch.searchsorted(self.cumulative, uniform).clamp_(max=self.n_items - 1)
            items, draws = drawn.unique(return_counts=True)
            log_weight = ((self.negatives * self.probability[items]).log() - draws.log()).float()
        return Sample(items.to(self.device), log_weight.to(self.device))


class _Softmax(torch.autograd.Function):
    """Mean over rows of ``log(exp s_+ + Σ_{j ≠ slot} exp(h · V_j + offset_j)) − s_+`` with ``s_+ = h · positive``.

    Works through the rows in chunks and takes the gradients on the way, so that a score matrix never leaves the cache.
    ``slot`` is the column that would count the true item a second time, -1 for none.
    """

    @staticmethod
    def forward(ctx, hidden, positive, columns, offset, slot):
        rows = len(hidden)
        grads = [torch.empty_like(hidden), torch.empty_like(positive), torch.zeros_like(columns)]
        total = hidden.new_zeros((), dtype=torch.float64)
        step = max(CHUNK // len(columns), 16)
        for start in range(0, rows, step):
            part = slice(start, start + step)
            h, v, skip = hidden[part], positive[part], slot[part]
            own = (h * v).sum(-1)
            scores = h @ columns.T if offset is None else torch.addmm(offset, h, columns.T)
            hit = (skip >= 0).nonzero()[:, 0]
            scores[hit, skip[hit]] = -torch.inf
            top = torch.maximum(scores.amax(1), own)
            weight = scores.sub_(top[:, None]).exp_()
            own_weight = (own - top).exp()
            mass = weight.sum(1) + own_weight
            total += (top + mass.log() - own).sum(dtype=torch.float64)
            weight.div_((mass * rows)[:, None])
            pull = ((own_weight / mass - 1) / rows)[:, None]
            torch.addmm(pull * v, weight, columns, out=grads[0][part])
            torch.mul(pull, h, out=grads[1][part])
            grads[2].addmm_(weight.T, h)
        ctx.save_for_backward(*grads)
        return (total / rows).to(hidden.dtype)

    @staticmethod
    def backward(ctx, grad):
        return (*(saved * grad for saved in ctx.saved_tensors), None, None)
