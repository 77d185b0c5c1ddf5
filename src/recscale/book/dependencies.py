"""What a chapter's result depends on, so that it runs again when that changes and only then.

The key of a chapter hashes its notebook and parameters, the modules of ``recscale`` it can reach through imports, every
file in ``data/``, the lock file and the Python version. Imports are read, not executed: a module counts when any
function in reach imports it, even if the chapter never calls that function.
"""

import ast
import json
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.util import resolve_name
from itertools import accumulate
from pathlib import Path
from typing import Any

from recscale.settings import hash_of

PACKAGE = "recscale"


def reachable(source: str, package_folder: Path) -> list[Path]:
    """The files of the package in ``package_folder`` that Python code ``source`` can reach, sorted."""
    modules: dict[str, Path] = {}
    for path in package_folder.rglob("*.py"):
        parts = path.relative_to(package_folder).with_suffix("").parts
        modules[".".join((PACKAGE, *parts)).removesuffix(".__init__")] = path
    found: set[str] = set()
    waiting = list(_imported(ast.parse(source), PACKAGE))
    while waiting:
        for module in set(_reached(waiting.pop(), modules)) - found:
            found.add(module)
            path = modules[module]
            here = module if path.name == "__init__.py" else module.rpartition(".")[0]
            waiting += _imports_of(path, path.stat().st_mtime_ns, here)
    files = {modules[module] for module in found}
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
def _imports_of(path: Path, changed: int, here: str) -> tuple[str, ...]:
    """What the file at ``path`` imports; ``changed`` is part of the cache's key."""
    return tuple(_imported(ast.parse(path.read_text(encoding="utf-8")), here))


def _imported(tree: ast.AST, here: str) -> Iterator[str]:
    """Names in import statements, and those of ours in strings (lazy loading writes them there), which end in a point:
    the rest of such a name is made at run time.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), here)
            yield from (f"{origin}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(f"{PACKAGE}."):
            yield f"{node.value.rstrip('.')}."


def _reached(name: str, modules: Collection[str]) -> Iterator[str]:
    """``a.b.c`` -> ``a``, ``a.b``, ``a.b.c``, as far as they are ``modules``: importing one runs them all. With a point
    at its end also all that it holds.
    """
    yield from (part for part in accumulate(name.rstrip(".").split("."), "{}.{}".format) if part in modules)
    if name.endswith("."):
        yield from (module for module in modules if module.startswith(name))
