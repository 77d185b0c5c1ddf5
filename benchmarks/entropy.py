"""How fast the entropies are: `python benchmarks/entropy.py`. Single thread; best of a few repetitions.

The two promises: approximate entropy of 1,000,000 symbols in at most 1 s; at least 1,000 times faster than the direct
O(n²) definition at n = 10,000 (the vectorised one in NumPy; the plain double loop would be slower still).
"""

import time
from collections.abc import Callable

import numpy as np

from recscale import entropy
from recscale.entropy.windows import near_windows

N_ITEMS = 4_000


def seconds(call: Callable[[], object], repetitions: int) -> float:
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def direct_apen(sequence: np.ndarray, m: int) -> float:
    """The definition: every window against every window."""
    phi = []
    for length in (m, m + 1):
        counts = near_windows(sequence[None], length, r=0.0)
        phi.append(np.log(counts / counts.shape[1]).mean())
    return abs(phi[0] - phi[1])


def main() -> None:
    rng = np.random.default_rng(0)
    small, large = rng.integers(0, N_ITEMS, 10_000), rng.integers(0, N_ITEMS, 1_000_000)
    assert np.isclose(direct_apen(small, 2), entropy.approximate_entropy(small, 2))
    direct, counting = (
        seconds(lambda: direct_apen(small, 2), 2),
        seconds(lambda: entropy.approximate_entropy(small), 50),
    )
    print(f"ApEn(m=2, r=0), n = 10,000: direct {direct:.3f} s, counting {1e3 * counting:.3f} ms", end="")
    print(f": {direct / counting:,.0f} times faster (promised: 1,000)")
    print("\n1,000,000 symbols, one sequence:")
    for function in (entropy.approximate_entropy, entropy.sample_entropy, entropy.real_entropy):
        print(f"  {function.__name__:24s}{seconds(lambda f=function: f(large), 3):8.3f} s")
    print(f"  {'real_entropy, constant':24s}{seconds(lambda: entropy.real_entropy(np.zeros_like(large)), 1):8.3f} s")
    offsets = np.arange(0, len(large) + 1, 100)
    print("1,000,000 symbols, 10,000 users:")
    for function in (
        entropy.approximate_entropy_per_user,
        entropy.sample_entropy_per_user,
        entropy.real_entropy_per_user,
    ):
        print(f"  {function.__name__:30s}{seconds(lambda f=function: f(large, offsets), 3):8.3f} s")
    print(f"  {'data_quality (19 readings)':30s}{seconds(lambda: entropy.data_quality(large, offsets), 1):8.3f} s")


if __name__ == "__main__":
    main()
