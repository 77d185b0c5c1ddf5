r"""The Performance Law of sequential recommenders (arXiv 2412.00430, NeurIPS 2025), in the forms it was published in.

With H layers, width d and D′ = tokens × data quality, the exponent stands inside the logarithm in Eq. (8) and in the
released script::

    P = w₁ (ln H^w₃ + p₁/H^w₃) + w₂ (ln d^w₄ + p₁/d^w₄) + (ln D′^w₅ + p₂/D′^w₅) + b,      p₁ = 1/q₁, p₂ = 1/q₂

and outside in the arXiv text (and in the paper's Industrial figures)::

    P = w₁ (ln H + p₁/H^w₃) + w₂ (ln d + p₁/d^w₄) + … + b

The constants p are not fitted by least squares but searched: integers q, 1…32 unless the reader says otherwise. The
script's w₁, w₂ are the negatives of Eq. (8)'s. On one data set the data term is a constant: D′, w₅, p₂ and b can't be
told apart and are reported as b. Given (w₃, w₄) the law is linear. A peak lies at q₁^(1/|w₃|) inside, at (p₁ w₃)^(1/w₃)
outside, where w₁ has the right sign.

Units: the forms for one data set are closed under a change of the unit of P (w₁, w₂ and b follow), and of nothing else:
p comes from a list, and p/H^w₃ in another unit of H is another p. The joint form isn't closed at all, because its data
term has no weight that could carry the unit of P, nor p₂ one that could carry that of D′: state P as a fraction.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from recscale.laws.law import GridConstant, Law, Parameter, register

MERGED = "D′, w5, p2 and b form one constant here: one data set can't tell them apart, b holds their sum"
Q_VALUES = tuple(float(q) for q in range(1, 33))
BOX = 3.0  # beyond |w| = 3 a decay term tells only the last point of an axis from the others
# A peak at x* needs |w| = ln q / ln x*, so the nodes are even in ln |w|; none at 0, where the two terms of an axis are
# one constant.
INSIDE = np.concatenate([-np.geomspace(3, 0.03, 27), [0.1, 0.3, 0.7, 1.5, 3]])
# Outside, an axis with w near 1/p is all curvature and no slope: shapes change fast there, so nodes lie close near 0.
OUTSIDE = np.concatenate([-np.geomspace(3, 0.02, 16), np.geomspace(0.02, 3, 16)])


def inside(x: ArrayLike, w: ArrayLike, p: ArrayLike) -> np.ndarray | float:
    """ln x^w + p/x^w, less its value p at w = 0 (``present`` adds it back to b): never collinear with the offset."""
    power = w * np.log(x)
    return power + p * np.expm1(-power)


def outside(x: ArrayLike, w: ArrayLike, p: ArrayLike) -> np.ndarray | float:
    """ln x + p/x^w, less p (``present`` takes it off b)."""
    return np.log(x) + p * np.expm1(-w * np.log(x))


def _present(values: dict) -> dict:
    """Add what ``inside`` and ``outside`` subtracted back to the offset b."""
    p = values["p1"] if "p1" in values else 1 / values["q1"]
    data = 1 / values["q2"] if "q2" in values else 0.0
    return {**values, "b": values["b"] - p * (values["w1"] + values["w2"]) - data}


def _peaks(columns: tuple[str, ...], values: Mapping, at: Callable) -> dict:
    """The best depth and width; ``at(w, exponent)``: where a weight w and a decay exponent put the peak, else nan."""
    with np.errstate(over="ignore", divide="ignore"):
        pairs = (values["w1"], values["w3"]), (values["w2"], values["w4"])
        return {name: at(*pair) for name, pair in zip(columns, pairs, strict=False)}


def _peak_inside(values, columns) -> dict:
    """H* = q₁^(1/|w₃|) where w₁ < 0 and w₃ < 0 (for w₃ > 0 the extremum lies below 1), else none."""
    return _peaks(columns, values, lambda w, e: np.where((w < 0) & (e < 0), values["q1"] ** (-1 / e), np.nan))


def _peak_outside(values, columns) -> dict:
    """H* = (p₁ w₃)^(1/w₃) where p₁ w₃ > 0 and w₁ w₃ < 0, else none."""

    def at(w, e):
        base = values["p1"] * e
        return np.where((w * e < 0) & (base > 0), np.where(base > 0, base, 1.0) ** (1 / e), np.nan)

    return _peaks(columns, values, at)


def _shapes_law(nodes: np.ndarray, constant: str, **own) -> Law:
    """A form of the law over depth and width with the decay exponents' ``nodes``; ``constant``: what b stands for."""
    linear = (
        Parameter("w1", "weight of depth, unit of P (the script's is its negative)"),
        Parameter("w2", "weight of width, unit of P (the script's is its negative)"),
        Parameter("b", f"{constant}, unit of P"),
    )
    decays = (
        Parameter("w3", "decay exponent of depth", lower=-BOX, upper=BOX, nodes=nodes),
        Parameter("w4", "decay exponent of width", lower=-BOX, upper=BOX, nodes=nodes),
    )
    return register(Law(linear=linear, nonlinear=decays + own.pop("nonlinear", ()), present=_present, **own))


P_VALUES = tuple(float(p) for p in [*range(-40, 0), *range(1, 41)]) + tuple(1 / q for q in range(2, 33))
_Q1 = GridConstant("q1", "1/p₁, the decay constant both axes share, searched on integers", Q_VALUES)
_P1 = GridConstant("p1", "decay constant both axes share, searched: integers to ±40 and 1/2…1/32", P_VALUES)
_Q2 = GridConstant("q2", "1/p₂, the decay constant of the data term, searched on integers", Q_VALUES)
SOURCE = "arXiv 2412.00430; NeurIPS 2025 (P-Law)"
_UNITS = "P: HR@k or NDCG@k; H: layers; d: embedding width"

_shapes_law(
    INSIDE,
    "offset and data term together",
    name="performance-law",
    equation="P = w1 (ln H^w3 + p1/H^w3) + w2 (ln d^w4 + p1/d^w4) + b, p1 = 1/q1",
    variables=("H", "d"),
    grid_constants=(_Q1,),
    basis=lambda x, t: (inside(x[0], t[0], 1 / t[2]), inside(x[1], t[1], 1 / t[2]), 1.0),
    source=f"{SOURCE}, Eq. (8) and the released script",
    units=_UNITS,
    caveats=(MERGED,),
    optimum=_peak_inside,
)

_shapes_law(
    OUTSIDE,
    "offset and data term together",
    name="performance-law-outside",
    equation="P = w1 (ln H + p1/H^w3) + w2 (ln d + p1/d^w4) + b",
    variables=("H", "d"),
    grid_constants=(_P1,),
    basis=lambda x, t: (outside(x[0], t[0], t[2]), outside(x[1], t[1], t[2]), 1.0),
    source=f"{SOURCE}, arXiv text and the Industrial figures",
    units=_UNITS,
    caveats=(MERGED,),
    optimum=_peak_outside,
)


def _data_nodes(x, y):
    """Around the slope of P over ln D′, either sign: w₅ carries the unit of P, the data term has no own weight."""
    span = np.ptp(np.log(x[2]))
    slope = (np.ptp(y) or 1.0) / (span or 1.0)
    sizes = slope * np.geomspace(0.01, 10, 7)
    return np.concatenate([-sizes[::-1], sizes])


DATA_EXPONENT = "data exponent, unit of P: the data term has no weight of its own"
_shapes_law(
    INSIDE[::2],
    "offset",
    name="performance-law-joint",
    equation="P = w1 (ln H^w3 + p1/H^w3) + w2 (ln d^w4 + p1/d^w4) + ln D′^w5 + p2/D′^w5 + b, p1 = 1/q1, p2 = 1/q2",
    variables=("H", "d", "D′"),
    nonlinear=(Parameter("w5", DATA_EXPONENT, lower=-3, upper=3, nodes=_data_nodes),),
    grid_constants=(_Q1, _Q2),
    basis=lambda x, t: (inside(x[0], t[0], 1 / t[3]), inside(x[1], t[1], 1 / t[3]), 1.0),
    offset=lambda x, t: inside(x[2], t[2], 1 / t[4]),
    source=f"{SOURCE}, Eq. (8) over several data sets, D′ computed from the data",
    units=f"{_UNITS}; D′: tokens × data quality",
    optimum=_peak_inside,
)
