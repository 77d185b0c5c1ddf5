"""The general scaling laws and their controls. Each is one ``register(Law(...))``: copy the nearest and change it.

Symbols keep the meaning they have in the source named; ``x``, ``N`` and ``D`` are positive. All forms here are closed
under a change of the unit of x, N or D (it changes A and B, never an exponent), and under one of y but for ``wukong``,
whose -100 is in %. N_C and D_C of ``kaplan`` grow as y^(1/α_D) and may exceed what a float holds; predictions don't.
"""

from collections.abc import Callable

import numpy as np

from recscale.laws.law import Law, Parameter, register

EXPONENTS = np.concatenate([[0.003, 0.01, 0.03], np.arange(0.06, 1.0, 0.06), np.arange(1.0, 3.1, 0.4)])
STEEPEST = 6.0  # a term beside a floor that falls faster than this tells the smallest size from all others, no more


def _constant(names: tuple[str, ...]) -> Law:
    """y = c: the baseline "no gain", against which every gain must be shown."""
    return Law(
        name="constant",
        equation="y = c",
        variables=names,
        linear=(Parameter("c", "the value at every size, unit of y"),),
        basis=lambda x, t: (1.0,),
        source="baseline",
        rescaled=lambda values, s: values,
        any_variables=_constant,
    )


def _log_linear(names: tuple[str, ...]) -> Law:
    """y = c + Σ β_i ln x_i: a straight line in the logarithms.

    The Performance Law paper's figures draw exactly this as "Scaling Law" (a power x^(-w) becomes it as w goes to 0).
    """

    def rescaled(values, s):
        return {**values, "c": values["c"] - sum(values[f"β_{n}"] * np.log(f) for n, f in zip(names, s, strict=True))}

    return Law(
        name="log-linear",
        equation="y = c + Σ β_i ln x_i",
        variables=names,
        linear=(
            Parameter("c", "value at x = 1, unit of y"),
            *(Parameter(f"β_{n}", f"change of y for a factor e in {n}, unit of y") for n in names),
        ),
        basis=lambda x, t: (1.0, *(np.log(v) for v in x)),
        source='arXiv 2412.00430, the "Scaling Law" surfaces of the figures',
        rescaled=rescaled,
        any_variables=_log_linear,
    )


def _log_quadratic(names: tuple[str, ...]) -> Law:
    """y = c + Σ β_i ln x_i + γ_i ln² x_i: the plainest curve with a peak, control for the Performance Law's decay."""

    def peak(values, columns):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            peaks = {n: np.exp(-values[f"β_{n}"] / (2 * values[f"γ_{n}"])) for n in columns}
        return {n: np.where(values[f"γ_{n}"] < 0, peaks[n], np.nan) for n in columns}

    def rescaled(values, s):
        moved = dict(values)
        for name, shift in zip(names, np.log(s), strict=True):
            slope, bend = values[f"β_{name}"], values[f"γ_{name}"]
            moved[f"β_{name}"] = slope - 2 * bend * shift
            moved["c"] = moved["c"] - slope * shift + bend * shift**2
        return moved

    return Law(
        name="log-quadratic",
        equation="y = c + Σ (β_i ln x_i + γ_i ln² x_i)",
        variables=names,
        linear=(
            Parameter("c", "value at x = 1, unit of y"),
            *(Parameter(f"β_{n}", f"slope in ln {n} at x = 1, unit of y") for n in names),
            *(Parameter(f"γ_{n}", f"half the curvature in ln {n}, unit of y") for n in names),
        ),
        basis=lambda x, t: (1.0, *(np.log(v) for v in x), *(np.log(v) ** 2 for v in x)),
        source="control model",
        rescaled=rescaled,
        optimum=peak,
        any_variables=_log_quadratic,
    )


def _powers(*terms: tuple[str, int, str]) -> Callable:
    """``rescaled`` of terms c x_i^(-e): each as (c, i, e)."""
    return lambda values, s: values | {c: values[c] * s[i] ** values[e] for c, i, e in terms}


register(_constant(("x",)))
register(_log_linear(("x",)))
register(_log_quadratic(("x",)))

register(
    Law(
        name="power-law",
        equation="y = A x^(-α)",
        variables=("x",),
        linear=(Parameter("A", "value at x = 1, unit of y", lower=0),),
        nonlinear=(
            Parameter("α", "exponent: y falls by the factor 2^α for every doubling of x", nodes=np.linspace(-2, 3, 41)),
        ),
        basis=lambda x, t: (x[0] ** -t[0],),
        scale="log",
        source="arXiv 2001.08361 eq. 1.1–1.3",
        rescaled=_powers(("A", 0, "α")),
        units="x: compute (FLOP), parameters or examples; y: a loss",
    )
)

register(
    Law(
        name="power-law-floor",
        equation="y = E + A x^(-α)",
        variables=("x",),
        linear=(
            Parameter("E", "floor that no size gets below, unit of y", lower=0),
            Parameter("A", "reducible part at x = 1, unit of y", lower=0),
        ),
        nonlinear=(Parameter("α", "exponent of the reducible part", lower=0, upper=STEEPEST, nodes=EXPONENTS),),
        basis=lambda x, t: (1.0, x[0] ** -t[0]),
        scale="log",
        source="arXiv 2208.08489 (power law plus constant for DLRM)",
        rescaled=_powers(("A", 0, "α")),
    )
)

register(
    Law(
        name="wukong",
        equation="y = -100 + A x^(-c)",
        variables=("x",),
        linear=(Parameter("A", "100 + the relative log loss at x = 1, %", lower=0),),
        nonlinear=(Parameter("c", "exponent", nodes=np.linspace(-0.01, 0.02, 31)),),
        basis=lambda x, t: (x[0] ** -t[0],),
        offset=lambda x, t: np.full_like(x[0], -100.0),
        scale="log",
        source="arXiv 2403.02545 §5 (printed with a positive exponent)",
        rescaled=_powers(("A", 0, "c")),
        units="y: log loss relative to a baseline, %; x: training GFLOP per example",
    )
)


def _kaplan_symbols(values: dict) -> dict:
    """Raw (K, ln s, r, α_D) of y = K (s N^(-r) + 1/D)^α_D to the paper's N_C, D_C, α_N, α_D."""
    with np.errstate(over="ignore", divide="ignore"):
        log_data = np.log(values["D_C"]) / values["α_D"]
        return {
            "N_C": np.exp((log_data + values["N_C"]) / values["α_N"]),
            "D_C": np.exp(log_data),
            "α_N": values["α_N"] * values["α_D"],
            "α_D": values["α_D"],
        }


def _rescaled_kaplan(values, s):
    """The raw values over s₁ N and s₂ D."""
    shift = values["α_N"] * np.log(s[0]) - np.log(s[1])
    return {**values, "N_C": values["N_C"] + shift, "D_C": values["D_C"] * s[1] ** values["α_D"]}


RATIOS = np.array([0.2, 0.35, 0.5, 0.7, 0.85, 1.0, 1.25, 1.6, 2.2, 3.0])  # of α_N to α_D


def _log_ratio_nodes(x, y):
    """ln s such that s N^(-r) and 1/D are comparable on some of these points, in any unit, at every r of ``RATIOS``."""
    size, data = np.log(x[0]), np.log(x[1])
    ends = [r * edge for r in (RATIOS[0], RATIOS[-1]) for edge in (size.min(), size.max())]
    return np.linspace(min(ends) - data.max() - 3, max(ends) - data.min() + 3, 48)


register(
    Law(
        name="kaplan",
        equation="y = [(N_C/N)^(α_N/α_D) + D_C/D]^α_D",
        variables=("N", "D"),
        # Fitted as K (s N^(-r) + 1/D)^α_D, where only ln s, r and α_D are nonlinear; ``present`` gives the paper's
        # symbols.
        linear=(Parameter("D_C", "data scale: y = 1 at D = D_C and unlimited N, unit of D", lower=0),),
        nonlinear=(
            Parameter("N_C", "size scale: y = 1 at N = N_C and unlimited D, unit of N", nodes=_log_ratio_nodes),
            Parameter("α_N", "exponent of N", lower=0.02, upper=20, nodes=RATIOS),
            Parameter("α_D", "exponent of D", lower=1e-3, upper=5, nodes=np.geomspace(0.02, 1.5, 13)),
        ),
        basis=lambda x, t: ((np.exp(t[0] - t[1] * np.log(x[0])) + 1 / x[1]) ** t[2],),
        scale="log",
        source="arXiv 2001.08361 eq. 1.5",
        rescaled=_rescaled_kaplan,
        present=_kaplan_symbols,
    )
)

register(
    Law(
        name="chinchilla",
        equation="y = E + A/N^α + B/D^β",
        variables=("N", "D"),
        linear=(
            Parameter("E", "irreducible loss, unit of y", lower=0),
            Parameter("A", "size term at N = 1, unit of y", lower=0),
            Parameter("B", "data term at D = 1, unit of y", lower=0),
        ),
        nonlinear=(
            Parameter("α", "exponent of N", lower=0, upper=STEEPEST, nodes=EXPONENTS),
            Parameter("β", "exponent of D", lower=0, upper=STEEPEST, nodes=EXPONENTS),
        ),
        basis=lambda x, t: (1.0, x[0] ** -t[0], x[1] ** -t[1]),
        scale="log",
        source="arXiv 2203.15556 eq. 2",
        rescaled=_powers(("A", 0, "α"), ("B", 1, "β")),
    )
)


def _capacity_nodes(x, y):
    return np.concatenate([[0.0], np.geomspace(1e-3 / x[0].max(), 30 / x[0].min(), 40)])


register(
    Law(
        name="loss-law",
        equation="y = K (1/N + 1/D)^a",
        variables=("N",),
        linear=(Parameter("K", "loss where 1/N + 1/D = 1, unit of y", lower=0),),
        nonlinear=(
            Parameter("1/D", "data term, fitted: one constant a curve, unit of 1/N", lower=0, nodes=_capacity_nodes),
            Parameter("a", "exponent", nodes=np.concatenate([np.linspace(0.005, 0.3, 20), [0.4, 0.6, 0.8, 1.2]])),
        ),
        basis=lambda x, t: ((1 / x[0] + t[0]) ** t[1],),
        source="overview figure of the P-Law repository: Kaplan's form with α_N = α_D",
        rescaled=lambda values, s: {**values, "K": values["K"] * s[0] ** values["a"], "1/D": values["1/D"] / s[0]},
        units="y: training loss; N: layers",
    )
)
