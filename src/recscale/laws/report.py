"""A fit as text (the checklist of a careful scaling-law study) and as JSON."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from recscale.laws.checks import residual_tests, sensitivity
from recscale.laws.diagnostics import gradient

if TYPE_CHECKING:
    from recscale.laws.fit import Fit


def number(value: float | None) -> str:
    """Six significant digits, or a dash for what is not known."""
    return "–" if value is None or not np.isfinite(value) else f"{value:.6g}"


def count(values: np.ndarray) -> int:
    """How many distinct values there are."""
    return len(np.unique(values))


def text(fit: "Fit") -> str:
    """Form, points, predictions with their bands, parameters, quality, what was held out, warnings."""
    problem, points = fit.problem, fit.problem.points
    slope = gradient(problem, fit.best)
    scale = "y" if problem.scale == "y" else "log y" if fit.law.offset is None else "log(y - offset)"
    loss = "least squares" if problem.loss == "squares" else f"sum of Huber, δ = {problem.delta:g}"
    lines = [
        f"{fit.law.name}: {fit.law.equation}",
        f"  source       {fit.law.source or '–'}{'; ' + fit.law.units if fit.law.units else ''}",
        f"  points       {len(points)} in {count(points.configuration)} configurations, {count(points.sizes)} sizes",
    ]
    for name, c in zip(points.names, points.x, strict=True):
        decades = np.log10(c.max() / c.min())
        lines.append(f"  {name:<12} {number(c.min())} … {number(c.max())}, {count(c)} values, {decades:.2f} decades")
    lines += [f"  fitted by    {loss} on {scale}; objective {number(fit.objective)}, gradient {slope:.1e}"]
    lines += [f"  starts       {fit.starts_agreeing:.0%} of scattered starts reach this optimum"]
    lines += ["", "predictions (95 % band of the law; of one new measurement)", *_predictions(fit)]
    lines += ["", f"parameters (95 %, {fit.interval_method})"]
    for name, value in fit.parameters.items():
        low, high = fit.intervals[name]
        lines.append(f"  {name:<12} {number(value):>12}  [{number(low)}, {number(high)}]  {fit.law.symbols[name]}")
    lines += [
        f"  best {name:<7} {number(value):>12}{_interval(fit, name)}" for name, value in (fit.optimum or {}).items()
    ]
    lines += [
        "",
        f"quality        R² {number(fit.r2)}, adjusted {number(fit.r2_adjusted)}, AICc {number(fit.aicc)}, "
        f"leave-one-size-out RMSE {number(fit.leave_one_size_out_rmse)}",
    ]
    if fit.held_out:
        h = fit.held_out
        lines.append(
            f"held out       {h['sizes']} largest size(s), {h['points']} point(s): RMSE {number(h['rmse'])} "
            f"(no further gain {number(h['rmse_no_further_gain'])}, log-linear {number(h['rmse_log_linear'])}), "
            f"share inside the band {number(h['inside_band'])}"
        )
    lines += _checks(fit)
    lines += ["", "warnings", *(f"  - {warning}" for warning in fit.warnings or ("none",))]
    return "\n".join(lines)


def _checks(fit: "Fit") -> list[str]:
    """Residual tests, and how far the prediction beyond the points moves with the loss and with single points."""
    tests = residual_tests(fit)
    normal = tests.pop("normal")
    along = ", ".join(f"{name} {p:.2f}" for name, p in tests.items() if np.isfinite(p)) or "too few values"
    moved = sensitivity(fit)["at twice the largest"]
    single = moved.index.str.startswith("without")
    parts = {"by the loss": moved[~single], "without one configuration": moved[single]}
    spans = ", ".join(f"{number(part.min())} … {number(part.max())} {name}" for name, part in parts.items())
    return [
        f"residuals      p of runs along: {along}; p of normality {number(normal)} (small: not noise)",
        f"sensitivity    at twice the largest size {number(moved.iloc[0])}: {spans}",
    ]


def _interval(fit: "Fit", name: str) -> str:
    limits = (fit.optimum_intervals or {}).get(name)
    return f"  [{number(limits[0])}, {number(limits[1])}]" if limits else ""


def _predictions(fit: "Fit") -> list[str]:
    """The law at the smallest and largest measured sizes and one doubling of every variable beyond."""
    points = fit.problem.points
    small, large = np.argmin(points.scale), np.argmax(points.scale)
    rows = {n: np.array([c[small], c[large], 2 * c[large]]) for n, c in zip(points.names, points.x, strict=True)}
    value = fit.predict(rows)
    law, new = fit.band(rows), fit.band(rows, observation=True)
    lines = []
    for i, where in enumerate(("smallest", "largest", "twice that")):
        bands = "  ".join(f"[{number(low[i])}, {number(high[i])}]" for low, high in (law, new))
        lines.append(f"  {where:<12} {number(value[i]):>12}  {bands}")
    return lines


def as_json(fit: "Fit", group: Mapping | None = None) -> dict:
    """The fit as plain JSON values, full precision; null for what is not finite."""
    return {
        "group": dict(group or {}),
        "law": fit.law.name,
        "n_points": fit.n_points,
        "parameters": _plain(fit.parameters),
        "intervals": _plain(fit.intervals),
        "objective": _plain(fit.objective),
        "r2": _plain(fit.r2),
        "r2_adjusted": _plain(fit.r2_adjusted),
        "aicc": _plain(fit.aicc),
        "leave_one_size_out_rmse": _plain(fit.leave_one_size_out_rmse),
        "held_out": _plain(fit.held_out),
        "optimum": _plain(fit.optimum),
        "warnings": list(fit.warnings),
    }


def _plain(value):
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
