"""A world whose scaling law is known: interactions of chosen orders whose strengths fall as a power law.

An impression has F fields of V = 16 values (four bits), uniform and independent. A *feature* of a field is one of its 15
balanced Walsh functions ``w_m(v) = (-1)^{number of bits in m & v}``, m = 1 … 15. Interaction j = 1 … J is a product of
o_j features of as many different fields, and no two interactions are equal, so that all of them are exactly orthonormal:

    χ_j(x) = Π_i w_{m_i}(x_{f_i}) = ±1,      E[χ_j] = 0,      E[χ_i χ_j] = [i = j].

    z(x) = Σ_j s_j χ_j(x),      |s_j| = c j^{-(1+a)/2},      P(label = 1 | x) = p(x) = σ(z(x)).

Features are dealt out like cards: none is used twice before all 15 F have been used. With Σ_j o_j ≤ 15 F none ever is,
and for interactions of order two the matrix A of z = φᵀ A φ, φ the 15 F features, has the singular values |s_j|: a
bilinear model of rank N (CrossNet with one layer of rank N) holds at best N interactions, the strongest ones
(Eckart and Young 1936).

**What a model costs.** Its excess over the Bayes loss E[H(p)] is E[KL(p ‖ q)] = ½ E[p(1-p) δ²] + O(E|δ|³), δ the error
of its logit. Let I = E[p(1-p)] and take p(1-p) and δ² as uncorrelated, which is good while δ is small and made of many
interactions of which none rules z.

*Size.* A model that holds the N strongest interactions exactly has δ = Σ_{j>N} s_j χ_j. With J → ∞

    excess(N) = ½ I Σ_{j>N}^J s_j²  ≈  (I c² / 2a) N^{-a}.

*Data.* The ideal learner is told every χ_j and |s_j|: it estimates the s_j alone, a priori N(0, s_j²), from D rows.
The Fisher information of all s is about D·I·(unit matrix), so that the posterior mode is a ridge estimate: with λ = 1/s_j²
its bias is -λ/(λ + I D) s_j and its variance I D/(λ + I D)², which add up to E[δ_j²] = 1/(1/s_j² + I D), and

    excess(D) = ½ I Σ_j 1/(1/s_j² + I D)  ≈  ½ (π/(1+a)) / sin(π/(1+a)) · (c² I D)^{1/(1+a)} / D   ∝   D^{-a/(1+a)}.

*Both.* excess(N, D) = ½ I (Σ_{j≤N} 1/(1/s_j² + I D) + Σ_{j>N}^J s_j²): what ``PlantedWorld.excess`` returns.

*A learner that must find its interactions* finds those with I D s_j² above some κ (κ = 1 is the ideal learner's
border): excess ≈ ½ I (Σ_{found} κ/(I D) + Σ_{others} s_j²), again ∝ D^{-a/(1+a)}. It needs κ times the rows, and the
exponent is the same, as long as κ is.

**Where the law ends.** J is finite. Σ_{j>N}^J s_j² falls faster than N^{-a} once N nears J: for a = 1 it is
c² (1/N - 1/J). With more than D = 1/(I s_J²) rows every interaction is known and excess(D) → J / 2D, the exponent 1 of a
parametric model. And the first interactions are no power law yet: Σ_{j>0} has no N^{-a}. Fits belong in between, or use
``excess``, which has none of these ends' errors.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int, Integer

from recscale.datasets.synthetic import recipe
from recscale.datasets.tables import CTRData, CTRSplit, Field

VALUES = 16
"""Values of a field."""

PARTS = ("train", "valid", "test")

BLOCK = 2**14
"""Rows that are drawn together; row i of a part is the same whatever is drawn before or after it."""

HELD_OUT = 2**15
"""Rows of valid and of test."""


@dataclass(frozen=True)
class PlantedWorld:
    """The law of a planted world, and its rows.

    n_fields      F
    interactions  J
    decay         a: the exponent of the excess loss in the number of interactions held
    deviation     standard deviation of the logit, (Σ s_j²)^½; it sets c
    orders        o_j is drawn from these, each for the same share of interactions, whatever their strength
    seed          of the interactions, their signs and the rows
    """

    n_fields: int = 16
    interactions: int = 120
    decay: float = 1.0
    deviation: float = 2.0
    orders: tuple[int, ...] = (2,)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.orders or min(self.orders) < 1 or max(self.orders) > min(4, self.n_fields):
            raise ValueError(f"orders must be from 1 to 4 and at most n_fields = {self.n_fields}; got {self.orders}")
        if self.interactions < len(self.orders):
            raise ValueError(f"{len(self.orders)} orders need as many interactions; got {self.interactions}")
        if self.decay <= 0 or self.deviation <= 0:
            raise ValueError(f"decay and deviation must be above 0; got {self.decay} and {self.deviation}")

    @property
    def size_exponent(self) -> float:
        """a: excess ∝ N^-a."""
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
    def masks(self) -> Int[np.ndarray, "J F"]:
        """m of every interaction and field; 0 where the interaction doesn't read the field."""
        generator = np.random.default_rng([self.seed, 0])
        orders = generator.permutation(np.resize(self.orders, self.interactions))
        masks = np.zeros((self.interactions, self.n_fields), dtype=np.uint8)
        seen: set[bytes] = set()
        decks: list[list[int]] = []
        for row, order in zip(masks, orders, strict=True):
            while not row.any() or row.tobytes() in seen:
                if sum(map(bool, decks)) < order:
                    decks = generator.permuted(np.tile(np.arange(1, VALUES), (self.n_fields, 1)), axis=1).tolist()
                # The fields with the most cards: no field is left over when the others have none.
                fields = np.lexsort((generator.random(self.n_fields), [-len(deck) for deck in decks]))[:order]
                row[:] = 0
                row[fields] = [decks[field].pop() for field in fields]
            seen.add(row.tobytes())
        return masks

    @cached_property
    def tables(self) -> dict[tuple[int, ...], Float[np.ndarray, " cells"]]:
        """Fields that interact -> the sum of their s_j χ_j for all their values, the last field's running fastest."""
        walsh = walsh_functions()
        tables: dict[tuple[int, ...], np.ndarray] = {}
        for strength, mask in zip(self.strengths, self.masks, strict=True):
            fields = tuple(np.flatnonzero(mask).tolist())
            product = np.ones(1)
            for field in fields:
                product = np.outer(product, walsh[mask[field]]).ravel()
            tables[fields] = tables.get(fields, 0.0) + strength * product
        return tables

    def logits(self, values: Int[np.ndarray, "rows F"]) -> Float[np.ndarray, " rows"]:
        """z(x)."""
        columns = np.ascontiguousarray(values.T, dtype=np.uint16)
        z = np.zeros(len(values))
        for fields, table in self.tables.items():
            cell = columns[fields[0]]
            for field in fields[1:]:
                cell = cell * np.uint16(VALUES) + columns[field]
            z += table.take(cell)
        return z

    def functions(self, values: Int[np.ndarray, "rows F"]) -> Int[np.ndarray, "rows J"]:
        """χ_j(x), each ±1: for checks and for the ideal learner; ``logits`` needs no such matrix."""
        walsh = walsh_functions().astype(np.int8)
        return np.stack([np.prod(walsh[mask, values], axis=1, dtype=np.int8) for mask in self.masks], axis=1)

    def values(self, part: str, rows: int, start: int = 0) -> Int[np.ndarray, "rows F"]:
        """The ids of rows ``start`` … ``start + rows - 1`` of "train", "valid" or "test": independent streams."""
        return np.concatenate([values for values, _ in self._stream(part, rows, start)])

    def excess(self, held: int | None = None, rows: float = np.inf) -> float:
        """Expected log loss over Bayes of a model that holds the ``held`` strongest interactions (None: all), each as
        well as ``rows`` rows tell: the double sum of the module's text, in nats."""
        squares = self.strengths**2
        held = self.interactions if held is None else min(held, self.interactions)
        unknown = 1 / (1 / squares[:held] + self.information * rows)
        return float(self.information / 2 * (unknown.sum() + squares[held:].sum()))

    @cached_property
    def information(self) -> float:
        """I = E[p(1-p)], the mean over test."""
        p = sigmoid(self.logits(self.values("test", HELD_OUT)))
        return float(np.mean(p * (1 - p)))

    @cached_property
    def bayes_logloss(self) -> float:
        """Mean entropy of the test rows' labels in nats: test log loss minus this is the excess, without label noise."""
        z = self.logits(self.values("test", HELD_OUT))
        return float(np.mean(np.logaddexp(0, z) - sigmoid(z) * z))

    def impressions(self, part: str, rows: int, start: int = 0) -> CTRData:
        """Rows of one part. Labels of train are drawn, 0 or 1; those of valid and test are p(x) itself, so that log
        loss on them is the expected one."""
        blocks = [(values, *self._labels(part, values, coins)) for values, coins in self._stream(part, rows, start)]
        values, labels = (np.concatenate(column) for column in zip(*blocks, strict=True))
        names = field_names(self.n_fields)
        return CTRData(
            name="planted-world",
            fields=tuple(Field(name, VALUES) for name in names),
            ids={name: np.ascontiguousarray(values[:, index]) for index, name in enumerate(names)},
            dense=np.zeros((len(values), 0), dtype=np.float32),
            dense_names=(),
            labels=labels[:, None],
            tasks=("label",),
            timestamp=None,
            part=None,
            checksum=recipe("planted_world", self, part, rows, start),
        )

    def split(self, rows: int) -> CTRSplit:
        """``rows`` training rows, fresh ones, beside ``HELD_OUT`` each of valid and of test."""
        return CTRSplit(*(self.impressions(part, rows if part == "train" else HELD_OUT) for part in PARTS))

    def _labels(self, part, values, coins):
        p = sigmoid(self.logits(values))
        return ((coins < p) if part == "train" else p).astype(np.float32),

    def _stream(self, part: str, rows: int, start: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(values, one uniform number for the label) block by block."""
        for block in range(start // BLOCK, -(-(start + rows) // BLOCK)):
            generator = np.random.default_rng([self.seed, 2, PARTS.index(part), block])
            values = generator.integers(VALUES, size=(BLOCK, self.n_fields), dtype=np.uint8)
            coins = generator.random(BLOCK)
            first = block * BLOCK
            wanted = slice(max(start - first, 0), min(start + rows - first, BLOCK))
            yield values[wanted], coins[wanted]


def walsh_functions() -> Float[np.ndarray, "16 16"]:
    """w_m(v) by m and v; row 0 is constant, the 15 others are balanced, all are orthogonal."""
    bits = np.bitwise_count(np.arange(VALUES)[:, None] & np.arange(VALUES))
    return 1.0 - 2.0 * (bits % 2)


def field_names(n_fields: int) -> list[str]:
    return [f"field_{index}" for index in range(n_fields)]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))
