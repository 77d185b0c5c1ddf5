"""A parameter's type, meaning and allowed values as texts, from the model of its chapter."""

import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

_SIGNS = ((Ge, "ge", "≥"), (Gt, "gt", ">"), (Le, "le", "≤"), (Lt, "lt", "<"))


def type_of(annotation: Any) -> str:
    """A type as a reader writes it: ``str``, ``list[int]``, ``'smoke' or 'quick'``."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_of(inner[0])
    if origin is Literal:
        return " or ".join(repr(value) for value in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(type_of(part) for part in inner)
    if origin is not None:
        return f"{origin.__name__}[{', '.join(type_of(part) for part in inner)}]"
    return "None" if annotation is type(None) else annotation.__name__


def plain_type(field: FieldInfo) -> str:
    """The type alone; that of a choice is the type of its values."""
    if get_origin(field.annotation) is Literal:
        return " or ".join(dict.fromkeys(type(value).__name__ for value in get_args(field.annotation)))
    return type_of(field.annotation)


def allowed_values(field: FieldInfo) -> str:
    """ "1, 2", "≥ 1, ≤ 8", or nothing where the type allows all."""
    if get_origin(field.annotation) is Literal:
        return ", ".join(str(value) for value in get_args(field.annotation))
    limits = [*field.metadata, *_inner_limits(field.annotation)]
    return ", ".join(
        f"{sign} {getattr(limit, name):,g}"
        for kind, name, sign in _SIGNS
        for limit in limits
        if isinstance(limit, kind)
    )


def _inner_limits(annotation: Any) -> Iterable[Any]:
    """Limits of a list's elements."""
    for part in get_args(annotation):
        if get_origin(part) is Annotated:
            for one in get_args(part)[1:]:
                yield from one.metadata if isinstance(one, FieldInfo) else [one]
