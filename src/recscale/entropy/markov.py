"""First-order Markov chains with known entropy, to hold the entropies of item sequences and the coding lemma against.

A chain over K items has transition matrix ``P`` (K, K), stationary distribution ``π P = π`` and entropy rate
``h = -Σ_a π_a Σ_b P_ab ln P_ab`` nats a step. Shannon: no code needs fewer than ``H(π) + (n - 1) h`` nats on average
for a sequence of n items, and an ideal one needs no more.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from recscale.entropy.measures import approximate_entropy_per_user, markov_entropy_rate, real_entropy_per_user
from recscale.entropy.windows import Items, Offsets


@dataclass(frozen=True, eq=False)
class Chain:
    """A stationary first-order chain; ``transition`` is (K, K), its rows sum to 1."""

    transition: Float[np.ndarray, "K K"]

    def __post_init__(self):
        square = self.transition.ndim == 2 and self.transition.shape[0] == self.transition.shape[1]
        if not square or (self.transition < 0).any() or not np.allclose(self.transition.sum(1), 1):
            raise ValueError("a transition matrix must be square, with rows of probabilities that sum to 1")

    @classmethod
    def noisy_cycle(cls, n_items: int, noise: float) -> "Chain":
        """Steps to the next item of a cycle with probability 1 - ``noise``, else to any item: order as a dial.

        All items stay equally frequent, so Shannon entropy is ln ``n_items`` whatever the noise.
        """
        cycle = np.roll(np.eye(n_items), 1, axis=1)
        return cls((1 - noise) * cycle + noise * np.full((n_items, n_items), 1 / n_items))

    @property
    def stationary(self) -> Float[np.ndarray, " K"]:
        """π, the solution of ``π (P - I) = 0`` with ``Σ π = 1``. ValueError if the chain falls apart into several."""
        size = len(self.transition)
        equations = np.vstack([self.transition.T - np.eye(size), np.ones(size)])
        solution, _, rank, _ = np.linalg.lstsq(equations, np.append(np.zeros(size), 1.0), rcond=None)
        if rank < size:
            raise ValueError("the chain has more than one stationary distribution: some items never lead to others")
        return np.maximum(solution, 0)

    @property
    def entropy_rate(self) -> float:
        """h, in nats a step."""
        return float(self.stationary @ _row_entropy(self.transition))

    def shortest_code(self, lengths: Int[np.ndarray, " users"]) -> float:
        """Expected nats an ideal code spends on independent sequences of ``lengths``: ``Σ_u H(π) + (|S_u| - 1) h``."""
        some = lengths[lengths > 0]
        return float(len(some) * _row_entropy(self.stationary[None])[0] + (some - 1).sum() * self.entropy_rate)

    def sample(self, n_users: int, length: int, seed: int) -> tuple[Items, Offsets]:
        """``n_users`` independent stationary sequences of ``length`` items end to end, and their offsets."""
        draws = np.random.default_rng(seed).random((length, n_users))
        rows = np.cumsum(self.transition, 1)
        state = np.searchsorted(np.cumsum(self.stationary)[:-1], draws[0], side="right")
        states = [state]
        for draw in draws[1:]:
            state = np.minimum((draw[:, None] >= rows[state]).sum(1), len(rows) - 1)
            states.append(state)
        return np.stack(states, 1).ravel(), np.arange(n_users + 1) * length


def _row_entropy(rows: Float[np.ndarray, "n K"]) -> Float[np.ndarray, " n"]:
    logs = np.log(np.where(rows > 0, rows, 1))
    return -(rows * logs).sum(1)


def coding_bound(chain: Chain, n_users: int, length: int, seed: int) -> dict[str, float]:
    """Both sides of the paper's coding lemma on sequences drawn from ``chain``, in bits a token.

    The lemma (P-Law, Theorem 4.1; with ApEn in arXiv 2412.00430): for stationary first-order chains
    ``|U| C_min >= Σ_u |S_u| S′(S_u)``, C_min the minimum coding length of a user, S′ the *reciprocal* of an entropy.
    Shannon's bound has the entropy itself there.

    shortest_code    ``|U| C_min / tokens`` of the ideal code (``Chain.shortest_code``)
    entropy_rate     h, Shannon's bound; it always holds
    reciprocal       1 / h, the lemma read literally with the true entropy in bits: above the code length where h < 1
    real, apen       the per-user entropies as measured, token-weighted: what stands in for h
    real_reciprocal, apen_reciprocal   ``Σ_u |S_u| / S(S_u) / tokens``, users with S = 0 left out
    markov           the plug-in entropy rate of the pooled sequences
    """
    items, offsets = chain.sample(n_users, length, seed)
    bits = np.log(2)
    rate = chain.entropy_rate / bits
    result = {
        "shortest_code": chain.shortest_code(np.diff(offsets)) / len(items) / bits,
        "entropy_rate": rate,
        "reciprocal": 1 / rate if rate > 0 else np.inf,
        "markov": markov_entropy_rate(items, offsets) / bits,
    }
    for name, entropy in (
        ("real", real_entropy_per_user(items, offsets) / bits),
        ("apen", approximate_entropy_per_user(items, offsets, m=1) / bits),
    ):
        result[name] = float(np.nanmean(entropy))
        result[f"{name}_reciprocal"] = float((1 / entropy[entropy > 0]).mean()) if (entropy > 0).any() else np.inf
    return result


def duplicate(items: Items, offsets: Offsets, share: float, seed: int) -> Items:
    """The same sequences with about ``share`` of the items (never a user's first) replaced by the item just before.

    Lengths stay, duplication rises: the experiment that says which way an entropy turns.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the share of duplicates must lie between 0 and 1; got {share}")
    copied = np.random.default_rng(seed).random(len(items)) < share
    copied[offsets[:-1][np.diff(offsets) > 0]] = False
    source = np.maximum.accumulate(np.where(copied, 0, np.arange(len(items))))
    return items[source]
