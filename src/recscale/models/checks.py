"""One check for every configuration: each setting is of its annotated kind, finite, and within its range."""

import math
import sys
from dataclasses import dataclass, fields
from types import UnionType
from typing import Annotated, Any, ClassVar, get_args, get_origin

import numpy as np
from torch import nn

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
LAYERS = Range(1, 1000)

Natural = Annotated[int, Range(0, _LARGEST)]
Layers = Annotated[int, LAYERS]
HiddenLayers = Annotated[int, Range(0, 1000)]
Positive = Annotated[float, Range(0, above=True)]
NotNegative = Annotated[float, Range(0)]
Share = Annotated[float, Range(0, 1)]
BelowOne = Annotated[float, Range(0, 1, below=True)]


class Settings:
    """A dataclass that refuses, in one sentence, a setting that isn't of its annotated kind or not allowed.

    ``Annotated[kind, limit]``: the range of the setting's numbers, or the texts it may be. Without one a whole number
    is a size, at least 1; in a tuple each element is checked. A number is never infinite and never NaN.
    """

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not _fits(value, field.type):
                raise ValueError(f"{field.name} is {value!r}; it must be {_described(field.type)}")


class ModelConfig(Settings):
    """A model's settings, with its name in the run records, the title readers know it by, and what it describes.

    ``VERSION`` is raised by hand when the same settings give other numbers.
    """

    model: ClassVar[str]
    title: ClassVar[str]
    module: ClassVar[type[nn.Module]]
    VERSION: ClassVar[int] = 1

    def __init_subclass__(cls, model: str | None = None, title: str | None = None) -> None:
        if model:
            cls.model, cls.title = model, title


class Configured(nn.Module):
    """The module that configurations of the class ``config`` describe."""

    def __init_subclass__(cls, config: type[ModelConfig]) -> None:
        config.module = cls


def check_seed(seed: int) -> None:
    """Refuse a seed that isn't a whole number of at least 0."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed is {seed!r}; it must be a whole number, at least 0")


def _fits(value: Any, kind: Any, limit: Range | tuple[str, ...] | None = None) -> bool:
    if get_origin(kind) is Annotated:
        return _fits(value, *get_args(kind))
    if isinstance(kind, UnionType):
        return any(_fits(value, one) for one in get_args(kind))
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        kinds = kinds[:1] * len(value) if isinstance(value, tuple) and kinds[-1] is Ellipsis else kinds
        return isinstance(value, tuple) and len(value) == len(kinds) and all(map(_fits, value, kinds))
    if kind is int:
        return type(value) is int and value in (limit or SIZE)
    if kind is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and abs(value) <= sys.float_info.max and value in limit
    return isinstance(value, kind) and (limit is None or not isinstance(value, str) or value in limit)


def _described(kind: Any, limit: Range | tuple[str, ...] | None = None) -> str:
    if get_origin(kind) is Annotated:
        return _described(*get_args(kind))
    if isinstance(kind, UnionType):
        return " or ".join(_described(one) for one in reversed(get_args(kind)))
    if get_origin(kind) is tuple:
        kinds = get_args(kind)
        if kinds[-1] is Ellipsis:
            return f"a list, each element {_described(kinds[0])}"
        return f"({', '.join(_described(one) for one in kinds)})"
    if kind is int:
        return f"a whole number, {limit or SIZE}"
    if kind is float:
        return f"a number, {limit}"
    if limit is not None:
        return f"one of {', '.join(limit)}"
    names = {str: "a text", bool: "true or false", type(None): "none"}
    return names.get(kind, f"of the kind {kind.__name__}")
