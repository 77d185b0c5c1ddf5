"""Every annotation of the package is checked at every call, the shapes of arrays among them.

An import hook puts ``checked`` on each function, method and dataclass as its module is compiled. beartype checks the
types; a function with arrays gets jaxtyping's context too, so that one name is one length throughout a call. Left out
are functions inside functions, which would be decorated anew at each call of the outer one, and ``recscale.cli``, whose
annotations are typer's.
"""

import ast
import dataclasses
import functools
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import Any

import jaxtyping
import numpy as np
from beartype import BeartypeConf, FrozenDict, beartype

FLOAT = float | int | np.number
SCALARS = {int: int | np.integer, float: FLOAT, complex: complex | FLOAT, bool: bool | np.bool_}
"""Scalars of NumPy count as Python's, and an int as a float."""
TYPES = BeartypeConf(hint_overrides=FrozenDict(SCALARS))

off = False
"""Whether nothing is checked at the moment."""


def checked(target: Any) -> Any:
    """A function, or a dataclass by its ``__init__``, that checks its annotations; other classes as they are."""
    if isinstance(target, type):
        if dataclasses.is_dataclass(target) and "__init__" in vars(target):
            target.__init__ = _checked_function(target.__init__)
        return target
    return _checked_function(target)


def _checked_function(function: Callable) -> Callable:
    if not getattr(function, "__annotations__", None):
        return function
    checking = beartype(conf=TYPES)(function)
    if checking is function:
        return function
    if "jaxtyping." in str(function.__annotations__):
        checking = jaxtyping.jaxtyped(typechecker=None)(checking)

    @functools.wraps(function)
    def either(*args, **kwargs):
        return (function if off else checking)(*args, **kwargs)

    return either


class _Decorate(ast.NodeTransformer):
    """Adds the decorator to what a module and its classes define, not to what functions do."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.decorator_list.append(_name(node))
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.generic_visit(node)
        node.decorator_list.insert(0, _name(node))
        return node


def _name(node: ast.AST) -> ast.expr:
    text = f"__import__('sys').modules[{__name__!r}].checked"
    return ast.copy_location(ast.parse(text, mode="eval").body, node)


class _Loader(SourceFileLoader):
    def source_to_code(self, data: bytes, path: str, *, _optimize: int = -1):
        tree = ast.fix_missing_locations(_Decorate().visit(ast.parse(data)))
        return compile(tree, path, "exec", dont_inherit=True, optimize=_optimize)

    def get_code(self, fullname: str):
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Finder(MetaPathFinder):
    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, _, rest = fullname.partition(".")
        if package != "recscale" or not rest or rest.partition(".")[0] == "cli":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


def install() -> None:
    """Check the modules of the package that are imported from here on."""
    sys.meta_path.insert(0, _Finder())
