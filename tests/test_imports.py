"""Who imports whom: no circle inside a package, and nothing hidden in functions or behind ``TYPE_CHECKING``.

Commands import what they need when they run, so that the others start quickly.
The arrows between packages are import-linter's (``pyproject.toml``).
"""

import ast
import pkgutil
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

import recscale

SOURCE = Path(recscale.__file__).parent
PACKAGES = [module.name for module in pkgutil.iter_modules(recscale.__path__) if module.ispkg]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("recscale", cache_dir=None)


def circle(graph: grimp.ImportGraph, package: str) -> list[str]:
    """The modules of one circle inside ``package``; empty without one."""
    members = graph.find_descendants(package) | {package}
    imports = {module: graph.find_modules_directly_imported_by(module) & members for module in members}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def hidden_imports(path: Path) -> list[str]:
    """Imports inside functions, and those of recscale behind ``TYPE_CHECKING``: "line: statement"."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node) if function or typing else ():
            if isinstance(inner, ast.Import | ast.ImportFrom) and (function or "recscale" in ast.unparse(inner)):
                found.add(f"{inner.lineno}: {ast.unparse(inner)}")
    return sorted(found)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_circle_inside_a_package(graph, package):
    assert circle(graph, f"recscale.{package}") == []


@pytest.mark.parametrize("package", [name for name in PACKAGES if name != "cli"])
def test_nothing_is_imported_inside_a_function(package):
    found = {str(path): hidden_imports(path) for path in sorted((SOURCE / package).rglob("*.py"))}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_circle_is_seen():
    graph = grimp.ImportGraph()
    for importer, imported in (("p.a", "p.b"), ("p.b", "p.c"), ("p.c", "p.a"), ("p.c", "q.d"), ("q.d", "p.b")):
        for module in ("p", "q", importer, imported):
            graph.add_module(module)
        graph.add_import(importer=importer, imported=imported)
    assert set(circle(graph, "p")) == {"p.a", "p.b", "p.c"}
    graph.remove_import(importer="p.c", imported="p.a")
    assert circle(graph, "p") == [], "a way through another package is for import-linter to refuse"


def test_hidden_imports_are_seen(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import dask\n    from recscale import laws\n"
        "class A:\n    def f(self):\n        import torch\n"
    )
    assert hidden_imports(path) == ["4: from recscale import laws", "7: import torch"]
