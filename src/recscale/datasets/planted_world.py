"""A world whose scaling law is known: interactions of chosen orders whose strengths fall as a power law.

An impression has F fields of V values, a power of two (16: four bits), uniform and independent. The *features* of a
field are its V - 1 balanced Walsh functions ``w_m(v) = (-1)^(number of bits of m & v)``, m = 1 … V - 1. Interaction
j = 1 … J is a product of features of o_j different fields, and no two interactions are equal, so that all of them are
exactly orthonormal:

    χ_j(x) = Π_i w_{m_i}(x_{f_i}) = ±1,        E χ_j = 0,        E χ_i χ_j = [i = j],

    z(x) = Σ_j s_j χ_j(x),        |s_j| = c j^(-(1+a)/2),        P(label = 1 | x) = p(x) = σ(z(x)).

Features are dealt out like cards: none comes twice before all (V - 1) F have come. While Σ_j o_j ≤ (V - 1) F none ever
does. Then, with every order two, this is what a model has room for whose logit is a quadratic form of the features:

* A sum of r products of two linear forms (CrossNet with one layer of rank r, whose linear terms take up what products
  leave within a field) can hold the N = 2 r strongest interactions. A product of forms is a difference of two squares,
  and one square holds one interaction: s φ_a φ_b = ± (|s|/2) (φ_a ± φ_b)² + constant. Across a cut of the fields into
  two sets, whose interactions are the singular values of a block of rank 2 r, it can't hold more (Eckart, Young 1936).
* Tables of width d, which carry d functions of a field's value, hold at best the N = d F / 2 strongest, as a dealt
  round takes one feature of every field.

**What a model loses.** Its excess over the Bayes loss E H(p) is E KL(p ‖ q) = ½ E[p(1-p) δ²] + O(E|δ|³), δ the error
of its logit. Let I = E p(1-p), and take p(1-p) and δ² as uncorrelated: good while δ is small and the sum of many
interactions none of which rules z.

*Size.* A model that holds the N strongest interactions exactly has δ = Σ_{j>N} s_j χ_j. With J → ∞

    excess(N) = ½ I Σ_{j>N} s_j²  ≈  (I c² / 2a) N^(-a).

One that is *fitted* while it misses them shrinks its logits (an unseen δ of variance τ² makes of σ(z) about
σ(z (1 + πτ²/8)^(-1/2))), and loses a little less: a tenth at N = 1 and a deviation of 2, nothing to speak of later.

*Data.* The ideal learner is told every χ_j and |s_j|; it estimates the J numbers s_j, a priori N(0, s_j²), from D rows.
Their Fisher information is about I D times the unit matrix, so that the posterior mode is a ridge estimate. With
λ = 1/s_j² its bias is -λ s_j / (λ + I D) and its variance I D / (λ + I D)², together E δ_j² = 1 / (λ + I D), and

    excess(D) = ½ I Σ_j 1 / (1/s_j² + I D)  ≈  ½ (θ / sin θ) (c² I D)^(1/(1+a)) / D  ∝  D^(-a/(1+a)),     θ = π/(1+a).

*Both.* excess(N, D) = ½ I (Σ_{j≤N} 1 / (1/s_j² + I D) + Σ_{j>N} s_j²), which ``PlantedWorld.excess`` returns.

*A learner that must find its interactions* finds those with I D s_j² > κ, each then known to within κ / (I D):
excess ≈ ½ I (Σ_{found} κ/(I D) + Σ_{others} s_j²). Where κ doesn't depend on D, the exponent is still a/(1+a): such a
learner needs about κ times the ideal one's rows (``PlantedWorld.excess_found``).

**Where the law ends.** J is finite: Σ_{j=N+1}^J s_j² falls faster than N^(-a) once N nears J; for a = 1 it is about
c² (1/N - 1/J). From D = 1 / (I s_J²) rows on every interaction is known, and excess(D) → J / 2D: the exponent 1 of a
model with J parameters. And while a handful of interactions is known, steps are seen and no power. A fit belongs in
between, or uses the sums, which know all these ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from math import comb

import numpy as np
from jaxtyping import Bool, Float, Int, Integer
from scipy.special import entr, expit

from recscale.datasets.encode import PARTS
from recscale.datasets.synthetic import synthetic_recipe
from recscale.datasets.tables import CTRData, Field

BLOCK = 2**14
"""Rows drawn together."""

HELD_OUT = 2**14
"""Rows of valid and of test."""

Held = int | Bool[np.ndarray, " J"] | None


@dataclass(frozen=True)
class PlantedWorld:
    """The law of a planted world, and its rows.

    n_fields      F
    values        V
    interactions  J
    decay         a, the exponent of the excess in the number of interactions held
    deviation     standard deviation of the logit, (Σ s_j²)^½, which sets c
    orders        each for an equal share of the interactions, whatever their strength
    seed          of interactions, signs and rows
    """

    n_fields: int = 16
    values: int = 16
    interactions: int = 120
    decay: float = 1.0
    deviation: float = 2.0
    orders: tuple[int, ...] = (2,)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.orders or not 1 <= min(self.orders) <= max(self.orders) <= min(4, self.n_fields):
            raise ValueError(f"orders must be from 1 to 4 and at most n_fields, {self.n_fields}; got {self.orders}")
        if self.values not in (2, 4, 8, 16):
            raise ValueError(f"values must be 2, 4, 8 or 16; got {self.values}")
        if self.decay <= 0 or self.deviation <= 0:
            raise ValueError(f"decay and deviation must be above 0; got {self.decay} and {self.deviation}")
        most = len(self.orders) * min(comb(self.n_fields, order) * (self.values - 1) ** order for order in self.orders)
        if not len(self.orders) <= self.interactions <= most:
            raise ValueError(f"interactions must be from {len(self.orders)} to {most}; got {self.interactions}")

    @property
    def size_exponent(self) -> float:
        """a: excess ∝ N^(-a)."""
        return self.decay

    @property
    def data_exponent(self) -> float:
        """a/(1+a): excess ∝ D^(-a/(1+a))."""
        return self.decay / (1 + self.decay)

    @cached_property
    def strengths(self) -> Float[np.ndarray, " J"]:
        """s_j, the strongest first, with random signs."""
        falling = np.arange(1, self.interactions + 1) ** (-(1 + self.decay) / 2)
        signs = np.random.default_rng([self.seed, 1]).choice([-1, 1], size=self.interactions)
        return signs * falling * self.deviation / np.linalg.norm(falling)

    @cached_property
    def masks(self) -> Integer[np.ndarray, "J F"]:
        """m of every interaction and field; 0 where the interaction doesn't read the field."""
        generator = np.random.default_rng([self.seed, 0])
        orders = generator.permutation(np.resize(self.orders, self.interactions))
        masks = np.zeros((self.interactions, self.n_fields), dtype=np.uint8)
        decks: list[list[int]] = []
        dealt: set[bytes] = set()
        for row, order in zip(masks, orders, strict=True):
            while not row.any() or row.tobytes() in dealt:
                if sum(map(bool, decks)) < order:
                    decks = [(1 + generator.permutation(self.values - 1)).tolist() for _ in range(self.n_fields)]
                # From the fields with the most cards: otherwise the last cards would all be of one field.
                fields = np.lexsort((generator.random(self.n_fields), [-len(deck) for deck in decks]))[:order]
                row[:] = 0
                row[fields] = [decks[field].pop() for field in fields]
            dealt.add(row.tobytes())
        return masks

    @property
    def order(self) -> Int[np.ndarray, " J"]:
        """o_j."""
        return np.count_nonzero(self.masks, axis=1)

    @cached_property
    def tables(self) -> dict[tuple[int, ...], Float[np.ndarray, " _"]]:
        """Fields -> Σ s_j χ_j over the interactions of just these fields, per cell; the last field runs fastest."""
        walsh = walsh_functions(self.values)
        tables: dict[tuple[int, ...], np.ndarray] = {}
        for strength, mask in zip(self.strengths, self.masks, strict=True):
            fields = tuple(np.flatnonzero(mask).tolist())
            product = np.ones(1)
            for field in fields:
                product = np.outer(product, walsh[mask[field]]).ravel()
            tables[fields] = tables.get(fields, 0.0) + strength * product
        return tables

    def logits(self, values: Integer[np.ndarray, "rows F"]) -> Float[np.ndarray, " rows"]:
        """z(x)."""
        columns = np.ascontiguousarray(values.T, dtype=np.uint16)
        z = np.zeros(len(values))
        for fields, table in self.tables.items():
            cell = columns[fields[0]]
            for field in fields[1:]:
                cell = cell * np.uint16(self.values) + columns[field]
            z += table.take(cell)
        return z

    def functions(self, values: Integer[np.ndarray, "rows F"]) -> Float[np.ndarray, "rows J"]:
        """χ_j(x), ±1."""
        walsh = walsh_functions(self.values)
        return np.stack(
            [
                np.prod([walsh[mask[field], values[:, field]] for field in np.flatnonzero(mask)], axis=0)
                for mask in self.masks
            ],
            axis=1,
        )

    def rows(
        self, part: str, count: int, start: int = 0
    ) -> tuple[Integer[np.ndarray, "count F"], Float[np.ndarray, " count"]]:
        """Values and labels of ``count`` rows from ``start`` on, of one of three independent streams without end.

        A row is the same however a stream is cut into calls. Labels of "train" are drawn, 0 or 1; those of "valid" and
        "test" are p(x) itself, so that log loss on them is the expected one, without the noise of labels.
        """
        if part not in PARTS:
            raise ValueError(f"part must be one of {', '.join(PARTS)}; got {part!r}")
        blocks = [self._block(part, index) for index in range(start // BLOCK, -(-(start + count) // BLOCK))]
        first = start % BLOCK
        values, labels = (np.concatenate(column)[first : first + count] for column in zip(*blocks, strict=True))
        return values, labels

    def _block(self, part: str, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows ``index · BLOCK`` … of a stream, from a generator of their own."""
        generator = np.random.default_rng([self.seed, 2 + PARTS.index(part), index])
        values = generator.integers(self.values, size=(BLOCK, self.n_fields), dtype=np.uint8)
        p = expit(self.logits(values))
        return values, (generator.random(BLOCK) < p if part == "train" else p).astype(np.float32)

    def data(self, rows: int, name: str = "planted-world") -> CTRData:
        """``rows`` of train beside ``HELD_OUT`` each of valid and test, as an official split."""
        counts = (rows, HELD_OUT, HELD_OUT)
        streams = [self.rows(part, count) for part, count in zip(PARTS, counts, strict=True)]
        values, labels = (np.concatenate(column) for column in zip(*streams, strict=True))
        names = [f"field_{index}" for index in range(self.n_fields)]
        return CTRData(
            name=name,
            fields=tuple(Field(name, self.values) for name in names),
            ids=dict(zip(names, np.ascontiguousarray(values.T), strict=True)),
            dense=np.zeros((len(labels), 0), dtype=np.float32),
            dense_names=(),
            labels=labels[:, None],
            tasks=("label",),
            timestamp=None,
            part=np.repeat(np.arange(len(PARTS), dtype=np.int8), counts),
            checksum=self.checksum(rows),
        )

    def checksum(self, rows: int) -> str:
        """The data checksum of ``data(rows)``, without making it."""
        return synthetic_recipe("planted_world", self, rows, HELD_OUT)

    @cached_property
    def _test_probabilities(self) -> Float[np.ndarray, " rows"]:
        return self.rows("test", HELD_OUT)[1].astype(np.float64)

    @property
    def information(self) -> float:
        """I = E p(1-p), over the test rows."""
        p = self._test_probabilities
        return float(np.mean(p * (1 - p)))

    @property
    def bayes_logloss(self) -> float:
        """Mean entropy of the test rows' labels in nats. A model's test log loss less this is its excess."""
        p = self._test_probabilities
        return float(np.mean(entr(p) + entr(1 - p)))

    def excess(self, held: Held = None, rows: float = np.inf) -> float:
        """excess(N, D) in nats of a model that holds the interactions ``held``, learnt ideally from ``rows`` rows.

        held   how many of the strongest, or a mask (J,) of which ones; None: all
        """
        return self._excess(held, 1 / (1 / self.strengths**2 + self.information * rows))

    def excess_found(self, rows: float, kappa: float, held: Held = None) -> float:
        """The same of a learner that must find its interactions: of those it can hold, the ones with I D s_j² > κ."""
        return self._excess(held, np.minimum(self.strengths**2, kappa / (self.information * rows)))

    def _excess(self, held: Held, errors: Float[np.ndarray, " J"]) -> float:
        """½ I Σ_j of the squared ``errors`` of the strengths, which are the whole strengths where not held."""
        if held is not None:
            holds = np.arange(self.interactions) < held if np.ndim(held) == 0 else held
            errors = np.where(holds, errors, self.strengths**2)
        return float(self.information / 2 * errors.sum())


def walsh_functions(values: int) -> Float[np.ndarray, "V V"]:
    """w_m(v) by m and v: row 0 is constant, the others are balanced, and all are orthogonal."""
    bits = np.bitwise_count(np.arange(values)[:, None] & np.arange(values))
    return 1.0 - 2.0 * (bits % 2)


WORLD = PlantedWorld()
"""Pairs."""

WORLD_OF_ORDERS = PlantedWorld(n_fields=8, values=4, interactions=60, orders=(2, 3, 4), seed=752)
"""Pairs, triples and quadruples of few features, as triples are hard to find. The strongest six are two of each, in
turns."""

PLANTED: dict[str, tuple[PlantedWorld, int]] = {
    "synthetic-world": (WORLD, 10**6),
    "synthetic-world-10m": (WORLD, 10**7),
    "synthetic-world-orders": (WORLD_OF_ORDERS, 10**6),
}
"""Data set -> its world, and its training rows: the first ones of the world's stream."""

PLANTED_SETS: dict[str, Callable[[], CTRData]] = {
    name: partial(world.data, rows, name) for name, (world, rows) in PLANTED.items()
}
