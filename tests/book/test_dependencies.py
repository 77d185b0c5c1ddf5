"""Which files a chapter's result depends on."""

import json
from pathlib import Path

import pytest

from recscale.book.dependencies import chapter_key, code_of, reachable


@pytest.fixture
def package(tmp_path) -> Path:
    """a -> b (inside a function) -> sub.c (relative, a table beside it); d is alone; lazy names sub in a string."""
    root = tmp_path / "recscale"
    (root / "sub").mkdir(parents=True)
    (root / "__init__.py").write_text("")
    (root / "a.py").write_text("def f():\n    from recscale import b\n")
    (root / "b.py").write_text("from .sub import c\n")
    (root / "sub" / "__init__.py").write_text("")
    (root / "sub" / "c.py").write_text("import numpy\n")
    (root / "sub" / "table.csv").write_text("1\n")
    (root / "d.py").write_text("")
    (root / "lazy.py").write_text("def g(name):\n    return f'recscale.sub.{name}'\n")
    return root


def names(paths, package) -> set[str]:
    return {path.relative_to(package).as_posix() for path in paths}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import numpy", set()),
        ("import recscale.d", {"__init__.py", "d.py"}),
        ("from recscale import d", {"__init__.py", "d.py"}),
        ("from recscale.d import anything", {"__init__.py", "d.py"}),
        ("from recscale.sub import c", {"__init__.py", "sub/__init__.py", "sub/c.py", "sub/table.csv"}),
        ("import recscale.a", {"__init__.py", "a.py", "b.py", "sub/__init__.py", "sub/c.py", "sub/table.csv"}),
        ("import recscale.lazy", {"__init__.py", "lazy.py", "sub/__init__.py", "sub/c.py", "sub/table.csv"}),
    ],
)
def test_reachable(package, source, expected):
    assert names(reachable(source, package), package) == expected


def notebook(*sources: str) -> str:
    cells = [{"cell_type": "code", "source": source.splitlines(keepends=True)} for source in sources]
    return json.dumps({"cells": [*cells, {"cell_type": "markdown", "source": ["import recscale.d"]}]})


def test_code_of_skips_magics_and_prose():
    assert code_of(notebook("%matplotlib inline\nx = 1", "!ls\ny = 2")) == "\nx = 1\n\ny = 2"


def test_key_changes_with_what_is_reachable_and_nothing_else(package, tmp_path):
    data, lock = tmp_path / "data", tmp_path / "lock"
    data.mkdir()
    (data / "table.csv").write_text("1")
    lock.write_text("numpy==1")
    text = notebook("import recscale.a")

    def key(source=text, **parameters):
        return chapter_key(source, parameters, package, data, lock)

    first = key()
    assert key() == first
    (package / "d.py").write_text("changed = 1\n")
    assert key() == first, "d is out of reach"
    assert key(seeds=[1]) != first
    assert key(notebook("import recscale.a", "1")) != first
    for changed in (package / "sub" / "c.py", package / "sub" / "table.csv", data / "table.csv", lock):
        before, old = key(), changed.read_text()
        changed.write_text(old + "\n#")
        assert key() != before, changed
        changed.write_text(old)
        assert key() == first, changed
    (data / "new.csv").write_text("")
    assert key() != first


def test_this_book_reaches_no_command_line():
    from recscale.settings import REPOSITORY

    files = reachable(
        "from recscale.figures import show\nfrom recscale.book import chapter_settings", REPOSITORY / "src" / "recscale"
    )
    found = {path.name for path in files}
    assert {"base.py", "parameters.py", "settings.py"} <= found
    assert not any("cli" in path.parts for path in files)
