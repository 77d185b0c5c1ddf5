"""A fit as text (the checklist of a careful scaling-law study) and as JSON."""

import math
from collections.abc import Mapping

import numpy as np

from recscale.laws.diagnostics import PER_PARAMETER, STATIONARY, Identifiability
from recscale.laws.fit import Fit
from recscale.laws.points import DECADES, PointDiagnostics

TOLD = (
    *("n_points", "parameters", "intervals", "objective", "r2", "r2_adjusted", "aicc"),
    *("leave_one_size_out_rmse", "held_out", "optimum"),
)
"""What ``to_json`` tells of a fit under the same names."""

LINEARISED = "linearised, Student's t; bands averaged over a searched constant"
"""Where the intervals of a fit without resamples come from."""


def _number(value: float | None) -> str:
    """Six significant digits, or a dash for what is not known."""
    return "–" if value is None or not np.isfinite(value) else f"{value:.6g}"


def count(values: np.ndarray) -> int:
    """How many distinct values there are."""
    return len(np.unique(values))


def report(fit: Fit) -> str:
    """Everything a reader should see before believing the fit, as plain text.

    Form, points, predictions with their bands, parameters, quality, what was held out, residuals, warnings.
    """
    problem, points = fit.problem, fit.problem.points
    scale = "y" if problem.scale == "y" else "log y" if fit.law.offset is None else "log(y - offset)"
    loss = "least squares" if problem.loss == "squares" else f"sum of Huber, δ = {problem.delta:g}"
    lines = [
        f"{fit.law.name}: {fit.law.equation}",
        f"  source       {fit.law.source or '–'}{'; ' + fit.law.units if fit.law.units else ''}",
        f"  points       {len(points)} in {count(points.configuration)} configurations, {count(points.sizes)} sizes",
    ]
    for name, c in zip(points.names, points.x, strict=True):
        decades = np.log10(c.max() / c.min())
        lines.append(f"  {name:<12} {_number(c.min())} … {_number(c.max())}, {count(c)} values, {decades:.2f} decades")
    lines += [f"  fitted by    {loss} on {scale}; objective {_number(fit.objective)}, gradient {fit.gradient:.1e}"]
    lines += [f"  starts       {fit.starts_agreeing:.0%} of scattered starts reach this optimum"]
    lines += ["", "predictions (95 % band of the law; of one new measurement)", *_predictions(fit)]
    drawn = fit.resamples
    method = f"bootstrap over configurations, {len(drawn.cost)} resamples" if drawn is not None else LINEARISED
    lines += ["", f"parameters (95 %, {method})"]
    for name, value in fit.parameters.items():
        low, high = fit.intervals[name]
        lines.append(f"  {name:<12} {_number(value):>12}  [{_number(low)}, {_number(high)}]  {fit.law.symbols[name]}")
    for name, value in (fit.optimum or {}).items():
        limits = (fit.optimum_intervals or {}).get(name)
        interval = f"  [{_number(limits[0])}, {_number(limits[1])}]" if limits else ""
        lines.append(f"  best {name:<7} {_number(value):>12}{interval}")
    lines += [
        "",
        f"quality        R² {_number(fit.r2)}, adjusted {_number(fit.r2_adjusted)}, AICc {_number(fit.aicc)}, "
        f"leave-one-size-out RMSE {_number(fit.leave_one_size_out_rmse)}",
    ]
    if fit.held_out:
        h = fit.held_out
        lines.append(
            f"held out       {h['sizes']} largest size(s), {h['points']} point(s): RMSE {_number(h['rmse'])} "
            f"(no further gain {_number(h['rmse_no_further_gain'])}, log-linear {_number(h['rmse_log_linear'])}), "
            f"share inside the band {_number(h['inside_band'])}"
        )
    lines += _checks(fit)
    lines += ["", "warnings", *(f"  - {warning}" for warning in warnings_of(fit) or ("none",))]
    return "\n".join(lines)


def _checks(fit: Fit) -> list[str]:
    """Residual tests, and how far the prediction beyond the points moves with the loss and with single points."""
    tests = fit.residual_tests()
    normal = tests.pop("normal")
    along = ", ".join(f"{name} {p:.2f}" for name, p in tests.items() if np.isfinite(p)) or "too few values"
    table = fit.sensitivity()
    moved, left_out = table["at twice the largest"], table["change"] == "left out"
    parts = {"by the loss": moved[~left_out], "without one configuration": moved[left_out]}
    spans = ", ".join(f"{_number(part.min())} … {_number(part.max())} {name}" for name, part in parts.items())
    return [
        f"residuals      p of runs along: {along}; p of normality {_number(normal)} (small: not noise)",
        f"sensitivity    at twice the largest size {_number(moved.iloc[0])}: {spans}",
    ]


def _predictions(fit: Fit) -> list[str]:
    """The law at the smallest and largest measured sizes and one doubling of every variable beyond."""
    points = fit.problem.points
    small, large = np.argmin(points.scale), np.argmax(points.scale)
    rows = {n: np.array([c[small], c[large], 2 * c[large]]) for n, c in zip(points.names, points.x, strict=True)}
    value = fit.predict(rows)
    law, new = fit.band(rows), fit.band(rows, observation=True)
    lines = []
    for i, where in enumerate(("smallest", "largest", "twice that")):
        bands = "  ".join(f"[{_number(low[i])}, {_number(high[i])}]" for low, high in (law, new))
        lines.append(f"  {where:<12} {_number(value[i]):>12}  {bands}")
    return lines


def warnings_of(fit: Fit) -> tuple[str, ...]:
    """Everything that should keep a reader from taking the fit at face value, one sentence each."""
    lines = [*_point_warnings(fit.point_diagnostics), *fit.law.caveats]
    if fit.few_configurations:
        lines.append(
            f"{fit.configurations} configurations for {fit.law.free} free parameters: fewer than {PER_PARAMETER} each"
        )
    lines += _identifiability_warnings(fit.identifiability)
    lines += [f"{name} is held at its bound {value:g}" for name, value in fit.parameters_at_bound.items()]
    lines += [
        f"the best {name} = {value:g} lies at the edge of its search, {low:g}…{high:g}"
        for name, (value, low, high) in fit.constants_at_edge.items()
    ]
    lines += [
        f"the peak in {name}, {peak:.4g}, lies outside the measured {low:g}…{high:g}"
        for name, (peak, low, high) in fit.optimum_outside.items()
    ]
    if fit.starts_agreeing < 0.5:
        lines.append(f"only {fit.starts_agreeing:.0%} of scattered starts reach this optimum: one start would miss it")
    if not (fit.exact or fit.lowest_objective >= fit.objective * (1 - 1e-6)):
        lines.append(
            "a scattered start found a lower objective: this is not the global optimum, please report the points"
        )
    if not fit.gradient <= STATIONARY:
        lines.append(f"the search stopped short of a stationary point (gradient cosine {fit.gradient:.1e})")
    if fit.dof <= 0:
        lines.append("as many parameters as configurations: nothing is left to tell the noise, so there are no bands")
    if not np.isfinite(fit.aicc):
        lines.append("too few points for AICc")
    return tuple(dict.fromkeys(lines))


def _point_warnings(points: PointDiagnostics) -> list[str]:
    lines = []
    if points.repeated_rows:
        lines.append(
            f"{points.repeated_rows} row(s) repeat another row exactly (x and y): are they measured twice or pasted "
            "twice?"
        )
    if points.repeated_seeds:
        lines.append(f"{points.repeated_seeds} row(s) repeat a seed of their own configuration")
    if points.constant_y:
        lines.append("y is constant: no law can be told from the constant, and R² has no meaning")
    lines += [
        f"{one} and {other} move together: these points can't tell their terms apart" for one, other in points.collinear
    ]
    lines += [
        f"{name} takes a single value ({value:g}): nothing about it can be learned"
        for name, value in points.single_valued.items()
    ]
    lines += [
        f"{name} spans {span:.1f} decades (fewer than {DECADES}): its exponent rests on the assumed form"
        for name, span in points.short_spans.items()
    ]
    return lines


def _identifiability_warnings(known: Identifiability) -> list[str]:
    lines = [f"{name} has no effect on these points" for name in known.no_effect]
    for group, constant in zip(known.merged, known.merged_constant, strict=True):
        names, what = f"{', '.join(group[:-1])} and {group[-1]}", "constant" if constant else "combination"
        lines.append(f"{names} form one {what} here: these points can't tell them apart")
    if known.correlated:
        pairs = "; ".join(f"{one} and {other} ({value:+.4f})" for one, other, value in known.correlated)
        lines.append(f"strongly correlated, so read predictions rather than single values: {pairs}")
    return lines


def to_json(fit: Fit, group: Mapping | None = None) -> dict:
    """The fit as plain JSON values, full precision; null for what is not finite. ``group``: whose points these are."""
    told = {name: _plain(getattr(fit, name)) for name in TOLD}
    return {"group": dict(group or {}), "law": fit.law.name} | told | {"warnings": list(warnings_of(fit))}


def _plain(value):
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
