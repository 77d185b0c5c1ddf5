"""The parameters cell of a notebook: what it assigns, and the same cell with other values."""

import ast
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode

INJECTED = "injected-parameters"
"""Tag of the cell that papermill writes."""


def parameter_defaults(notebook: str) -> dict[str, Any]:
    """Name -> default in the cell tagged ``parameters`` of a notebook, given as JSON text."""
    cell = _parameters_cell(nbformat.reads(notebook, as_version=4))
    return assigned(cell.source) if cell else {}


def assigned(source: str) -> dict[str, Any]:
    """Name -> value of the assignments in a cell. Anything but a literal counts as None: the name is what matters."""
    values: dict[str, Any] = {}
    for node in ast.parse(source).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None:
                try:
                    values[target.id] = ast.literal_eval(node.value)
                except ValueError:
                    values[target.id] = None
    return values


def write_parameters(notebook: NotebookNode, given: Mapping[str, Any]) -> None:
    """Put ``given`` into the parameters cell of a rerun, in place of the cell that papermill injected below it."""
    notebook.cells = [cell for cell in notebook.cells if INJECTED not in cell.metadata.get("tags", [])]
    if cell := _parameters_cell(notebook):
        cell.source = "\n".join(_with_value(line, given) for line in cell.source.split("\n"))


def _with_value(line: str, given: Mapping[str, Any]) -> str:
    name = line.partition(":")[0].partition("=")[0].strip()
    return f"{line.partition('=')[0].rstrip()} = {given[name]!r}" if name in given and "=" in line else line


def _parameters_cell(notebook: NotebookNode) -> NotebookNode | None:
    return next((cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])), None)
