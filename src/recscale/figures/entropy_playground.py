"""The entropy playground: a sequence to change by hand, and what five entropies say of it."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from recscale import entropy
from recscale.figures.explorers import Explorer

LENGTH = 24
_EXAMPLES: Mapping[str, Sequence[str]] = {
    "a cycle of three": ["abc"[k % 3] for k in range(LENGTH)],
    "random, of four": ["abcd"[k] for k in np.random.default_rng(0).integers(0, 4, LENGTH)],
    "one item": ["a"] * LENGTH,
    "no item twice": [str(k) for k in 1 + np.random.default_rng(0).permutation(LENGTH)],
}
"""Histories of one length, by name, as the playground offers them."""


def show_entropy_playground(examples: Mapping[str, Sequence[str]] = _EXAMPLES, m: int = 2) -> Explorer:
    """The playground, opened on the first of ``examples`` (name -> items); the table holds them at window ``m``."""
    content = {"examples": [{"name": name, "tokens": list(map(str, items))} for name, items in examples.items()]}
    rows = {name: _entropies(items, m) for name, items in examples.items()}
    return Explorer("entropy", "Entropy playground", content, pd.DataFrame.from_dict(rows, orient="index").round(4))


def _entropies(items: Sequence[str], m: int) -> dict[str, float]:
    codes = np.unique(np.asarray(items), return_inverse=True)[1]
    return {
        f"ApEn({m}, 0)": entropy.approximate_entropy(codes, m),
        f"SampEn({m}, 0)": entropy.sample_entropy(codes, m),
        "real entropy S": entropy.real_entropy(codes),
        "Markov rate h": entropy.markov_entropy_rate(codes),
        "Shannon entropy H": entropy.shannon_entropy(codes),
    }
