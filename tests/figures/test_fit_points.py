"""The page's fits against the library's, on the published tables and on 100 random point sets.

Both end at the stationary point of the same objective, so parameters agree to 1e-9 of their value whatever the path:
the rounding of a residual moves a parameter by about κ² ε r/y, below 1e-9 up to a condition number κ of 1e5 here. Where
the points leave a combination of parameters open (``weak_parameters``), its predictions are compared instead. Intervals
come from differences of 1e-6, and the error of each size predicted from the others from refits that end where the
objective no longer falls: both agree to 1e-6.

Bands of ``performance-law-outside`` are left out: they average over 111 conditional optima, and where the search grid
has fewer local minima than starts, the library's other starts are whatever ``np.argpartition`` leaves in front.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest

from recscale import laws, published
from recscale.figures import law_explorers
from recscale.laws.performance import inside
from recscale.laws.problem import evaluate
from recscale.laws.uncertainty import quantile_t

SCRIPTS = ("explorer-parts.js", "laws.js", "fitter.js", "solver.js", "fit.js")
FIT = """([registry, cases]) => cases.map(([...one]) => {
  const fit = recscale.fit(registry, ...one);
  const limits = one[0] === "performance-law-outside" ? null : fit.limits([fit.fitted.x[0]])[0];
  return { ...recscale.toJson(fit), predicted: fit.predict(fit.fitted.x), limits };
})"""
WHOLE = """([registry, cases]) => cases.map((one) =>
  recscale.whole(recscale.fit(registry, ...one)).leave_one_size_out_rmse)"""
REFUSAL = """([registry, one]) => {
  try { recscale.fit(registry, ...one); } catch (error) { return error.message; }
  return "";
}"""
EVALUATE = """([registry, cases]) => cases.map(([name, names, x, coef, theta]) =>
  recscale.fitting.evaluate(recscale.law(registry, name, names), x, { coef, theta }))"""
SLOPES = """([registry, cases]) => cases.map(([name, names, x, coef, theta]) => {
  const law = recscale.law(registry, name, names);
  return law.nonlinear.map((_, q) => {
    const step = 1e-6 * (Math.abs(theta[q]) || 1);
    const moved = (side) => ({ coef, theta: theta.map((value, j) => (j === q ? value + side : value)) });
    const [up, down] = [step, -step].map((side) => recscale.fitting.valueAt(law, x[0], moved(side)));
    return [recscale.fitting.derivativeAt(law, x[0], { coef, theta }).by[q], (up - down) / (2 * step)];
  });
})"""
KINDS = ("power-law", "power-law-floor", "log-linear", "chinchilla", "performance-law")


@dataclass(frozen=True, eq=False)
class Case:
    law: str
    x: pd.DataFrame
    y: np.ndarray
    options: dict = field(default_factory=dict)

    @property
    def arguments(self) -> list:
        """What the page's ``fit`` takes after the registry."""
        renamed = {"hold_out_largest": "holdOut"}
        options = {renamed.get(name, name): value for name, value in self.options.items()}
        return [self.law, list(self.x), self.x.to_numpy(float).tolist(), np.asarray(self.y, float).tolist(), options]

    def fit(self) -> laws.Fit:
        return laws.fit(self.law, self.x, self.y, **self.options)


def published_cases() -> list[Case]:
    """Every published table with the laws drawn through it, and their rivals."""
    cases, table = [], published.wukong_points()
    for task in (1, 2):
        rows = table[(table["model"] == "Wukong") & (table["task"] == task)]
        cases.append(Case("wukong", rows[["gflop"]], rows["y"], {"hold_out_largest": 2}))
        for law in ("power-law", "power-law-floor", "log-linear"):
            cases.append(Case(law, rows[["gflop"]], 100 + rows["y"], {"hold_out_largest": task}))
    for points in published.panels().values():
        for law in ("performance-law", "log-linear", "log-quadratic"):
            cases.append(Case(law, points[published.AXES], points["value"]))
    for points in list(published.panels().values())[::5]:
        cases.append(Case("performance-law-outside", points[published.AXES], points["value"]))
    curves = published.load("performance_law_loss")
    for _, points in curves.groupby(["max_length", "embedding_dim"], sort=False):
        for law in ("loss-law", "power-law", "power-law-floor"):
            cases.append(Case(law, points[["layers"]], points["training_loss"]))
    joint = published.joint_points()
    columns = [*published.AXES, "data"]
    return [*cases, Case("performance-law-joint", joint[columns], joint["value"])]


def random_case(kind: str, number: int) -> Case:
    """One set of points around a law, with noise of 0.01 to 3 %; every third is fitted under Huber's loss."""
    rng = np.random.default_rng([KINDS.index(kind), number])
    noise = 10 ** rng.uniform(-4, -1.5)
    if kind == "chinchilla":
        sizes = [10 ** np.linspace(low, low + 3, rng.integers(4, 7)) for low in (7, 9)]
        x = pd.DataFrame(np.array(np.meshgrid(*sizes)).reshape(2, -1).T, columns=["N", "D"])
        y = 1.7 + 400 * x["N"] ** -rng.uniform(0.28, 0.4) + 410 * x["D"] ** -rng.uniform(0.24, 0.32)
        y = y * np.exp(0.3 * noise * rng.standard_normal(len(x)))
    elif kind == "performance-law":
        grid = np.array(np.meshgrid([2, 4, 8, 16, 32.0], [25, 50, 100, 200.0])).reshape(2, -1).T
        x, q = pd.DataFrame(grid, columns=["H", "d"]), float(rng.integers(2, 20))
        h, d = grid.T
        depth, width = inside(h, -rng.uniform(0.3, 1.2), 1 / q), inside(d, -rng.uniform(0.3, 0.8), 1 / q)
        y = 0.25 - 0.03 * depth - 0.05 * width + 0.1 * noise * rng.standard_normal(len(x))
    else:
        size = 10 ** np.sort(rng.uniform(0, rng.uniform(2, 6), rng.integers(8, 30))) * 10 ** rng.uniform(-2, 8)
        x, u = pd.DataFrame({"x": size}), size / np.median(size)
        y = {
            "power-law": 2 * u ** -rng.uniform(0.03, 0.6),
            "power-law-floor": 1 + rng.uniform(0.3, 2) * u ** -rng.uniform(0.1, 0.6),
            "log-linear": 5 + rng.uniform(-0.5, 0.5) * np.log(u),
        }[kind]
        y = y * np.exp(noise * rng.standard_normal(len(x)))
    options = {"loss": "huber"} if number % 3 == 2 else {}
    if kind != "performance-law" or number == 0:  # there a band takes the optima at all 32 values of q₁
        options["hold_out_largest"] = number % 4
    return Case(kind, x, np.asarray(y), options)


@pytest.fixture(scope="module")
def registry():
    return law_explorers.registry()


@pytest.fixture
def page(open_page):
    return open_page("", SCRIPTS)


def fits_of(page, registry, cases: list[Case]) -> list[dict]:
    return page.evaluate(FIT, [registry, [case.arguments for case in cases]])


def check(case: Case, shown: dict) -> None:
    """Every number of the page's fit is the library's."""
    fit = case.fit()
    expected = laws.to_json(fit)
    assert shown["n_points"] == expected["n_points"]
    for name in ("objective", "r2", "r2_adjusted", "aicc"):
        close(shown[name], expected[name], 1e-9)
    close(shown["predicted"], fit.residuals["predicted"], 1e-9)
    close(list((shown["held_out"] or {}).values()), list((expected["held_out"] or {}).values()), 1e-8)
    if fit.identifiability.no_effect or fit.identifiability.merged:
        return
    close(list(shown["parameters"].values()), list(expected["parameters"].values()), 1e-9)
    assert list(shown["parameters"]) == list(expected["parameters"])
    for name, limits in expected["intervals"].items():
        size = np.abs([expected["parameters"][name], *(limits if None not in limits else ())]).max()
        close(shown["intervals"][name], limits, 1e-6, size)
    for name, value in (expected["optimum"] or {}).items():
        close(shown["optimum"][name], value, 1e-8)
    if shown["limits"]:
        first = fit.residuals.iloc[[0], : len(fit.problem.points.names)]
        close(shown["limits"], [float(end[0]) for end in fit.band(first)], 1e-6)
    flags = shown["flags"]
    assert flags["weak_parameters"] == []
    assert flags["parameters_at_bound"] == pytest.approx(fit.parameters_at_bound)
    assert flags["constants_at_edge"] == {k: list(v) for k, v in fit.constants_at_edge.items()}
    assert flags["optimum_outside"] == {k: pytest.approx(list(v)) for k, v in fit.optimum_outside.items()}
    assert (flags["few_configurations"], flags["dof"]) == (fit.few_configurations, fit.dof)


def close(shown, expected, tolerance: float, size: float = 0.0) -> None:
    """``shown`` is ``expected`` to a share of its value or of ``size``; null stands for what isn't finite."""
    shown, expected = (np.array(value, float) for value in (shown, expected))
    shown, expected = (np.where(np.isfinite(value), value, np.nan) for value in (shown, expected))
    np.testing.assert_allclose(shown, expected, rtol=tolerance, atol=tolerance * size)


@pytest.mark.browser
@pytest.mark.parametrize("name", list(laws.LAWS))
def test_forms_equal_the_librarys(page, registry, name):
    """The value at 100 random parameters, and the slopes of the search by differences of it."""
    rng = np.random.default_rng(0)
    law = laws.get(name).for_columns(("a", "b")) if laws.get(name).any_variables else laws.get(name)
    cases, expected = [], []
    for _ in range(100):
        x = rng.uniform(0.2, 50, (4, len(law.variables)))
        theta = [float(np.clip(rng.normal(0, 0.7), p.lower + 0.01, p.upper)) for p in law.nonlinear]
        theta += [float(rng.choice(constant.values)) for constant in law.grid_constants]
        coef = np.abs(rng.normal(1, 2, len(law.linear)))
        cases.append([name, list(law.variables), x.tolist(), coef.tolist(), theta])
        expected.append(evaluate(law, tuple(x.T), np.array([theta]).reshape(1, -1), coef[None])[0])
    np.testing.assert_allclose(page.evaluate(EVALUATE, [registry, cases]), expected, rtol=1e-9, atol=1e-9)
    for slopes in page.evaluate(SLOPES, [registry, cases]):
        for exact, difference in slopes:
            assert exact == pytest.approx(difference, rel=1e-5, abs=1e-6)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("law", sorted({case.law for case in published_cases()}))
def test_published_tables_are_fitted_as_by_the_library(page, registry, law):
    cases = [case for case in published_cases() if case.law == law]
    for case, shown in zip(cases, fits_of(page, registry, cases), strict=True):
        check(case, shown)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_twenty_random_point_sets_of_each_law(page, registry, kind):
    cases = [random_case(kind, number) for number in range(20)]
    for case, shown in zip(cases, fits_of(page, registry, cases), strict=True):
        check(case, shown)


@pytest.mark.browser
def test_each_size_is_predicted_from_the_others_as_by_the_library(page, registry):
    cases = [random_case(kind, 1) for kind in ("power-law-floor", "log-linear", "chinchilla")]
    for case, shown in zip(cases, page.evaluate(WHOLE, [registry, [c.arguments for c in cases]]), strict=True):
        assert shown == pytest.approx(case.fit().leave_one_size_out_rmse, rel=1e-6)


@pytest.mark.browser
def test_students_quantiles(page):
    rng = np.random.default_rng(0)
    asked = [
        (float(level), int(dof))
        for level, dof in zip(rng.uniform(0.5, 0.999, 100), rng.integers(1, 500, 100), strict=True)
    ]
    shown = page.evaluate("(all) => all.map(([level, dof]) => recscale.quantile(level, dof))", asked)
    np.testing.assert_allclose(shown, [quantile_t(*one) for one in asked], rtol=1e-9)
    assert np.isnan(page.evaluate("() => recscale.quantile(0.95, 0)"))


WRONG = {
    "power-law": ([[1.0], [-2.0], [3.0]], [1.0, 2.0, 3.0], {}),
    "chinchilla": ([[1.0, 2.0], [2.0, 3.0]], [1.0, 2.0], {}),
    "power-law-floor": ([[1.0], [2.0], [3.0]], [1.0, -2.0, 3.0], {}),
    "log-linear": ([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0], {"hold_out_largest": 3}),
    "loss-law": ([[1e60], [2.0], [3.0]], [1.0, 2.0, 3.0], {}),
}


@pytest.mark.browser
@pytest.mark.parametrize("law", WRONG)
def test_what_the_library_refuses_the_page_refuses_in_the_same_words(page, registry, law):
    x, y, options = WRONG[law]
    case = Case(law, pd.DataFrame(x).rename(columns=lambda k: f"x{k + 1}"), np.array(y), options)
    with pytest.raises(ValueError) as refused:
        case.fit()
    shown = page.evaluate(REFUSAL, [registry, case.arguments])
    plain = str.maketrans("“”", "''")
    assert shown.translate(plain) == str(refused.value)
