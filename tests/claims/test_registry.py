"""Claims are computed once, and again as soon as something they depend on has changed."""

import pytest

from recscale.claims import registry
from recscale.claims.claim import Evidence, Paper
from recscale.claims.rules import Exceeds, judge
from recscale.stats.estimate import Estimate


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Two bodies of evidence with results in a folder of their own; which of them were computed, and how."""
    made = []

    def body(name):
        def claims(resamples, seed):
            made.append((name, resamples, seed))
            observed = Estimate(resamples, resamples / 2, 2 * resamples)
            return [judge(Exceeds(), name, Paper.WUKONG, "law", "It rises.", Evidence.MEASURED, observed, "page")]

        return claims

    for variable in ("RECSCALE_CACHE", "RECSCALE_RESULTS"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    (tmp_path / "RECSCALE_RESULTS").mkdir()
    (tmp_path / "RECSCALE_RESULTS" / "study.csv").write_text("loss\n0.5\n")
    monkeypatch.setattr(registry, "SOURCES", {"first": body("first"), "second": body("second")})
    return made


def test_claims_are_computed_once(calls):
    first, again = registry.load_claims(10, 0), registry.load_claims(10, 0)
    assert [claim.id for claim in first] == ["first", "second"]
    assert first == again
    assert calls == [("first", 10, 0), ("second", 10, 0)]


def test_other_settings_and_other_tables_are_computed_anew(calls, tmp_path):
    registry.load_claims(10, 0, ["first"])
    registry.load_claims(20, 0, ["first"])
    registry.load_claims(10, 1, ["first"])
    (tmp_path / "RECSCALE_RESULTS" / "study.csv").write_text("loss\n0.6\n")
    registry.load_claims(10, 0, ["first"])
    assert calls == [("first", 10, 0), ("first", 20, 0), ("first", 10, 1), ("first", 10, 0)]


def test_a_claim_by_its_id(calls):
    claims = registry.load_claims(10, 0)
    assert registry.claim_of(claims, "second").id == "second"
    with pytest.raises(ValueError, match="no claim 'third'; there are first, second"):
        registry.claim_of(claims, "third")
