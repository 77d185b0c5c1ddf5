"""Which learning rates the search for the fair ladders tries, at which targets of every model's central style.

Every list is of ``(target, dense rate, embedding rate)``, ``target`` counting ``ctr_ladders.TARGETS``. First a grid
around what ``ctr-learning-rate`` found with larger batches and unaveraged weights (``grid``); where its best lies at an
edge, the search goes on by hand (``beyond``), until it lies inside.
"""

from itertools import product

Pairs = tuple[tuple[int, float, float], ...]

SEED = 1000
"""No other study uses it."""

RATES = tuple(float(f"{digit}e{power}") for power in range(-6, 2) for digit in (1, 3))
"""The rates that can be tried: two a decade."""

TARGETS = (0, 3, 6, 9, 11)
ENDS_EARLY = {"crossnet": (0, 2, 4, 6, 7)}
"""Targets of a model that doesn't reach the largest."""

CROSSED = (0, 2, 3)
"""At which of a model's five targets the embedding rate is searched along with the dense one."""
REACH = (1, 2, 1, 1, 1)
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

BEYOND: dict[str, Pairs] = {}


def targets(model: str) -> tuple[int, ...]:
    """The five targets at which a model is searched, from its smallest to its largest."""
    return ENDS_EARLY.get(model, TARGETS)


def around(rate: float, reach: int) -> tuple[float, ...]:
    """``rate`` and the ``reach`` next ones of ``RATES`` to each side."""
    at = RATES.index(rate)
    return RATES[at - reach : at + reach + 1]


def grid(model: str) -> Pairs:
    """What is tried first: dense rates at five targets, at three of them crossed with the embedding rates."""
    embedding, expected = EXPECTED[model]
    return tuple(
        (target, dense, sparse)
        for position, (target, rate) in enumerate(zip(targets(model), expected, strict=True))
        for sparse, dense in product(around(embedding, 1 if position in CROSSED else 0), around(rate, REACH[position]))
    )


def beyond(model: str) -> Pairs:
    """What was tried after the grid."""
    return BEYOND.get(model, ())
