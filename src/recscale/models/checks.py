"""One check for every configuration: each setting is of its annotated kind, finite, and within its range."""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from types import UnionType
from typing import Any, get_args, get_origin

import numpy as np

_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, or from above ``low`` (``above``), or to below ``high`` (``below``)."""

    low: float
    high: float = math.inf
    above: bool = False
    below: bool = False

    def __contains__(self, value: float) -> bool:
        enough = value > self.low if self.above else value >= self.low
        return bool(enough and (value < self.high if self.below else value <= self.high))

    def __str__(self) -> str:
        low = f"above {self.low}" if self.above else f"at least {self.low}"
        return low if self.high == math.inf else f"{low} and {'below' if self.below else 'at most'} {self.high:,}"


SIZE = Range(1, _LARGEST)
COUNT = Range(0, _LARGEST)
LAYERS = Range(1, 1000)
HIDDEN_LAYERS = Range(0, 1000)
POSITIVE = Range(0, above=True)
NOT_NEGATIVE = Range(0)
SHARE = Range(0, 1)
BELOW_ONE = Range(0, 1, below=True)


def check_settings(config: Any, **allowed: Range | tuple[str, ...]) -> None:
    """Refuse, in one sentence, a setting of the dataclass ``config`` that isn't of its annotated kind or not allowed.

    ``allowed``: by the setting's name, the range of its numbers or the texts it may be. Without one a whole number is
    a size, at least 1; in a tuple each element is checked. A number is never infinite and never NaN.
    """
    for field in fields(config):
        value = getattr(config, field.name)
        limit = allowed.get(field.name)
        if not _fits(value, field.type, limit):
            raise ValueError(f"{field.name} is {value!r}; it must be {_described(field.type, limit)}")


def check_seed(seed: int) -> None:
    """Refuse a seed that isn't a whole number of at least 0."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed is {seed!r}; it must be a whole number, at least 0")


def _fits(value: Any, kind: Any, limit: Range | tuple[str, ...] | None) -> bool:
    if isinstance(kind, UnionType):
        return any(_fits(value, one, limit) for one in get_args(kind))
    if get_origin(kind) is tuple:
        return isinstance(value, tuple) and all(_fits(*pair, limit) for pair in _elements(value, get_args(kind)))
    if kind is int:
        return type(value) is int and value in (limit or SIZE)
    if kind is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and abs(value) <= sys.float_info.max and value in limit
    return isinstance(value, kind) and (limit is None or not isinstance(value, str) or value in limit)


def _elements(value: tuple, kinds: tuple) -> Iterator[tuple[Any, Any]]:
    """Each element of a tuple and its kind; a pair of another length than its annotation has an element of no kind."""
    if kinds[-1] is Ellipsis:
        return ((element, kinds[0]) for element in value)
    if len(value) != len(kinds):
        return iter([(value, type(None))])
    return zip(value, kinds, strict=True)


def _described(kind: Any, limit: Range | tuple[str, ...] | None) -> str:
    if isinstance(kind, UnionType):
        return " or ".join(_described(one, limit) for one in reversed(get_args(kind)))
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if kinds[-1] is Ellipsis:
            return f"a list, each element {_described(kinds[0], limit)}"
        return f"({', '.join(_described(one, limit) for one in kinds)})"
    if kind is int:
        return f"a whole number, {limit or SIZE}"
    if kind is float:
        return f"a number, {limit}"
    if limit is not None:
        return f"one of {', '.join(limit)}"
    names = {str: "a text", bool: "true or false", type(None): "none"}
    return names.get(kind, f"of the kind {kind.__name__}")
