"""Claims of the scaling study: what is planted comes out, by id, and what wasn't decided stays open with a price."""

import pytest

from recscale.analysis import ctr_curves
from recscale.analysis.ctr_learning_rates import Caveats
from recscale.claims import wukong_scaling as scaling
from recscale.claims.claim import Verdict
from recscale.runs import load_results

CHECKS = {
    "wukong-loss-falls-larger-half",
    "wukong-exponent-of-the-paper",
    "wukong-law-too-optimistic",
    "wukong-steeper-than-every-rival",
    "wukong-largest-size-improves",
    "dcnv2-ahead-of-wukong",
    "wukong-loss-falls-later-without-any-size",
}


def paper(model, flop):
    """What the paper says: Wukong falls as its law does, every rival lies above and has stopped."""
    if model == "wukong":
        return 0.55 * flop**-0.00071
    return 0.55 * 1.005


def judged(table, caveats=scaling.NO_CAVEATS):
    claims = scaling.claims_on(table, caveats)
    assert len({claim.id for claim in claims}) == len(claims)
    return {claim.id: claim for claim in claims}


def test_the_papers_claims_hold_where_they_are_planted(ctr_runs):
    claims = judged(ctr_runs.scaling(paper, noise=2e-5))
    assert len(claims) == 14
    assert claims["wukong-loss-falls"].observed.value == pytest.approx(0.00071, rel=0.05)
    others = {id for id, claim in claims.items() if claim.verdict is not Verdict.HOLDS}
    assert others == {"wukong-power-law-fits-best", "wukong-law-too-optimistic", "dcnv2-ahead-of-wukong"}
    assert claims["dcnv2-ahead-of-wukong"].verdict is Verdict.FAILS
    assert claims["wukong-power-law-fits-best"].verdict is Verdict.OPEN
    counts = ("wukong-leads-at-equal-compute", "wukong-steeper-than-every-rival", "rivals-stop-improving")
    assert [claims[id].observed.agree for id in counts] == [7, 7, 7]
    assert claims["wukong-loss-falls-on-both-tasks"].observed.agree == 2
    assert {id for id, claim in claims.items() if claim.check} == CHECKS


def test_a_law_that_was_too_optimistic_is_found(ctr_runs):
    def kinked(model, flop):
        return 0.55 * min(flop, 3e6) ** -0.01

    claims = judged(ctr_runs.scaling(kinked, noise=2e-5))
    assert claims["wukong-law-too-optimistic"].verdict is Verdict.HOLDS
    assert claims["wukong-law-predicts-larger-models"].verdict is Verdict.FAILS
    assert claims["wukong-largest-size-improves"].verdict is Verdict.FAILS
    assert claims["wukong-power-law-fits-best"].verdict is Verdict.FAILS


def test_a_flat_noisy_study_supports_nothing(ctr_runs):
    claims = judged(ctr_runs.scaling(lambda model, flop: 0.5, noise=2e-3, seeds=(0, 1), draw=3))
    assert Verdict.HOLDS not in {claim.verdict for claim in claims.values()}
    for claim in claims.values():
        if claim.verdict is Verdict.OPEN:
            assert claim.price.seeds >= 2
            assert claim.price.core_hours >= 0


def test_single_seeds_leave_open_what_needs_their_noise(ctr_runs):
    claims = judged(ctr_runs.scaling(paper, seeds=(0,)))
    for id in ("wukong-law-predicts-larger-models", "wukong-leads-at-equal-compute", "rivals-stop-improving"):
        assert claims[id].verdict is Verdict.OPEN
        assert claims[id].price.seeds == 2
    assert claims["wukong-loss-falls"].verdict is Verdict.HOLDS, "the scatter around the law tells"


def test_the_opposite_does_not_hold(ctr_runs):
    claims = judged(ctr_runs.scaling(lambda model, flop: 0.5 * flop ** (0.01 if model == "wukong" else -0.01)))
    against = ("wukong-loss-falls", "wukong-steeper-than-every-rival", "wukong-loss-falls-for-later-impressions")
    assert {claims[id].verdict for id in against} == {Verdict.FAILS}
    both = claims["wukong-loss-falls-on-both-tasks"]
    assert (both.verdict, both.observed.contradict) == (Verdict.FAILS, 2)


def test_one_better_rival_makes_a_part(ctr_runs):
    factor = {"wukong": 1.0, "dcnv2": 0.98}
    ahead = judged(ctr_runs.scaling(lambda model, flop: 0.5 * flop**-0.001 * factor.get(model, 1.01)))
    claim = ahead["wukong-leads-at-equal-compute"]
    assert (claim.observed.agree, claim.observed.contradict, claim.observed.of) == (6, 1, 7)
    assert claim.verdict is Verdict.IN_PART
    assert ahead["dcnv2-ahead-of-wukong"].observed.value == pytest.approx(2, abs=0.01)


def test_what_the_search_left_open_counts_neither_way(ctr_runs):
    rates = Caveats(frozenset({"afn+", "masknet"}), frozenset({"dcnv2"}), {"dlrm": 1.0})
    claims = judged(ctr_runs.scaling(paper, noise=2e-5), rates)
    counts = ("wukong-leads-at-equal-compute", "wukong-steeper-than-every-rival", "rivals-stop-improving")
    assert [claims[id].observed.agree for id in counts] == [5, 6, 6]
    better = ctr_runs.scaling(lambda model, flop: 0.5 * flop**-0.001 * (0.98 if model == "afn+" else 1.0), noise=2e-5)
    ahead = judged(better, rates)["wukong-leads-at-equal-compute"]
    assert ahead.verdict is Verdict.FAILS, "a rival that leads though it wasn't tuned leads"


def test_a_curve_without_rivals_has_no_claim_about_them(ctr_runs):
    runs = ctr_curves.curves(ctr_runs.scaling(paper), "movielens-1m", "time")
    assert scaling.rival_claims(runs) == []
    assert len(scaling.law_claims(runs, hold_out=1)) == 6


def test_a_price_is_what_the_missing_seeds_cost(ctr_runs):
    """A second of one core per run: n seeds in all of k sizes take (n - 3) k seconds."""
    runs = ctr_curves.curves(ctr_runs.scaling(lambda m, f: 0.5, noise=2e-3, draw=1), "movielens-1m", "time")
    price = scaling.beats_no_further_gain(runs, hold_out=1).price
    assert price.core_hours == pytest.approx((price.seeds - 3) * 5 / 3600)


def test_what_rests_on_the_scatter_of_sizes_is_decided_by_sizes(ctr_runs):
    """n sizes in all take (n - k) 3 seconds with three seeds each; models of more sizes lack fewer."""
    table = ctr_runs.scaling(lambda m, f: 0.5, noise=2e-3, draw=1)
    price = scaling.loss_falls(ctr_curves.curves(table, "movielens-1m", "time")).price
    assert (price.seeds, price.sizes > 5) == (3, True)
    assert price.core_hours == pytest.approx((price.sizes - 5) * 3 / 3600)
    runs = ctr_curves.curves(table, "movielens-1m")
    have = runs.groupby("model")["training_flop_per_example"].nunique()
    price = scaling.is_steeper(runs).price
    assert price.core_hours == pytest.approx((price.sizes - have).clip(lower=0).sum() * 3 / 3600)
    few = runs[runs["configuration"].isin(runs["configuration"].unique()[:4]) & (runs["model"] == "wukong")]
    assert scaling.falls_over_the_larger_half(few).price.sizes == 3


def test_the_committed_numbers():
    claims = judged(load_results(ctr_curves.NAME))
    alpha = claims["wukong-loss-falls"].observed
    assert list(alpha) == pytest.approx([0.0015633, 0.0010535, 0.0020732], abs=5e-8)
    later = claims["wukong-loss-falls-for-later-impressions"].observed
    assert list(later) == pytest.approx([0.00087385, 0.0001075, 0.0016402], abs=5e-8)
    ahead = claims["wukong-leads-at-equal-compute"].observed
    assert (ahead.agree, ahead.contradict, ahead.of) == (1, 4, 7)
    tasks = claims["wukong-loss-falls-on-both-tasks"]
    assert (tasks.verdict, tasks.observed.agree, tasks.observed.contradict) == (Verdict.FAILS, 0, 1)
