"""What a chapter's result depends on, so that it runs again when that changes and only then.

The key of a chapter hashes its notebook and parameters, the modules of ``recscale`` it can reach through imports, every
file in ``data/``, the lock file and the Python version. Imports are read, not executed: a module counts when any
function in reach imports it, even if the chapter never calls that function.
"""

import ast
import json
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from recscale.settings import hash_of

PACKAGE = "recscale"


def reachable(source: str, package_folder: Path) -> list[Path]:
    """The files of the package in ``package_folder`` that Python code ``source`` can reach, sorted."""
    found: set[str] = set()
    waiting = list(_imported(ast.parse(source), PACKAGE, package_folder))
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        path = _module_file(module, package_folder)
        here = module if path.name == "__init__.py" else module.rpartition(".")[0]
        waiting += _imports_of(path, path.stat().st_mtime_ns, here, package_folder)
    files = {_module_file(module, package_folder) for module in found}
    beside = {other for path in files for other in path.parent.glob("*") if other.is_file() and other.suffix != ".py"}
    return sorted(files | beside)


def chapter_key(
    notebook: str, parameters: Mapping[str, Any], package_folder: Path, data_folder: Path, lock_file: Path
) -> str:
    """SHA-256 over everything the result of a chapter depends on."""
    files = reachable(code_of(notebook), package_folder)
    data = [path for path in sorted(data_folder.rglob("*")) if path.is_file()]
    told = json.dumps([notebook, dict(parameters), sys.version], sort_keys=True).encode()
    return hash_of([*files, *data, *([lock_file] if lock_file.exists() else [])], told)


def code_of(notebook: str) -> str:
    """The Python code of a notebook (JSON text), without IPython's magics."""
    cells = json.loads(notebook)["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "code" for line in "".join(cell["source"]).split("\n")]
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)


@cache
def _imports_of(path: Path, changed: int, here: str, package_folder: Path) -> tuple[str, ...]:
    """Modules that the file at ``path`` imports; ``changed`` is part of the cache's key."""
    return tuple(_imported(ast.parse(path.read_text(encoding="utf-8")), here, package_folder))


def _imported(tree: ast.AST, here: str, package_folder: Path) -> Iterable[str]:
    """Modules of the package named in import statements, and in strings (lazy loading writes them there)."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here.split(".")[: len(here.split(".")) - node.level + 1]) if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            names = [origin, *(f"{origin}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(f"{PACKAGE}."):
            names = _subtree(node.value.rstrip("."), package_folder)
        for name in names:
            yield from _with_parents(name, package_folder)


def _subtree(name: str, package_folder: Path) -> list[str]:
    """A module named in a string; for a package all it holds, as the rest of the name is made at run time."""
    folder = package_folder.joinpath(*name.split(".")[1:])
    inside = folder.rglob("*.py") if folder.is_dir() else []
    dotted = [".".join((PACKAGE, *path.relative_to(package_folder).with_suffix("").parts)) for path in inside]
    return [name, *(module.removesuffix(".__init__") for module in dotted)]


def _with_parents(name: str, package_folder: Path) -> Iterable[str]:
    """``a.b.c`` -> ``a``, ``a.b``, ``a.b.c``, as far as they are modules of ours: importing one runs them all."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return
    for length in range(1, len(parts) + 1):
        module = ".".join(parts[:length])
        if _module_file(module, package_folder).exists():
            yield module


def _module_file(module: str, package_folder: Path) -> Path:
    inside = package_folder.joinpath(*module.split(".")[1:])
    return inside / "__init__.py" if inside.is_dir() else inside.with_suffix(".py")
