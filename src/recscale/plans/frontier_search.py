"""Which learning rates the search for the fair ladders tries, at which targets of every model's central style.

Every list is of ``(target, dense rate, embedding rate)``, ``target`` counting ``ctr_ladders.TARGETS``. First a grid
around the best rates of ``ctr-learning-rate``, which has larger batches and unaveraged weights (``EXPECTED``); where
the best lies at an edge, the search goes on by hand (``FRONTIER_BEYOND``), until it lies inside.
"""

from recscale.plans.rate_search import RatePairs

FRONTIER_SEARCH_SEED = 1000
"""No other study uses it."""

RATE_STEPS = tuple(float(f"{digit}e{power}") for power in range(-6, 2) for digit in (1, 3))
"""The rates that can be tried: two a decade."""

SEARCHED_TARGETS = (0, 3, 6, 9, 11)
ENDS_EARLY = {"crossnet": (0, 2, 4, 6, 7)}
"""Targets of a model that doesn't reach the largest."""

CROSSED = (0, 2, 3)
"""At which of a model's five targets the embedding rate is searched along with the dense one."""
RATES_EACH_SIDE = (1, 2, 1, 1, 1)
"""How many dense rates are tried to each side of the expected one, target by target. Embedding rates: one."""

EXPECTED: dict[str, tuple[float, tuple[float, ...]]] = {
    "wukong": (1e-1, (3e-3, 1e-3, 1e-3, 3e-4, 1e-4)),
    "dcnv2": (3e-1, (3e-3, 1e-3, 1e-3, 1e-3, 3e-4)),
    "crossnet": (3e-1, (3e-3, 3e-3, 1e-3, 1e-3, 1e-3)),
    "dlrm": (3e-2, (3e-2, 1e-1, 1e-1, 1e-1, 3e-2)),
    "finalmlp": (1.0, (3e-4, 1e-4, 3e-5, 1e-5, 1e-5)),
    "xdeepfm": (3e-1, (3e-3, 3e-3, 1e-3, 1e-3, 3e-4)),
    "autoint+": (1e-1, (3e-3, 3e-3, 1e-3, 1e-3, 3e-4)),
    "masknet": (1e-1, (1e-2, 3e-3, 1e-3, 1e-3, 3e-4)),
    "afn+": (3.0, (1e-3, 3e-3, 1e-3, 3e-4, 3e-4)),
}
"""Model -> the embedding rate and, target by target, the dense rate in the middle of the grid."""

FRONTIER_BEYOND: dict[str, RatePairs] = {}


def searched_targets(model: str) -> tuple[int, ...]:
    """The five targets at which a model is searched, from its smallest to its largest."""
    return ENDS_EARLY.get(model, SEARCHED_TARGETS)


def around(rate: float, reach: int) -> tuple[float, ...]:
    """``rate`` and the ``reach`` next ones of ``RATE_STEPS`` to each side."""
    at = RATE_STEPS.index(rate)
    return RATE_STEPS[at - reach : at + reach + 1]


def rate_pairs(model: str) -> RatePairs:
    """What is tried, cheap targets first: at five targets the dense rates around the expected one, at three of them
    crossed with the embedding rates; then what was tried by hand."""
    embedding, expected = EXPECTED[model]
    pairs = []
    for position, (target, rate) in enumerate(zip(searched_targets(model), expected, strict=True)):
        for sparse in around(embedding, 1 if position in CROSSED else 0):
            pairs += [(target, dense, sparse) for dense in around(rate, RATES_EACH_SIDE[position])]
    return tuple(sorted([*pairs, *FRONTIER_BEYOND.get(model, ())], key=lambda pair: pair[0]))
