"""A parameter's type, meaning and allowed values, as the panel shows them."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from recscale.book.parameters import CHAPTERS, SeedList, allowed_values, plain_type, type_of


class Model(BaseModel):
    choice: Literal["a", "b"]
    number: Annotated[int, Field(ge=1, lt=10_000)]
    share: Annotated[float, Field(gt=0, le=0.1)]
    seeds: SeedList
    note: str


@pytest.mark.parametrize(
    ("name", "kind", "allowed"),
    [
        ("choice", "str", "a, b"),
        ("number", "int", "≥ 1, < 10,000"),
        ("share", "float", "> 0, ≤ 0.1"),
        ("seeds", "list[int]", "≥ 0"),
        ("note", "str", ""),
    ],
)
def test_a_field(name, kind, allowed):
    field = Model.model_fields[name]
    assert (plain_type(field), allowed_values(field)) == (kind, allowed)


def test_a_choice_in_an_error_lists_its_values():
    assert type_of(Literal["a", 2]) == "'a' or 2"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_parameter_of_the_book_has_a_meaning(chapter):
    without = [name for name, field in CHAPTERS[chapter].model_fields.items() if not field.description]
    assert not without
