"""The questions a practitioner asks of both papers. Every claim belongs to one; the report card opens with them."""

from collections.abc import Mapping
from dataclasses import dataclass

from recscale.claims.claim import Paper, Verdict


@dataclass(frozen=True)
class Question:
    """``text``: the question. ``answer``: one sentence, written for the committed tables and valid while the claims in
    ``relies_on`` have these verdicts. ``published``, ``measured``: ids of the claims that decide it on the paper's
    numbers and on ours; None where there are no such numbers."""

    text: str
    paper: Paper
    answer: str
    published: str | None
    measured: str | None
    relies_on: dict[str, Verdict]


QUESTIONS: dict[str, Question] = {
    "wukong-law": Question(
        "Is there a law: does more compute buy a better click model?",
        Paper.WUKONG,
        "Yes, a slow one: in the paper and on public data the loss falls with compute, and in neither can a "
        "power law be told from a straight line.",
        published="wukong-law-exponent",
        measured="wukong-loss-falls",
        relies_on={
            "wukong-law-exponent": Verdict.HOLDS,
            "wukong-loss-falls": Verdict.HOLDS,
            "wukong-law-form": Verdict.UNDECIDABLE,
            "wukong-power-law-fits-best": Verdict.OPEN,
        },
    ),
    "wukong-prediction": Question(
        "Does the law predict larger models?",
        Paper.WUKONG,
        "Nobody knows yet: neither the printed law nor ours beats the guess that growth brings no further gain.",
        published="wukong-law-predicts",
        measured="wukong-law-predicts-larger-models",
        relies_on={
            "wukong-law-predicts": Verdict.UNDECIDABLE,
            "wukong-law-predicts-larger-models": Verdict.OPEN,
        },
    ),
    "wukong-rivals": Question(
        "Does Wukong beat its rivals at equal compute?",
        Paper.WUKONG,
        "In the paper it does, by an offset and not by a steeper slope; on public data DCNv2 is ahead of it.",
        published="wukong-lead",
        measured="wukong-leads-at-equal-compute",
        relies_on={
            "wukong-lead": Verdict.HOLDS,
            "wukong-leads-at-equal-compute": Verdict.FAILS,
            "wukong-steeper": Verdict.FAILS,
            "dcnv2-ahead-of-wukong": Verdict.HOLDS,
        },
    ),
    "wukong-parts": Question(
        "Which parts of Wukong matter?",
        Paper.WUKONG,
        "Our runs are too few to say: none of the effects stands out from the noise of seeds.",
        published=None,
        measured="wukong-fmb-matters-most",
        relies_on={
            "wukong-fmb-matters-most": Verdict.OPEN,
            "wukong-depth-and-mlp-help-most": Verdict.OPEN,
            "wukong-doubling-k-helps": Verdict.OPEN,
        },
    ),
    "wukong-data": Question(
        "Do more rows help, and larger models more than small ones?",
        Paper.WUKONG,
        "More rows help every size, far more than a larger model for the same compute; that larger models use "
        "them better shows in part.",
        published=None,
        measured="wukong-all-sizes-improve-with-data",
        relies_on={
            "wukong-all-sizes-improve-with-data": Verdict.HOLDS,
            "wukong-rows-better-buy": Verdict.HOLDS,
            "wukong-larger-more-data-efficient": Verdict.IN_PART,
        },
    ),
    "wukong-benchmarks": Question(
        "Is Wukong the best model on public benchmarks?",
        Paper.WUKONG,
        "By AUC on four of six sets, against rivals weaker than their benchmark; on Frappe we confirm its "
        "lead in AUC, while its log-loss is open.",
        published="wukong-public-auc",
        measured="frappe-best-auc",
        relies_on={
            "wukong-public-auc": Verdict.IN_PART,
            "frappe-best-auc": Verdict.HOLDS,
            "frappe-rivals-at-full-strength": Verdict.FAILS,
            "frappe-wukong-logloss": Verdict.OPEN,
        },
    ),
    "pl-form": Question(
        "Does the Performance Law describe HR and NDCG?",
        Paper.PERFORMANCE_LAW,
        "It fits, and most of its printed fits can be reproduced, but a quadratic in the logarithms of depth "
        "and width does as well.",
        published="pl-beats-quadratic",
        measured="pl-grid-beats-quadratic",
        relies_on={
            "pl-beats-quadratic": Verdict.FAILS,
            "pl-grid-beats-quadratic": Verdict.OPEN,
            "pl-r2-exact": Verdict.HOLDS,
            "pl-beats-line": Verdict.IN_PART,
        },
    ),
    "pl-prediction": Question(
        "Does it predict models it has not seen?",
        Paper.PERFORMANCE_LAW,
        "At larger shapes we could not show it; between the shapes it has seen, new runs fall where its band says.",
        published=None,
        measured="pl-grid-predicts-depth",
        relies_on={
            "pl-grid-predicts-depth": Verdict.OPEN,
            "pl-grid-predicts-width": Verdict.OPEN,
            "pl-predicted-runs-in-band": Verdict.HOLDS,
        },
    ),
    "pl-optimum": Question(
        "Is there a best depth and width, and does the law name it?",
        Paper.PERFORMANCE_LAW,
        "The shapes it names are good ones; the printed best width agrees with a refit, the printed best "
        "depth is not decided, and our grid ends before it.",
        published="pl-depth-ml1m",
        measured="pl-predicted-shapes-lead-together",
        relies_on={
            "pl-depth-ml1m": Verdict.UNDECIDABLE,
            "pl-predicted-shapes-lead-together": Verdict.HOLDS,
            "pl-width-ml1m": Verdict.HOLDS,
            "pl-grid-best-depth": Verdict.OPEN,
        },
    ),
    "pl-data": Question(
        "Is D′ the right measure of data?",
        Paper.PERFORMANCE_LAW,
        "No sign of it: the printed table favours plain tokens, and entropy misjudges copied histories.",
        published="pl-quality-beats-tokens",
        measured="pl-data-orders-variants",
        relies_on={
            "pl-quality-beats-tokens": Verdict.FAILS,
            "pl-data-orders-variants": Verdict.FAILS,
            "pl-real-entropy-repetition": Verdict.FAILS,
            "pl-data-apen-beats-tokens": Verdict.OPEN,
        },
    ),
    "pl-transfer": Question(
        "Does one law carry over to new data?",
        Paper.PERFORMANCE_LAW,
        "No: one law with D′ leaves far more unexplained than seeds do, in print and on our runs.",
        published="pl-joint-law",
        measured="pl-data-joint-law-fits",
        relies_on={
            "pl-joint-law": Verdict.FAILS,
            "pl-data-joint-law-fits": Verdict.FAILS,
            "pl-data-predicts-left-out": Verdict.IN_PART,
        },
    ),
    "pl-models": Question(
        "Do the law's weights rank models by what depth and width pay?",
        Paper.PERFORMANCE_LAW,
        "Undecided: the weights move with a constant that the data hardly fix, and our models are level "
        "within seed noise.",
        published="pl-potential",
        measured="pl-grid-w1-orders-models",
        relies_on={
            "pl-potential": Verdict.UNDECIDABLE,
            "pl-grid-w1-orders-models": Verdict.OPEN,
            "pl-grid-w2-orders-models": Verdict.OPEN,
            "pl-quality-model-order": Verdict.OPEN,
        },
    ),
}


def outdated(verdicts: Mapping[str, str]) -> list[str]:
    """The answers that no longer fit ``verdicts`` (claim id -> verdict): question, claim, and both verdicts."""
    return [
        f"the answer to “{question.text}” relies on {claim}: {written_for.value!r}, now {verdicts.get(claim)!r}"
        for question in QUESTIONS.values()
        for claim, written_for in question.relies_on.items()
        if verdicts.get(claim) != written_for
    ]
