"""The registry of studies: names, profiles and seeds are checked, and no plan loses its runs by accident."""

import hashlib
import json
from pathlib import Path

import pytest

from recscale.plans import PROFILES, STUDIES, plan_study

RUN_IDS = Path(__file__).with_name("run_ids.json")


def digest(name: str, profile: str) -> str:
    """Of the ids of all runs in their order, on synthetic data."""
    sequential = name.startswith(("sequential", "performance"))
    dataset = None if name.startswith("planted") else "synthetic-markov" if sequential else "synthetic-ctr"
    ids = [run.run_id for run in plan_study(name, profile, dataset=dataset).runs]
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:16]


@pytest.mark.parametrize("profile", ["smoke", "quick"])
@pytest.mark.parametrize("name", STUDIES)
def test_a_plan_keeps_its_run_ids_and_their_order(name, profile):
    """A changed id is a run to be trained anew. Where that is meant: ``python tests/plans/test_registry.py``."""
    assert json.loads(RUN_IDS.read_text())[name][profile] == digest(name, profile)


def test_an_unknown_study_or_profile_is_one_sentence():
    with pytest.raises(ValueError, match="unknown study 'ctr-scalling'; allowed are ctr-learning-rate"):
        plan_study("ctr-scalling")
    with pytest.raises(ValueError, match="unknown profile 'fast'; allowed are smoke, quick, full"):
        plan_study("ctr-scaling", "fast")


def test_profiles_stand_in_ascending_cost():
    assert PROFILES == ("smoke", "quick", "full")
    counts = [len(plan_study("ctr-scaling", profile, dataset="synthetic-ctr").runs) for profile in PROFILES[:2]]
    assert counts == sorted(counts)


@pytest.mark.parametrize("seeds", [(0, 0), (1, 2, 1), (-1,), ()])
def test_seeds_are_different_integers_from_0(seeds):
    with pytest.raises(ValueError, match="seeds must be different integers from 0, at least one; got"):
        plan_study("ctr-scaling", "smoke", seeds=seeds)


if __name__ == "__main__":
    digests = {name: {profile: digest(name, profile) for profile in ("smoke", "quick")} for name in STUDIES}
    RUN_IDS.write_text(json.dumps(digests, indent=1) + "\n")
