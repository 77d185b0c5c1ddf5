"""The typed edge of the book: what each chapter can be rerun with.

Papermill writes whatever it is given above a chapter and only warns about a name it doesn't know. So the first call of
every chapter is ``chapter_settings``: one pydantic model a chapter, nothing coerced, nothing extra, and one sentence
that lists the allowed names when something is wrong.
"""

import ast
import types
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import nbformat
import numpy as np
from IPython import get_ipython
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from recscale.settings import BOOK


def _different(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("every seed may be named once")
    return seeds


_Seeds = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1), AfterValidator(_different)]


class ParameterError(ValueError):
    """A chapter got a parameter it doesn't have, or one of the wrong type. A notebook shows the sentence alone."""

    def _render_traceback_(self) -> list[str]:
        return [f"ParameterError: {self}"]


class Parameters(BaseModel):
    """A chapter's parameters: names and types. The defaults are in the notebook, where a reader sees them."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Chapter(Parameters):
    """A chapter that computes something of its own."""

    profile: Literal["smoke", "quick", "full"]
    seeds: _Seeds


class DataChapter(Chapter):
    """A chapter that reads one data set."""

    dataset: str


class CTRChapter(DataChapter):
    """A chapter about impressions and clicks."""


class SequenceChapter(DataChapter):
    """A chapter about users' items in time order."""


class Introduction(Parameters):
    """``intro`` draws the papers' own numbers: which task of Wukong's, which data set of the Performance Law's."""

    task: Literal[1, 2]
    dataset: Literal["ml-1m", "kuairand-pure", "amazon-books", "industrial"]


class WukongModel(CTRChapter):
    """``wukong-model``: the configuration that is traced and counted."""

    layers: Annotated[int, Field(ge=1, le=8)]
    n_F: Annotated[int, Field(ge=1)]
    n_L: Annotated[int, Field(ge=1)]
    k: Annotated[int, Field(ge=1)]
    mlp_width: Annotated[int, Field(ge=1)]
    fm: Literal["optimised", "attentive", "plain"]


class TrainingWukong(CTRChapter):
    """``training-wukong``: how deep a Wukong, on which split, at which rates."""

    split: Literal["random", "time"]
    layers: Annotated[int, Field(ge=1, le=8)]
    dense_learning_rate: Annotated[float, Field(gt=0)]
    sparse_learning_rate: Annotated[float, Field(gt=0)]


class ScalingWukong(CTRChapter):
    """``scaling-wukong``: what stands on the axis of the law, and how many of the largest sizes it must predict."""

    size: Literal["training_flop_per_example", "dense_parameters", "parameters"]
    hold_out: Annotated[int, Field(ge=1, le=3)]


class WukongLawMeasured(Chapter):
    """``wukong-law-measured``: which curve of the full study, what stands on the law's axis, how many of the largest
    sizes it must predict, resamples behind the bootstrap's intervals. ``seeds`` are the training seeds that count.
    """

    dataset: Literal["movielens-1m", "kuairand-pure"]
    split: Literal["main", "time"]
    task: Literal[1, 2]
    size: Literal["training_flop_per_example", "dense_parameters", "parameters", "pf_days"]
    hold_out: Annotated[int, Field(ge=1, le=4)]
    bootstrap: Annotated[int, Field(ge=100, le=10_000)]


class QualityWukong(CTRChapter):
    """``quality-wukong``: how many candidates a request has, and on how many threads it is scored."""

    candidates: Annotated[int, Field(ge=1, le=100_000)]
    threads: Annotated[int, Field(ge=1, le=64)]


class DataQuality(SequenceChapter):
    """``data-quality``: window length, where histories are cut (0: not), length of the simulated ones."""

    m: Annotated[int, Field(ge=1, le=8)]
    max_length: Annotated[int, Field(ge=0)]
    length: Annotated[int, Field(ge=10, le=5000)]


class SequentialModelChapter(SequenceChapter):
    """``sequential-model``: the model's shape, how much history it reads, and the loss it is trained with."""

    layers: Annotated[int, Field(ge=1, le=8)]
    width: Annotated[int, Field(ge=1, le=256)]
    max_length: Annotated[int, Field(ge=2)]
    loss: Literal["softmax", "sampled-softmax", "bce", "gbce"]


class LossesAndMetrics(SequenceChapter):
    """``losses-and-metrics``: items a sampled loss draws, epochs beside the profile's, simulated evaluations."""

    negatives: Annotated[int, Field(ge=1)]
    budget: Annotated[float, Field(gt=0, le=100)]
    draws: Annotated[int, Field(ge=2, le=1000)]


class PerformanceLaw(SequenceChapter):
    """``performance-law``: the metric the law is fitted to, and how many of the largest shapes it must predict."""

    metric: Literal["ndcg@10", "hr@10", "ndcg@50", "hr@50", "mrr"]
    hold_out: Annotated[int, Field(ge=1, le=2)]


class PerformanceLawMeasured(Chapter):
    """``performance-law-measured``: the metric the law is fitted to, resamples behind the intervals. ``seeds`` are the
    training seeds that count.
    """

    metric: Literal["ndcg@10", "hr@10"]
    bootstrap: Annotated[int, Field(ge=100, le=10_000)]


class PlannerSettings(SequenceChapter):
    """``planner``: the budget of the table of recommendations, and the refits behind every interval."""

    kind: Literal["none", "product", "parameters", "flop", "layers"]
    budget: Annotated[float, Field(gt=0)]
    resamples: Annotated[int, Field(ge=100, le=2000)]


class FittingHonestly(Chapter):
    """``fitting-honestly``: noise of a simulated run, decades of compute its runs span."""

    noise: Annotated[float, Field(gt=0, le=0.1)]
    decades: Annotated[float, Field(ge=0.5, le=6)]


class WukongPublished(Chapter):
    """``wukong-published``: which task of Table 5, how many of Wukong's smallest sizes to leave out, resamples."""

    task: Literal[1, 2]
    drop_smallest: Annotated[int, Field(ge=0, le=2)]
    bootstrap: Annotated[int, Field(ge=100, le=10_000)]


class PerformanceLawPublished(Chapter):
    """``performance-law-published``: the panel looked at closely, and the constants q₁ that are searched."""

    metric: Literal["HR@10", "NDCG@10"]
    dataset: Literal["ml-1m", "kuairand-pure", "amazon-books", "industrial"]
    max_length: Annotated[int, Field(ge=25, le=200)]
    largest_q1: Annotated[int, Field(ge=4, le=64)]


class ReportCard(Chapter):
    """``report-card``: bootstrap resamples behind the intervals."""

    bootstrap: Annotated[int, Field(ge=100, le=10_000)]


CHAPTERS: dict[str, type[Parameters]] = {
    "intro": Introduction,
    "data-quality": DataQuality,
    "wukong-model": WukongModel,
    "training-wukong": TrainingWukong,
    "scaling-wukong": ScalingWukong,
    "wukong-law-measured": WukongLawMeasured,
    "ablations-wukong": CTRChapter,
    "data-scaling-wukong": CTRChapter,
    "quality-wukong": QualityWukong,
    "sequential-model": SequentialModelChapter,
    "losses-and-metrics": LossesAndMetrics,
    "performance-law": PerformanceLaw,
    "performance-law-measured": PerformanceLawMeasured,
    "planner": PlannerSettings,
    "fitting-honestly": FittingHonestly,
    "wukong-published": WukongPublished,
    "performance-law-published": PerformanceLawPublished,
    "report-card": ReportCard,
}
"""Chapter (the notebook's name without its ending) -> its parameters."""


def chapter_settings(chapter: str, /, **given: Any) -> Any:
    """The typed settings of ``chapter`` from the values in its ``parameters`` cell.

    Called in the cell after ``parameters`` with every one of them. Raises ``ParameterError`` on a name the chapter
    doesn't have (also one that papermill injected above and the call doesn't pass on) and on a value of another type.
    """
    _plain_numbers()
    return _validated(chapter, _injected() | given)


def check_parameters(chapter: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """``given`` laid over the notebook's defaults, checked before anything runs."""
    path = BOOK / f"{chapter}.ipynb"
    values = parameter_defaults(path.read_text(encoding="utf-8")) | dict(given)
    _validated(chapter, values)
    return values


def parameter_defaults(notebook: str) -> dict[str, Any]:
    """Name -> default in the cell tagged ``parameters`` of a notebook, given as JSON text."""
    cells = nbformat.reads(notebook, as_version=4).cells
    source = next((cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])), "")
    return _assigned(source)


def allowed(chapter: str) -> str:
    """The parameters of a chapter in words: ``dataset (str), seeds (list[int]), …``."""
    fields = CHAPTERS[chapter].model_fields
    return ", ".join(f"{name} ({_described(field.annotation)})" for name, field in fields.items())


def _validated(chapter: str, values: Mapping[str, Any]) -> Parameters:
    model = CHAPTERS.get(chapter)
    if model is None:
        raise ParameterError(f"no chapter is called {chapter!r}; the chapters are {', '.join(CHAPTERS)}")
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        problem = f"{chapter} has no parameter {name!r}"
    elif first["type"] == "missing":
        problem = f"{chapter} needs a value for its parameter {name!r}"
    else:
        problem = f"{values[name]!r} is no value for {name!r} of {chapter} ({first['msg'].lower()})"
    raise ParameterError(f"{problem}; its parameters are {allowed(chapter)}")


def _injected() -> dict[str, Any]:
    """What papermill wrote above this chapter: the cells of this kernel's history that open with its comment."""
    shell = get_ipython()
    history = shell.user_ns.get("In", []) if shell else []
    return {
        name: value for cell in history if cell.startswith("# Parameters\n") for name, value in _assigned(cell).items()
    }


def _plain_numbers() -> None:
    """NumPy's scalars show as ``0.5`` and not as ``np.float64(0.5)``, so that a sentence of a page can format them."""
    if shell := get_ipython():
        for scalar in (np.float32, np.float64, np.int32, np.int64, np.bool_):
            shell.display_formatter.formatters["text/plain"].for_type(scalar, _as_python)


def _as_python(value: np.generic, printer: Any, cycle: bool) -> None:
    printer.text(repr(value.item()))


def _assigned(source: str) -> dict[str, Any]:
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


def _described(annotation: Any) -> str:
    """A type as a reader writes it: ``str``, ``list[int]``, ``'smoke' or 'quick'``."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _described(inner[0])
    if origin is Literal:
        return " or ".join(repr(value) for value in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(_described(part) for part in inner)
    if origin is not None:
        return f"{origin.__name__}[{', '.join(_described(part) for part in inner)}]"
    return "None" if annotation is type(None) else annotation.__name__
