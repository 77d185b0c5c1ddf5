"""What both papers say of tokens and entropies, judged by counting and by simulated chains."""

import pandas as pd

from recscale import published
from recscale.analysis.data_quality import load_measured
from recscale.claims.claim import Claim, Price, judge
from recscale.claims.rules import EveryCase, Exceeds, Matches
from recscale.entropy.experiments import coding_table, duplication
from recscale.entropy.markov import Chain
from recscale.stats import Count, Estimate, seeds_to_decide

_REPEATS = 8
"""Simulations behind each ratio; its interval is the middle 95 % of them."""


def data_quality_claims(resamples: int, seed: int) -> list[Claim]:
    """All of them; the chains are simulated for at most 200 users."""
    short = repetition(Chain.noisy_cycle(500, 0.9), users=40, length=50, seed=seed)
    long = repetition(Chain.noisy_cycle(12, 0.9), users=10, length=2000, seed=seed)
    return [
        tokens(load_measured(), published.load("performance_law_datasets")),
        rises("pl-apen-repetition-short", short["ApEn, mean of users"]),
        rises("pl-apen-repetition-long", long["ApEn, mean of users"]),
        rises("pl-real-entropy-repetition", short["S_real, mean of users"]),
        coding_lemma(coding_table(12, min(resamples, 200), 50, 9, seed)),
    ]


def repetition(chain: Chain, users: int, length: int, seed: int) -> dict[str, Estimate]:
    """Entropy (as ``experiments.duplication`` names it) -> its ratio after half of the items were replaced by a copy of
    the item before to its value before."""
    ratios = []
    for repeat in range(_REPEATS):
        items, offsets = chain.sample(users, length, seed=seed + repeat)
        table = duplication(items, offsets, 2, (0.0, 0.5), seed + repeat)
        values = table.pivot(index="entropy", columns="share", values="value")
        ratios.append(values[0.5] / values[0.0])
    values = pd.DataFrame(ratios)
    limits = values.quantile([0.025, 0.975])
    return {name: Estimate(float(values[name].mean()), *map(float, limits[name])) for name in values}


def tokens(counted: pd.DataFrame, printed: pd.DataFrame) -> Claim:
    """``counted``: our table of data terms; ``printed``: the published ``performance_law_datasets``."""
    of_paper = float(printed.loc[printed["dataset"] == "ml-1m", "tokens"].max())
    ours = float(counted.query("dataset == 'movielens-1m' and max_length == 200")["tokens"].iloc[0])
    return judge("pl-tokens-ml1m", Matches(of_paper), Estimate.exact(ours), reference=of_paper)


def rises(id: str, ratio: Estimate) -> Claim:
    """``ratio``: of an entropy after repetition to before. More simulations cost next to nothing."""
    return judge(id, Exceeds(1.0), ratio, Price(seeds_to_decide(ratio, 1.0, _REPEATS), 0.0))


def coding_lemma(chains: pd.DataFrame) -> Claim:
    """``chains``: ``experiments.coding_table``."""
    return judge("pl-coding-lemma", EveryCase(), Count.decided(chains["reciprocal"] <= chains["shortest_code"]))
