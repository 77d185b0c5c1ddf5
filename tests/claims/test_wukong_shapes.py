"""Claims on Wukong's shapes: the planted verdict of each, in both directions, and none from noise."""

import numpy as np
import pytest

from recscale.claims import wukong_shapes
from recscale.claims.claim import Verdict
from recscale.claims.registry import claim_of

R2, MATTERS, DECAY, QUADRATIC = (
    "pl-wukong-r2",
    "pl-wukong-shape-matters",
    "pl-wukong-decay-needed",
    "pl-wukong-beats-quadratic",
)


def peaked(layers, width):
    """A Performance Law (q₁ = 8) with its peak at 3 layers and width 24."""
    total = 0.80
    for value, at, weight in ((layers, 3.0, 0.004), (width, 24.0, 0.008)):
        exponent = np.log(8) / np.log(at)
        total += weight * (exponent * np.log(value) - value**exponent / 8)
    return total


def straight(layers, width):
    return 0.80 + 0.0015 * np.log(layers) + 0.0010 * np.log(width)


def quadratic(layers, width):
    """A trough in depth, which the law has no shape for, and a bend in width."""
    return 0.80 + 0.002 * (np.log(layers) - 1) ** 2 + 0.0005 * np.log(width / 24) ** 2


def chessboard(layers, width):
    """An interaction that no form with one term per axis can follow."""
    return 0.80 + 0.004 * (-1) ** round(np.log2(layers) + np.log2(width))


def flat(layers, width):
    return 0.80


def verdicts(table):
    return {claim.id: claim.verdict for claim in wukong_shapes.wukong_claims(table, 30, 0)}


def test_the_planted_law_holds_throughout(ctr_runs):
    claims = wukong_shapes.wukong_claims(ctr_runs.bridge(peaked, noise=1e-5), 30, 0)
    assert [claim.id for claim in claims] == [R2, MATTERS, DECAY, QUADRATIC]
    assert {claim.verdict for claim in claims} == {Verdict.HOLDS}
    assert claim_of(claims, R2).reference == 0.528
    assert claim_of(claims, R2).observed.ci_low > 0.9
    assert claim_of(claims, DECAY).reference == "0.528 against 0.479 (R²)"


def test_a_straight_line_needs_no_law(ctr_runs):
    found = verdicts(ctr_runs.bridge(straight, noise=1e-4))
    assert found[MATTERS] in (Verdict.HOLDS, Verdict.IN_PART)
    assert found[DECAY] is found[QUADRATIC] is Verdict.OPEN, "the law follows a line too"


def test_a_quadratic_is_told_from_the_law(ctr_runs):
    assert verdicts(ctr_runs.bridge(quadratic, noise=1e-5))[QUADRATIC] is Verdict.FAILS


def test_differences_that_no_form_follows_refute_the_printed_r2(ctr_runs):
    assert verdicts(ctr_runs.bridge(chessboard, noise=1e-5))[R2] is Verdict.FAILS


@pytest.mark.parametrize("draw", [0, 1])
def test_noise_alone_leaves_everything_open(ctr_runs, draw):
    claims = wukong_shapes.wukong_claims(ctr_runs.bridge(flat, draw=draw), 30, 0)
    assert {claim.verdict for claim in claims} == {Verdict.OPEN}
    assert not claim_of(claims, R2).observed.has_interval
    assert all(claim.price.seeds > 2 for claim in claims)


def test_one_seed_decides_nothing(ctr_runs):
    table = ctr_runs.bridge(peaked, noise=1e-5)
    claims = wukong_shapes.wukong_claims(table[table["seed"] == 0], 30, 0)
    assert {claim.verdict for claim in claims} == {Verdict.OPEN}
