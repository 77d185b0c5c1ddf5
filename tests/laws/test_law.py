import numpy as np
import pytest

from recscale import laws
from recscale.laws import Law, Parameter, compare, get, register


@pytest.fixture
def gompertz():
    """A law of the reader's own, in a dozen lines; forgotten after the test."""
    law = register(
        Law(
            name="saturation",
            equation="y = E + A exp(-x/s)",
            variables=("x",),
            linear=(Parameter("E", "limit"), Parameter("A", "gap at x = 0")),
            nonlinear=(Parameter("s", "scale, unit of x", lower=1e-6, nodes=np.geomspace(0.01, 1e4, 60)),),
            basis=lambda x, t: (1.0, np.exp(-x[0] / t[0])),
        )
    )
    yield law
    del laws.LAWS[law.name]


def test_a_reader_can_add_a_law(gompertz):
    x = np.linspace(1, 50, 20)
    fit = laws.fit("saturation", x, 0.3 - 0.2 * np.exp(-x / 7))
    assert fit.parameters == pytest.approx({"E": 0.3, "A": -0.2, "s": 7.0})
    assert "y = E + A exp(-x/s)" in laws.report(fit)
    assert "saturation" in set(compare(x, 0.3 - 0.2 * np.exp(-x / 7))["law"])
    with pytest.raises(ValueError, match="registered already"):
        register(gompertz)


def test_unknown_names_list_what_there_is():
    with pytest.raises(ValueError, match="no law 'chinchila'; choose from constant, log-linear"):
        get("chinchila")
    with pytest.raises(ValueError, match="no grid constant q7; it has: q1"):
        laws.get("performance-law").with_values(q7=[1])
    with pytest.raises(ValueError, match="none of them 0"):
        laws.get("performance-law").with_values(q1=[0, 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": "log2"}, "scale 'log2'"),
        ({"linear": (Parameter("A", "", lower=2),)}, "bounded by 0 or not at all"),
        ({"nonlinear": (Parameter("α", ""),)}, "need nodes"),
    ],
)
def test_ill_made_laws_are_refused(change, message):
    made = {"name": "x", "equation": "", "variables": ("x",), "linear": (), "basis": lambda x, t: ()}
    with pytest.raises(ValueError, match=message):
        Law(**(made | change))


def test_every_symbol_has_a_meaning_and_every_law_a_source(law_name):
    law = laws.get(law_name)
    assert law.source
    assert all(meaning for meaning in law.symbols.values())
    assert all(name.split("_")[0] in law.equation for name in law.symbols if law.any_variables is None)


def test_derivatives_by_complex_step_match_differences(truths, law_name):
    from recscale.laws.problem import evaluate
    from recscale.laws.refine import derivatives

    x, _, y = truths[law_name]
    fit = laws.fit(law_name, x, y)
    law, columns = fit.law, fit.problem.points.x
    theta, coef = fit.best.theta, fit.best.coef
    _, found = derivatives(law, columns, theta, coef)
    for k in range(len(law.nonlinear)):
        step = np.zeros_like(theta)
        step[0, k] = 1e-6 * max(1.0, abs(theta[0, k]))
        ahead, behind = (evaluate(law, columns, theta + s, coef) for s in (step, -step))
        np.testing.assert_allclose(found[..., k], (ahead - behind) / (2 * step[0, k]), rtol=1e-5, atol=1e-9)
