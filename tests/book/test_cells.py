"""The parameters cell: read, and written again with a reader's values."""

import nbformat.v4 as v4

from recscale.book.parameters import INJECTED, assigned, write_parameters

SOURCE = 'dataset: str = "ml"\nseeds: list[int] = [0]\nnoise: float = 0.1  # relative'


def test_a_reader_s_values_stand_in_the_parameters_cell_itself():
    cells = [
        v4.new_code_cell(SOURCE, metadata={"tags": ["parameters"]}),
        v4.new_code_cell("# Parameters\nseeds = [1]", metadata={"tags": [INJECTED]}),
        v4.new_code_cell("seeds = 3"),
    ]
    notebook = v4.new_notebook(cells=cells)
    write_parameters(notebook, {"seeds": [0, 1], "dataset": "x=1", "noise": 0.5})
    first, last = notebook.cells
    assert assigned(first.source) == {"dataset": "x=1", "seeds": [0, 1], "noise": 0.5}
    assert first.source.startswith("dataset: str = ")
    assert last.source == "seeds = 3"


def test_without_values_nothing_changes():
    notebook = v4.new_notebook(cells=[v4.new_code_cell(SOURCE, metadata={"tags": ["parameters"]})])
    write_parameters(notebook, {})
    assert notebook.cells[0].source == SOURCE
