import json

import numpy as np

from recscale import laws
from recscale.laws.diagnostics import Identifiability
from recscale.laws.points import PointDiagnostics
from recscale.laws.report import _identifiability_warnings, _point_warnings

KEYS = [
    *("group", "law", "n_points", "parameters", "intervals", "objective", "r2", "r2_adjusted", "aicc"),
    *("leave_one_size_out_rmse", "held_out", "optimum", "warnings"),
]


def sample():
    x = np.geomspace(1, 1e4, 12)
    return x, (1 + 2 * x**-0.4) * (1 + 1e-3 * np.random.default_rng(0).standard_normal(12))


def test_json_has_exactly_the_promised_keys_at_full_precision():
    fit = laws.fit("power-law-floor", *sample(), hold_out_largest=2)
    text = json.dumps(laws.to_json(fit, {"set": "a"}), allow_nan=False)
    back = json.loads(text)
    assert list(back) == KEYS
    assert back["group"] == {"set": "a"}
    assert back["parameters"] == fit.parameters
    assert back["intervals"]["E"] == list(fit.intervals["E"])
    assert back["optimum"] is None


def test_report_puts_predictions_before_parameters_and_says_everything():
    fit = laws.fit("power-law-floor", *sample(), hold_out_largest=2, bootstrap=50)
    text = laws.report(fit)
    order = ["y = E + A x^(-α)", "predictions", "parameters", "quality", "held out", "warnings"]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    for part in ("no further gain", "log-linear", "decades", "scattered starts", "50 resamples"):
        assert part in text
    for warning in laws.warnings_of(fit):
        assert warning in text


def test_every_oddity_has_its_sentence_with_its_number():
    points = PointDiagnostics(1, 2, True, (("N", "D"),), {"width": 50.0}, {"x": 0.6})
    lines = _point_warnings(points)
    for line, part in zip(lines, ("1 row(s)", "2 row(s)", "constant", "N and D", "width .* (50)", "0.6"), strict=True):
        assert all(word in line for word in part.split(" .* "))
    known = Identifiability(("s",), (("a", "b"), ("c", "d")), (True, False), (("E", "α", -0.995),))
    lines = _identifiability_warnings(known)
    for line, part in zip(lines, ("s has no", "a and b form one constant", "one combination", "-0.9950"), strict=True):
        assert part in line


def test_report_shows_where_a_peak_is(truths):
    x, _, y = truths["performance-law"]
    text = laws.report(laws.fit("performance-law", x, y, bootstrap=20))
    assert "best layers" in text
    assert "18.65" in text
