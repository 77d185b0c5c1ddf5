"""Every law with known constants on a grid that identifies them: law name -> (x, true parameters, y)."""

import numpy as np


def grid(*axes):
    return tuple(part.reshape(-1) for part in np.meshgrid(*map(np.asarray, axes), indexing="ij"))


def inside(x, w, p):
    return w * np.log(x) + p * x**-w


def outside(x, w, p):
    return np.log(x) + p * x**-w


x = np.geomspace(1.0, 1e4, 12)
N, D = grid(np.geomspace(5e7, 1e10, 6), np.geomspace(1e9, 2e11, 6))
H, d = grid([4.0, 8, 12, 16, 24, 32], [25.0, 50, 75, 100])
H3, d3, D3 = grid([4.0, 8, 16, 32], [25.0, 50, 100], [1e5, 1e6, 1e7, 2e8])

TRUTHS = {
    "constant": ({"x": x}, {"c": 0.7}, np.full(12, 0.7)),
    "log-linear": ({"x": x}, {"c": 1.0, "β_x": 0.1}, 1 + 0.1 * np.log(x)),
    "log-quadratic": (
        {"x": x},
        {"c": 1.0, "β_x": 0.1, "γ_x": -0.01},
        1 + 0.1 * np.log(x) - 0.01 * np.log(x) ** 2,
    ),
    "power-law": ({"x": x}, {"A": 3.0, "α": 0.3}, 3 * x**-0.3),
    "power-law-floor": ({"x": x}, {"E": 1.0, "A": 2.0, "α": 0.4}, 1 + 2 * x**-0.4),
    "wukong": ({"x": x}, {"A": 99.56, "c": 0.00071}, -100 + 99.56 * x**-0.00071),
    "loss-law": ({"N": x}, {"K": 2.2, "1/D": 0.05, "a": 0.1}, 2.2 * (1 / x + 0.05) ** 0.1),
    "kaplan": (
        {"N": N, "D": D},
        {"N_C": 8.8e13, "D_C": 5.4e13, "α_N": 0.076, "α_D": 0.095},
        ((8.8e13 / N) ** (0.076 / 0.095) + 5.4e13 / D) ** 0.095,
    ),
    "chinchilla": (
        {"N": N, "D": D},
        {"E": 1.8172, "A": 482.01, "B": 2085.43, "α": 0.3478, "β": 0.3658},
        1.8172 + 482.01 * N**-0.3478 + 2085.43 * D**-0.3658,
    ),
    "performance-law": (
        {"layers": H, "width": d},
        {"w1": -0.03, "w2": -0.2, "b": 0.03, "w3": -0.55, "w4": -0.39, "q1": 5},
        -0.03 * inside(H, -0.55, 1 / 5) - 0.2 * inside(d, -0.39, 1 / 5) + 0.03,
    ),
    "performance-law-outside": (
        {"layers": H, "width": d},
        {"w1": 0.02, "w2": 0.03, "b": 0.03, "w3": 0.5, "w4": 0.7, "p1": -12},
        0.02 * outside(H, 0.5, -12) + 0.03 * outside(d, 0.7, -12) + 0.03,
    ),
    "performance-law-joint": (
        {"layers": H3, "width": d3, "data": D3},
        {"w1": -0.03, "w2": -0.2, "b": -0.3, "w3": -0.55, "w4": -0.39, "w5": 0.02, "q1": 5, "q2": 3},
        -0.03 * inside(H3, -0.55, 1 / 5) - 0.2 * inside(d3, -0.39, 1 / 5) + inside(D3, 0.02, 1 / 3) - 0.3,
    ),
}
