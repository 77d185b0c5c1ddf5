"""What a law is: an equation split into a part that is linear in its coefficients and a part that isn't.

Every law of this package is written as::

    y = o(x; θ) + Σ_j c_j φ_j(x; θ)

with linear coefficients ``c`` (solved exactly), nonlinear parameters ``θ`` (searched, then refined) and grid
constants (tried value by value). A new law is one ``register(Law(...))``; ``forms.py`` has a dozen examples.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

SCALES = ("y", "log")
Variables = tuple[np.ndarray, ...]  # one (n,) array per variable
Values = tuple[np.ndarray, ...]  # one (..., 1) array per nonlinear parameter or grid constant


@dataclass(frozen=True)
class Parameter:
    """One symbol of a law: its name, what it means (with its unit) and where it may lie.

    ``nodes`` says where the search for a nonlinear parameter begins: an increasing array, or a function of the
    variables that returns one (for parameters whose size depends on the units of ``x``). A linear coefficient's
    ``lower`` is 0 or minus infinity.
    """

    name: str
    meaning: str
    lower: float = -np.inf
    upper: float = np.inf
    nodes: np.ndarray | Callable[[Variables, np.ndarray], np.ndarray] | None = None


@dataclass(frozen=True)
class GridConstant:
    """A constant that is not estimated by least squares but tried at each of ``values`` (the Performance Law's q₁)."""

    name: str
    meaning: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Law:
    """A scaling law: what ``laws.fit`` fits to points.

    ``basis(x, t)`` returns the columns φ_j, each broadcastable to (..., n); ``x`` holds one (n,) array per variable and
    ``t`` one (..., 1) array per nonlinear parameter, then per grid constant. It must be analytic (powers, exp, log):
    derivatives are taken by a complex step. ``offset(x, t)`` is the part with no free coefficient. ``scale`` is where
    residuals live: ``"y"``, or ``"log"`` for ``log(y - o) - log(Σ c φ)``. ``present`` turns raw values into the symbols
    of the paper, ``optimum`` gives the best x per variable (None: a monotone law). ``caveats`` join every fit's
    warnings.

    Units: without an offset a multiple of y is fitted by the multiple of the coefficients. ``rescaled(values, s)`` says
    the same of x: from the raw values of a curve it makes those of the same curve over s_i x_i, ``s`` holding one
    number a variable. None: the law isn't closed under it (a constant of its own stands beside x).
    ``any_variables`` builds the law for the columns at hand where a form takes any number of them.
    """

    name: str
    equation: str
    variables: tuple[str, ...]
    linear: tuple[Parameter, ...]
    basis: Callable[[Variables, Values], tuple]
    nonlinear: tuple[Parameter, ...] = ()
    grid_constants: tuple[GridConstant, ...] = ()
    offset: Callable[[Variables, Values], np.ndarray] | None = None
    scale: str = "y"
    source: str = ""
    units: str = ""
    caveats: tuple[str, ...] = ()
    rescaled: Callable[[dict[str, np.ndarray], tuple[float, ...]], dict[str, np.ndarray]] | None = None
    present: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]] = field(default=dict)
    optimum: Callable[[Mapping[str, np.ndarray], tuple[str, ...]], dict] | None = None
    any_variables: Callable[[tuple[str, ...]], "Law"] | None = None

    def __post_init__(self):
        if self.scale not in SCALES:
            raise ValueError(f"the law {self.name!r} has scale {self.scale!r}; allowed: {', '.join(SCALES)}")
        for parameter in self.linear:
            if parameter.lower not in (0, -np.inf, parameter.upper):
                raise ValueError(
                    f"{self.name}: the linear coefficient {parameter.name} may be bounded by 0 or not at all"
                )
        if missing := [p.name for p in self.nonlinear if p.nodes is None]:
            raise ValueError(f"{self.name}: the nonlinear parameters {', '.join(missing)} need nodes to start from")

    @property
    def nonlinear_offset(self) -> bool:
        """Whether the offset holds nonlinear parameters (the joint Performance Law's data term)."""
        return self.offset is not None and self.scale == "y"

    @property
    def homogeneous(self) -> bool:
        """Whether a multiple of y has the same law, with its coefficients multiplied."""
        limits = {limit for p in self.linear for limit in (p.lower, p.upper)}
        return self.offset is None and limits <= {0, -np.inf, np.inf}

    @property
    def symbols(self) -> dict[str, str]:
        """Every free symbol and its meaning, in the order of the fit's parameters."""
        return {p.name: p.meaning for p in (*self.linear, *self.nonlinear, *self.grid_constants)}

    @property
    def free(self) -> int:
        """How many numbers the data must determine: coefficients, nonlinear parameters and searched constants."""
        return len(self.symbols)

    def for_columns(self, names: tuple[str, ...]) -> "Law":
        """This law on the given columns: its own, or the member of its family with that many variables."""
        if self.any_variables is not None:
            return self.any_variables(names)
        if len(names) != len(self.variables):
            raise ValueError(
                f"the law {self.name!r} takes {len(self.variables)} column(s) ({', '.join(self.variables)}), "
                f"got {len(names)}: {', '.join(names)}"
            )
        return self

    def with_values(self, **values) -> "Law":
        """The same law with other values of its grid constants, e.g. ``law.with_values(q1=range(1, 65))``."""
        known = {constant.name for constant in self.grid_constants}
        if unknown := sorted(set(values) - known):
            raise ValueError(
                f"{self.name} has no grid constant {', '.join(unknown)}; it has: {', '.join(sorted(known)) or 'none'}"
            )
        for name, grid in values.items():
            if not len(tuple(grid)) or 0 in tuple(grid):
                raise ValueError(f"{name} needs at least one value and none of them 0")
        grid = (replace(c, values=tuple(float(v) for v in values.get(c.name, c.values))) for c in self.grid_constants)
        return replace(self, grid_constants=tuple(grid))


LAWS: dict[str, Law] = {}


def register(law: Law) -> Law:
    """Make ``law`` known under its name, to ``LAWS`` and to ``recscale fit --law``."""
    if law.name in LAWS:
        raise ValueError(f"a law named {law.name!r} is registered already")
    LAWS[law.name] = law
    return law


def get(name: str) -> Law:
    """The registered law of that name. ValueError, with the names there are, for any other."""
    if name not in LAWS:
        raise ValueError(f"there is no law {name!r}; choose from {', '.join(LAWS)}")
    return LAWS[name]
