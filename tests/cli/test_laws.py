import json

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from recscale.cli import laws as commands

app = typer.Typer()
app.command("fit")(commands.fit_command)
app.command("laws")(commands.laws_command)


@pytest.fixture
def points(tmp_path):
    x = np.geomspace(1, 1e4, 12)
    losses = {"a": 1.0 + 2 * x**-0.4, "b": 0.5 + 2 * x**-0.4}
    frames = [pd.DataFrame({"flop": x, "loss": loss, "set": name, "run": 1}) for name, loss in losses.items()]
    path = tmp_path / "points.csv"
    pd.concat(frames).to_csv(path, index=False)
    return path


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_laws_lists_names_with_equations():
    out = run("laws").output
    assert "chinchilla" in out
    assert "y = E + A/N^α + B/D^β" in out


def test_fit_reports_every_group_and_writes_all_of_them(points, tmp_path):
    file = tmp_path / "fits.json"
    done = run("fit", points, "--law", "power-law-floor", "--x", "flop", "--y", "loss", "--by", "set", "--json", file)
    assert done.exit_code == 0
    assert "== set a" in done.output
    assert "== set b" in done.output
    fits = json.loads(file.read_text())
    assert [fit["group"] for fit in fits] == [{"set": "a"}, {"set": "b"}]
    assert fits[1]["parameters"]["E"] == pytest.approx(0.5, rel=1e-6)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_all_prints_a_comparison(points):
    done = run("fit", points, "--law", "all", "--x", "flop", "--y", "loss", "--by", "set", "--hold-out-largest", "2")
    assert done.exit_code == 0
    assert " best" in done.output
    assert "held_out_rmse" in done.output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--law": "nonsense"}, "there is no law 'nonsense'"),
        ({"--x": "flops"}, "has no column flops; it has flop, loss, set, run"),
        ({"--x": "flop,run"}, "takes 1 column"),
        ({"--x": "flop,flop"}, "must name different columns; flop is named more than once"),
        ({"--x": "flop,loss"}, "must name different columns; loss is named more than once"),
        ({"--json": "."}, "is a folder; an output is a file"),
        ({"--by": "group"}, "has no column group"),
        ({"--loss": "mean"}, "loss 'mean'"),
        ({"--hold-out-largest": "99"}, "nothing would be left"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(points, change, message):
    options = {"--law": "power-law-floor", "--x": "flop", "--y": "loss", "--by": "set"} | change
    done = run("fit", points, *(part for pair in options.items() for part in pair))
    assert isinstance(done.exception, ValueError)
    assert message in str(done.exception)


def test_files_that_are_missing_or_no_table_are_a_sentence(tmp_path):
    done = run("fit", tmp_path / "none.csv", "--law", "constant", "--x", "a", "--y", "b")
    assert "there is no file" in str(done.exception)
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert "empty.csv as CSV: it is empty" in str(
        run("fit", empty, "--law", "constant", "--x", "a", "--y", "b").exception
    )
