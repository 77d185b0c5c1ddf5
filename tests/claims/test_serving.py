"""The claim on serving, on the committed times and runs."""

from recscale.claims import serving
from recscale.claims.claim import Verdict


def test_the_committed_times_put_a_faster_rival_before_every_wukong():
    (claim,) = serving.serving_claims(0, 0)
    assert (claim.observed.agree, claim.observed.of) == (12, 12)
    assert claim.verdict is Verdict.HOLDS
    assert claim.check


def test_undecided_sizes_leave_it_open_with_a_price():
    """With the first seed of every size alone there is no noise to compare with."""
    runs = serving.timed_runs()
    claim = serving.faster_rival_is_better(serving.serving.load_latencies(), runs[runs["seed"] == 0])
    assert claim.verdict is Verdict.OPEN
