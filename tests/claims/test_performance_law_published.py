"""Verdicts on the Performance Law's own numbers, and that planted tables turn them round."""

import pandas as pd
import pytest

from recscale import published
from recscale.analysis.fit_simulations import equal_data_terms
from recscale.claims import performance_law_published as performance
from recscale.claims.claim import Verdict
from recscale.claims.registry import claim_of
from recscale.published import readings


@pytest.fixture(scope="module")
def shapes():
    return performance.shape_claims()


@pytest.fixture(scope="module")
def r2():
    return published.panel_r2()


def test_which_printed_r2_come_out_again(r2):
    claims = performance.reproduced(r2)
    verdicts = {claim.id: (claim.observed.agree, claim.observed.of, claim.verdict) for claim in claims}
    assert verdicts == {
        "pl-r2-exact": (12, 12, Verdict.HOLDS),
        "pl-r2-others": (0, 8, Verdict.FAILS),
        "pl-r2-baseline": (14, 20, Verdict.IN_PART),
    }
    assert performance.reproduced(r2.assign(q1_printed=""))[0].verdict is Verdict.FAILS


def models(**aicc: float) -> pd.DataFrame:
    rows = [("HR@10", "x", length, law, value) for length in (1, 2) for law, value in aicc.items()]
    return pd.DataFrame(rows, columns=[*published.SETTING, "law", "aicc"])


def beats_line(table):
    return performance.beats("pl-beats-line", table, "log-linear")


def beats_quadratic(table):
    return performance.beats("pl-beats-quadratic", table, "log-quadratic")


def test_a_form_must_win_by_more_than_a_tie():
    better = {"performance-law": 0.0, "log-linear": 5.0, "log-quadratic": 5.0}
    table = models(**better)
    assert beats_line(table).verdict is beats_quadratic(table).verdict is Verdict.HOLDS
    worse = models(**better | {"performance-law": 8.0})
    assert beats_line(worse).verdict is beats_quadratic(worse).verdict is Verdict.FAILS
    tied = models(**better | {"performance-law": 5.0})
    assert beats_line(tied).verdict is Verdict.UNDECIDABLE


def test_depth_is_undecided_because_the_two_metrics_disagree(shapes):
    depth = claim_of(shapes, "pl-depth-ml1m")
    assert (depth.verdict, depth.observed.agree) == (Verdict.UNDECIDABLE, 1)
    assert claim_of(shapes, "pl-width-ml1m").verdict is Verdict.HOLDS


def test_the_width_of_industrial_is_undecided_as_the_authors_trained_it_first(shapes):
    """The refits reject 603; the trained rows have it first. Without that order the refits would decide."""
    assert claim_of(shapes, "pl-width-industrial").verdict is Verdict.UNDECIDABLE
    peaks = readings.claimed_peaks().query("law == 'performance-law'").set_index(["constraint", "metric"])
    rows = published.optima_rows()
    rows.loc[rows["embedding_dim"] == 603, "ndcg@10"] = 0.2
    assert performance.width_on_industrial(peaks.loc["layers = 64"], rows).verdict is Verdict.FAILS


def test_what_single_runs_leave_open(shapes):
    verdicts = {claim.id: claim.verdict for claim in shapes}
    assert verdicts["pl-rivals-trained"] is Verdict.FAILS
    assert verdicts["pl-width-product"] is verdicts["pl-shape-first"] is verdicts["pl-potential"] is Verdict.UNDECIDABLE
    product, margin = (claim_of(shapes, id).observed.value for id in ("pl-width-product", "pl-shape-first"))
    assert (product, margin) == (pytest.approx(60.668, abs=1e-3), pytest.approx(0.0011, abs=1e-9))


def test_a_difference_of_potentials_beyond_what_q1_does_would_count():
    by_q1, printed = published.potential_by_q1(q1=(4, 8, 16, 32)), published.potential()
    printed.loc[printed["model"] == "LLaMA2", "w1"] = 1.0
    assert performance.depth_by_w1(by_q1, printed).verdict is Verdict.HOLDS


def test_the_ablation_reproduces_and_turns_round_with_the_tokens_put_back():
    assert performance.r2_of_data_terms(published.ablation()).verdict is Verdict.HOLDS
    terms = published.load("performance_law_datasets")
    turned = performance.quality_beats_tokens(terms)
    assert (turned.observed.agree, turned.observed.of, turned.verdict) == (0, 3, Verdict.FAILS)
    back = performance.exchanged(terms, "ml-1m", "kuairand-pure")
    assert performance.quality_beats_tokens(terms.assign(tokens=back)).verdict is Verdict.HOLDS


def test_one_law_for_all_settings_must_beat_their_means():
    assert performance.one_law({"joint": 0.591, "means": 0.994}).verdict is Verdict.FAILS
    assert performance.one_law({"joint": 0.995, "means": 0.994}).verdict is Verdict.HOLDS


def test_the_fitted_d_is_any_number():
    equal = equal_data_terms(published.panels()["HR@10", "ml-1m", 100], 32, (0.01, 1.0, 50.0))
    assert performance.fitted_d(equal).verdict is Verdict.UNDECIDABLE
    assert performance.fitted_d(equal.assign(r2=[0.1, 0.2, 0.9])).verdict is Verdict.FAILS


@pytest.mark.slow
def test_every_claim_has_an_id_of_its_own():
    claims = performance.published_performance_claims(10, 0)
    assert len({claim.id for claim in claims}) == len(claims) == 17
