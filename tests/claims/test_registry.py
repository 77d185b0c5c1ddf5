"""Claims are computed once, and again as soon as something they depend on has changed."""

import ast
from pathlib import Path

import pytest

from recscale.claims import registry
from recscale.claims.claim import Evidence, Paper, Statement, judge, statements
from recscale.claims.questions import QUESTIONS
from recscale.claims.rules import Exceeds
from recscale.stats.estimate import Estimate


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Two bodies of evidence with results in a folder of their own; which of them were computed, and how."""
    made = []

    def body(name):
        def claims(resamples, seed):
            made.append((name, resamples, seed))
            observed = Estimate(resamples, resamples / 2, 2 * resamples)
            said = Statement(name, Paper.WUKONG, "law", "It rises.", Evidence.MEASURED, "page")
            return [judge(said, Exceeds(), observed)]

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


def test_every_body_judges_what_its_text_says_and_nothing_else():
    """``claims.toml`` and the functions name the same ids: each id stands once in the code of its body."""
    assert list(statements()) == list(registry.SOURCES)
    for body in registry.SOURCES:
        path = Path(registry.__file__).with_name(f"{body.replace('-', '_')}.py")
        strings = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
        if body != "performance-law-grid":  # composes its ids from axes and rivals; judged in full by its own tests
            assert set(strings) >= set(statements()[body])
    assert {claim.question for claims in statements().values() for claim in claims.values()} == set(QUESTIONS)


def test_an_id_that_no_text_has_is_refused():
    with pytest.raises(ValueError, match="no claim 'wukong-flies' in"):
        judge("wukong-flies", Exceeds(), Estimate.exact(1.0))
