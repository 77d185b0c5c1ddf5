"""A public name means one thing: few are defined in more than one module, and those are figures of what they draw."""

import ast
from collections import defaultdict
from pathlib import Path

import recscale

SOURCE = Path(recscale.__file__).parent
MOST = 20


def public_names(source: str) -> set[str]:
    """What a module defines at its top level and doesn't begin with an underscore."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def test_few_names_stand_in_two_modules():
    modules = defaultdict(list)
    for path in sorted(SOURCE.rglob("*.py")):
        for name in public_names(path.read_text(encoding="utf-8")):
            modules[name].append(str(path.relative_to(SOURCE)))
    twice = {name: paths for name, paths in modules.items() if len(paths) > 1}
    assert len(twice) <= MOST, twice


def test_names_are_seen():
    assert public_names("A: int = 1\nB = 2\n_C = 3\nimport d\ndef e(): f = 1\nclass G: pass\n") == {"A", "B", "e", "G"}
