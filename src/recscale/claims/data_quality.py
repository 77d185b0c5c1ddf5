"""What both papers say of tokens and entropies, judged by counting and by simulated chains."""

import numpy as np
import pandas as pd

from recscale import published
from recscale.analysis.data_quality import load_measured
from recscale.claims.claim import Claim, Count, Evidence, Paper, Price, Source
from recscale.claims.rules import EveryCase, Exceeds, Matches, judge_on
from recscale.entropy.experiments import coding_table, duplication
from recscale.entropy.markov import Chain
from recscale.stats.estimate import Estimate
from recscale.stats.power import seeds_to_decide

REPEATS = 8
"""Simulations behind each ratio; its interval is the middle 95 % of them."""

claim = judge_on(Paper.PERFORMANCE_LAW, "data-quality", Evidence.MEASURED, Source.SUCCESSOR)


def claims(resamples: int, seed: int) -> list[Claim]:
    """All of them; the chains are simulated for at most 200 users."""
    short = repetition(Chain.noisy_cycle(500, 0.9), users=40, length=50, seed=seed)
    long = repetition(Chain.noisy_cycle(12, 0.9), users=10, length=2000, seed=seed)
    return [
        tokens(load_measured(), published.load("performance_law_datasets")),
        apen_short(short["ApEn, mean of users"]),
        apen_long(long["ApEn, mean of users"]),
        real_entropy(short["S_real, mean of users"]),
        coding_lemma(coding_table(12, min(resamples, 200), 50, 9, seed)),
    ]


def repetition(chain: Chain, users: int, length: int, seed: int) -> dict[str, Estimate]:
    """Entropy (as ``experiments.duplication`` names it) -> its ratio after half of the items were replaced by a copy of
    the item before to its value before."""
    ratios: list[pd.Series] = []
    for repeat in range(REPEATS):
        items, offsets = chain.sample(users, length, seed=seed + repeat)
        table = duplication(items, offsets, 2, (0.0, 0.5), seed + repeat).pivot(index="entropy", columns="share")[
            "value"
        ]
        ratios.append(table[0.5] / table[0.0])
    values = pd.DataFrame(ratios)
    limits = values.quantile([0.025, 0.975])
    return {name: Estimate(float(values[name].mean()), *map(float, limits[name])) for name in values}


def tokens(counted: pd.DataFrame, printed: pd.DataFrame) -> Claim:
    """``counted``: our table of data terms; ``printed``: the published ``performance_law_datasets``."""
    of_paper = float(printed.loc[printed["dataset"] == "ml-1m", "tokens"].max())
    ours = float(counted.query("dataset == 'movielens-1m' and max_length == 200")["tokens"].iloc[0])
    return claim(
        Matches(of_paper),
        "pl-tokens-ml1m",
        "pl-data",
        "MovieLens-1M, cut at 200 items per user, has 1,058,511 tokens.",
        Estimate(ours, ours, ours),
        reference=of_paper,
        unit="tokens",
        detail="The whole set has 1,000,209 ratings; what we count is printed for KuaiRand-Pure.",
    )


def apen_short(ratio: Estimate) -> Claim:
    return claim(
        Exceeds(1.0),
        "pl-apen-repetition-short",
        "pl-data",
        "ApEn rises with repetition in short histories.",
        ratio,
        source=Source.FIRST_PAPER,
        detail="Ratio of the entropy after half of the items became copies to before: 50 items per user, of 500.",
        price=_price(ratio),
    )


def apen_long(ratio: Estimate) -> Claim:
    return claim(
        Exceeds(1.0),
        "pl-apen-repetition-long",
        "pl-data",
        "ApEn rises with repetition in long histories.",
        ratio,
        source=Source.FIRST_PAPER,
        detail="Ratio of the entropy after half of the items became copies to before: 2,000 items per user, of 12.",
        price=_price(ratio),
    )


def real_entropy(ratio: Estimate) -> Claim:
    return claim(
        Exceeds(1.0),
        "pl-real-entropy-repetition",
        "pl-data",
        "Real entropy rises with repetition.",
        ratio,
        detail="Ratio of the entropy after half of the items became copies to before: 50 items per user, of 500.",
        price=_price(ratio),
    )


def coding_lemma(chains: pd.DataFrame) -> Claim:
    """``chains``: ``experiments.coding_table``."""
    below = int(np.sum(chains["reciprocal"] <= chains["shortest_code"]))
    return claim(
        EveryCase(),
        "pl-coding-lemma",
        "pl-data",
        "The shortest code is at least as long as the number of tokens over the entropy.",
        Count(below, len(chains) - below, len(chains)),
        detail="Simulated noisy cycles over 12 items, from nearly deterministic to uniform.",
    )


def _price(ratio: Estimate) -> Price:
    """More simulations cost next to nothing."""
    return Price(seeds_to_decide(ratio, 1.0, REPEATS), 0.0)
