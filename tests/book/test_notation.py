"""Every symbol in a formula is in the notation table, or introduced on its page where it first appears."""

import json
import re
from dataclasses import dataclass

import pytest

from recscale.book.dataset_pages import dataset_pages
from recscale.book.execute import Layout, pages
from recscale.settings import BOOK

NOTATION = BOOK / "notation.md"
FORMULA = re.compile(r"\$\$(?P<display>.+?)\$\$|(?<![\$\\])\$(?P<inline>[^$]+?)\$(?!\$)", re.DOTALL)
NOT_TEXT = re.compile(r"^(`{3,})(?:\{code-block\}|[a-z]+)[^\n]*\n.*?^\1 *$", re.DOTALL | re.MULTILINE)
WORDS = re.compile(r"\\(?:text|mathrm|textstyle|operatorname|mathbf|mathit)\s*\{[^{}]*\}'?")
GREEK = re.findall(
    r"\w+",
    "alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi omega "
    "Gamma Delta Theta Lambda Sigma Phi Psi Omega",
)
STYLED = re.compile(r"\\(?:hat|bar|tilde|mathcal|mathbb)\s*\{?\s*(\\?[A-Za-z]+)\s*\}?")
BOUND = re.compile(r"\\(?:sum|prod|max|min)(?:_\{?\s*([a-zA-Z])(?![a-zA-Z])|_\{([a-zA-Z])\s*(?:\\in|=|\\le))")
SYMBOL = re.compile(
    rf"(?P<base>\\(?:{'|'.join(GREEK)})(?![A-Za-z])|(?<![\\A-Za-z])[A-Za-z])"
    r"(?P<prime>'*)(?:_(?P<index>\{[^{}]*\}|\\?[A-Za-z]+|\d))?"
)
NEAR = 3
"""Blocks of text, a formula among them, within which a symbol must be introduced."""


@dataclass(frozen=True)
class Formula:
    """A formula, the block of text it stands in, and whether it stands alone on its lines."""

    block: int
    text: str


def symbols(formula: str) -> list[str]:
    """The symbols of a formula in order, with an index that is a number or a label: ``w_3``, ``n_F``, ``D'``, ``s``.

    An index that is a variable is dropped (``s_j`` is ``s``), words and functions don't count.
    """
    text = WORDS.sub(" ", STYLED.sub(r" \1", formula))
    text = re.sub(r"\\begin\{[a-z]+\}|\\end\{[a-z]+\}", " ", text)
    text = re.sub(rf"\\(?!(?:{'|'.join(GREEK)})(?![A-Za-z]))[A-Za-z]+", lambda m: " " * len(m[0]), text)
    found = []
    for match in SYMBOL.finditer(text):
        index = (match["index"] or "").strip("{}")
        label = index if re.fullmatch(r"\d|[A-Z]", index) else ""
        found.append(match["base"] + match["prime"] + (f"_{label}" if label else ""))
    return found


def introduced(formula: str) -> set[str]:
    """What a formula introduces: symbols named alone or in a list, left of a relation or an arrow, or bound in it."""
    bound = {name for pair in BOUND.findall(formula) for name in pair if name}
    parts = re.split(r"\\\\|\\qquad|\\quad|&(?!\s*[=\\])", formula)
    left = [re.split(r"=|\\in\b|\\le\b|\\ge\b|<|>|\\leftarrow|\\to\b|\\approx|\\dots", part)[0] for part in parts]
    bare = [re.sub(r"\^(?:\{[^{}]*\}|\\?\w+|\*)", "", part) for part in left]
    names = {name for part in bare if not re.search(r"[+/]|\\frac|\\cdot", part) for name in symbols(part)}
    named = set(symbols(formula)) if not re.search(r"[=+/^<>]|\\frac|\\cdot|\\ln|\\log", formula) else set()
    arguments = {name for part in re.findall(r"\b[A-Z]\(([^()]*)\)\s*=", formula) for name in symbols(part)}
    return bound | names | named | arguments


def formulas(text: str) -> list[Formula]:
    """The formulas of a page in order. Blocks are parted by empty lines."""
    plain = NOT_TEXT.sub("", text)
    plain = re.sub(r"(?<!`)`[^`\n]+`", "", plain)
    blocks = [match.start() for match in re.finditer(r"\n\s*\n", plain)]
    return [
        Formula(sum(start < match.start() for start in blocks), match["display"] or match["inline"])
        for match in FORMULA.finditer(plain)
    ]


def undefined(text: str, known: set[str]) -> list[str]:
    """Symbols of a page that are neither ``known`` nor introduced before or near their first use, with the formula."""
    found = formulas(text)
    first: dict[str, int] = {}
    for formula in found:
        for name in introduced(formula.text):
            first.setdefault(name, formula.block)
    missing = {}
    for formula in found:
        for name in symbols(formula.text):
            if name not in known and first.get(name, 10**6) > formula.block + NEAR:
                missing.setdefault(name, f"{name} in ${formula.text.strip()}$")
    return list(missing.values())


def named(text: str) -> list[str]:
    """The symbols in the first column of the notation page's tables, in order."""
    rows = re.findall(r"^\| *(\$[^|]+\$) *\|", text, re.MULTILINE)
    return [name for row in rows for _, inline in FORMULA.findall(row) for name in symbols(inline)]


def named_on(page: str, text: str) -> set[str]:
    """The symbols that the notation page's last table gives a meaning of their own on ``page``."""
    rows = re.findall(rf"^\| *\[\]\(chapter-{page}\) *\| *(\$[^|]+\$) *\|", text, re.MULTILINE)
    return {name for row in rows for _, inline in FORMULA.findall(row) for name in symbols(inline)}


def read(page: str) -> str:
    path = BOOK / f"{page}.ipynb"
    if not path.exists():
        return path.with_suffix(".md").read_text(encoding="utf-8")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


TABLE = NOTATION.read_text(encoding="utf-8")
KNOWN = set(named(TABLE))


@pytest.mark.parametrize("page", [page for page in pages(Layout()) if page not in dataset_pages()])
def test_every_symbol_is_defined_before_or_where_it_is_first_used(page):
    assert undefined(read(page), KNOWN | named_on(page, TABLE)) == []


def test_the_table_names_each_symbol_once():
    rows = re.findall(r"^\| *(\$[^|]+\$) *\|", TABLE, re.MULTILINE)
    letters = [letter for row in rows for letter in row.replace("$", "").replace(" ", "").split(",")]
    assert sorted(letters) == sorted(set(letters))
    assert {"H", "d", "D'", "q_1", "w_3", "\\alpha", "n_F"} <= KNOWN


def test_a_page_of_its_own_letters_names_a_page():
    own = re.findall(r"^\| *\[\]\(chapter-([\w-]+)\)", TABLE, re.MULTILINE)
    assert own
    assert set(own) <= set(pages(Layout()))


def test_a_symbol_nobody_introduces_is_found():
    assert undefined("The loss is\n\n$$\nL = Q^{-\\zeta} .\n$$\n\nAnd on.", {"L"}) == [
        "Q in $L = Q^{-\\zeta} .$",
        "\\zeta in $L = Q^{-\\zeta} .$",
    ]


def test_a_definition_after_the_formula_counts_and_a_late_one_does_not():
    formula = "$$\nL = Q^{-2} .\n$$\n\nHere $Q$ is the size."
    assert undefined(formula, {"L"}) == []
    late = formula.replace("Here", "\n\n".join(["Other things."] * 4) + "\n\nHere")
    assert undefined(late, {"L"}) == ["Q in $L = Q^{-2} .$"]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("w_3 \\ln H^{w_4}", ["w_3", "H", "w_4"]),
        ("\\sum_i \\ln C_i^m", ["i", "C", "m"]),
        ("D'^{\\,w_5} + \\frac{p_2}{n_F}", ["D'", "w_5", "p_2", "n_F"]),
        ("\\hat\\mu_v \\pm t\\,\\hat\\sigma \\sqrt{2 / S}", ["\\mu", "t", "\\sigma", "S"]),
        ("\\mathrm{HR@}k = [\\text{rank} \\le k]", ["k", "k"]),
    ],
)
def test_symbols_of_a_formula(formula, expected):
    assert symbols(formula) == expected
