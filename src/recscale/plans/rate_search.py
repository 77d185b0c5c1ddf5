"""Which learning rates the CTR search tries, on which data and at which of a model's searched sizes.

Every list is of ``(size, dense rate, tables' rate)``, ``size`` counting a model's searched sizes from the smallest.
First a grid (``grid``). Where its best lay at an edge, and at the other sizes beside the tables' rate that is best at
the middle one, the search went on by hand (``beyond``), until it lay inside.
"""

from itertools import product

Pairs = tuple[tuple[int, float, float], ...]

OTHERS = ("autoint+", "finalmlp", "masknet", "afn+", "xdeepfm")
MODELS = ("wukong", "dlrm", "dcnv2", *OTHERS)

SEARCHED_ON = "movielens-1m"
SEARCHED = {SEARCHED_ON: MODELS, "kuairand-pure": MODELS[:3]}
"""Data set -> models whose rates were searched on it."""
SIZES = 3
"""Searched sizes of a model."""
CROSSED_AT = {SEARCHED_ON: (1,), "kuairand-pure": tuple(range(SIZES))}
"""Data set -> at which searched sizes every pair of rates is tried."""
SEED = 1000
DENSE_RATES = (3e-4, 1e-3, 3e-3, 1e-2)
SPARSE_RATES = (3e-2, 1e-1, 3e-1)
KUAIRAND_BEYOND = (
    *((size, *rates) for size in range(SIZES) for rates in ((1e-4, 3e-2), (1e-4, 1e-2), (3e-4, 1e-2), (1e-3, 1e-2))),
    (2, 3e-5, 3e-2),
)
BEYOND: dict[tuple[str, str], Pairs] = {
    (SEARCHED_ON, "wukong"): ((2, 1e-4, 1e-1), (2, 3e-5, 1e-1)),
    (SEARCHED_ON, "dlrm"): (
        *((0, 3e-2, 1e-1), (1, 3e-2, 3e-2), (1, 1e-2, 1e-2), (1, 3e-2, 1e-2), (2, 3e-2, 1e-1)),
        *((size, dense, 3e-2) for size, dense in product((0, 2), (3e-3, 1e-2, 3e-2, 1e-1))),
        *((1, 1e-1, 3e-2), (1, 3e-1, 3e-2), (2, 3e-1, 3e-2)),
    ),
    (SEARCHED_ON, "dcnv2"): (
        *((0, 3e-2, 1e-1), (1, 3e-4, 1.0), (1, 1e-3, 1.0), (1, 3e-3, 1.0), (2, 3e-2, 1e-1)),
        *((size, dense, 3e-1) for size, dense in product((0, 2), DENSE_RATES)),
        (2, 1e-4, 3e-1),
    ),
    (SEARCHED_ON, "finalmlp"): (
        *((size, dense, 3e-1) for size, dense in product((0, 2), DENSE_RATES)),
        *((1, 1e-4, 3e-1), (2, 1e-4, 3e-1), (1, 1e-4, 1.0), (1, 3e-4, 1.0), (1, 1e-3, 1.0)),
        *((0, 3e-4, 1.0), (0, 1e-3, 1.0), (0, 3e-3, 1.0), (1, 3e-5, 1.0), (1, 1e-4, 3.0), (1, 3e-4, 3.0)),
        *((2, 3e-5, 1.0), (2, 1e-4, 1.0), (2, 3e-4, 1.0), (2, 1e-3, 1.0), (0, 1e-4, 1.0), (2, 1e-5, 1.0)),
        (2, 3e-6, 1.0),
    ),
    (SEARCHED_ON, "masknet"): ((0, 3e-2, 1e-1), (0, 1e-1, 1e-1)),
    (SEARCHED_ON, "afn+"): (
        *((0, 3e-2, 1e-1), (1, 3e-4, 1.0), (1, 1e-3, 1.0), (1, 3e-3, 1.0), (1, 3e-4, 3.0), (1, 1e-3, 3.0)),
        *((size, dense, 1.0) for size, dense in product((0, 2), DENSE_RATES)),
        *((1, 3e-3, 3.0), (1, 3e-4, 10.0), (1, 1e-3, 10.0), (1, 1e-2, 3.0), (1, 3e-3, 10.0), (2, 1e-4, 3.0)),
        *((size, dense, 3.0) for size, dense in product((0, 2), DENSE_RATES[:3])),
    ),
    (SEARCHED_ON, "xdeepfm"): (
        *((0, 3e-2, 1e-1), (1, 3e-4, 1.0), (1, 1e-3, 1.0), (1, 3e-3, 1.0)),
        *((size, dense, 3e-1) for size, dense in product((0, 2), DENSE_RATES)),
    ),
    ("kuairand-pure", "wukong"): (
        *KUAIRAND_BEYOND,
        *((0, 3e-3, 1e-2), (0, 1e-3, 3e-3), (1, 1e-4, 3e-3), (1, 3e-4, 3e-3), (1, 1e-3, 3e-3)),
        *((2, 3e-5, 1e-2), (2, 1e-4, 3e-3)),
    ),
    ("kuairand-pure", "dlrm"): KUAIRAND_BEYOND,
    ("kuairand-pure", "dcnv2"): KUAIRAND_BEYOND,
}


def grid(dataset: str, sizes: int = SIZES) -> Pairs:
    """The dense rate at the first ``sizes`` sizes; at some also the tables' rate, which are equal at every size."""
    crossed = CROSSED_AT.get(dataset, CROSSED_AT[SEARCHED_ON])
    return tuple(
        (size, dense, sparse)
        for size in range(sizes)
        for sparse, dense in product(SPARSE_RATES if size in crossed else SPARSE_RATES[1:2], DENSE_RATES)
    )


def beyond(dataset: str, model: str) -> Pairs:
    """What was tried after the grid."""
    return BEYOND.get((dataset, model), ())


def searched_on(dataset: str, model: str) -> str:
    """Whose search decides a model's rates on ``dataset``: its own, or MovieLens-1M's."""
    return dataset if model in SEARCHED.get(dataset, ()) else SEARCHED_ON
