"""``recscale train wukong|dlrm|…|sasrec|hstu|llama``: train one model and print what it reached.

The same command under ``torchrun`` trains it on several processes:
``torchrun --nproc-per-node 2 --no-python recscale train wukong``.
"""

import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated

import typer

train_app = typer.Typer(help="Train one model.", no_args_is_help=True)

CTR_HELP = {
    "wukong": "Wukong: stacked factorization machines.",
    "dlrm": "DLRM: pairwise dot products, then an MLP.",
    "dcnv2": "DCNv2: cross layers and an MLP.",
    "autoint+": "AutoInt+: attention over fields beside an MLP.",
    "finalmlp": "FinalMLP: two MLP streams, fused bilinearly.",
    "masknet": "MaskNet: parallel masked blocks.",
    "afn+": "AFN+: logarithmic neurons beside an MLP.",
    "xdeepfm": "xDeepFM: compressed interaction network beside an MLP.",
    "crossnet": "CrossNet: DCNv2's cross layers alone.",
    "wukong+cross": "Wukong with a cross net on the logit, a variant of ours.",
}

SEQUENTIAL_HELP = {
    "sasrec": "SASRec-style transformer: pre-norm, GELU, learned positions.",
    "hstu": "HSTU-style model: gated pointwise attention with relative position and time biases.",
    "llama": "LLaMA-style transformer: RMSNorm, rotary positions, SwiGLU.",
}


def configure(model: str, settings: list[str]):
    """The model's configuration with every ``name=value`` of ``settings`` in place; values are JSON, or text."""
    from recscale.models import CTR_MODELS

    config = CTR_MODELS[model]
    names = [entry.name for entry in fields(config)]
    given = {}
    for setting in settings:
        name, separator, text = setting.partition("=")
        if not separator or name not in names:
            raise ValueError(f"--set takes name=value with one of the names {', '.join(names)}; got {setting!r}")
        if name in given:
            raise ValueError(f"--set gives {name} twice")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        given[name] = tuple(value) if isinstance(value, list) else value
    return config(**given)


def _ctr_command(model: str):
    def command(
        dataset: Annotated[
            str, typer.Option(help="a data set of impressions, or the path of a card")
        ] = "movielens-100k",
        split: Annotated[str, typer.Option(help="random, time or official")] = "random",
        settings: Annotated[
            list[str] | None, typer.Option("--set", help="a setting of the model, name=value; may be repeated")
        ] = None,
        epochs: Annotated[int, typer.Option(help="passes over the training rows")] = 1,
        batch_size: Annotated[int, typer.Option(help="rows per step, over all processes")] = 1024,
        dense_learning_rate: Annotated[float, typer.Option(help="Adam's, for all but the tables")] = 1e-3,
        sparse_learning_rate: Annotated[float, typer.Option(help="row-wise Adagrad's, for the tables")] = 1e-1,
        width: Annotated[int, typer.Option(help="width of the embeddings (d)")] = 16,
        seed: Annotated[int, typer.Option(help="fixes weights, order and dropout")] = 0,
        device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:NUMBER")] = "auto",
        history: Annotated[str | None, typer.Option(help="write the loss of every step's group to this CSV")] = None,
    ) -> None:
        from recscale.datasets import load_ctr
        from recscale.models.checks import check_seed
        from recscale.models.embeddings import EmbeddingConfig
        from recscale.settings import writable_file, write_atomically
        from recscale.training.ctr import CTRTraining, train_ctr
        from recscale.training.distributed import choose_device

        config = configure(model, settings or [])
        training = CTRTraining(
            epochs=epochs,
            batch_size=batch_size,
            dense_learning_rate=dense_learning_rate,
            sparse_learning_rate=sparse_learning_rate,
            embedding=EmbeddingConfig(width=width),
        )
        check_seed(seed)
        choose_device(device)
        file = writable_file(Path(history)) if history else None
        first = os.environ.get("RANK", "0") == "0"
        parts = load_ctr(dataset).split(split)
        result = train_ctr(config, training, parts, seed=seed, device=device, progress=first)
        if first:
            if file:
                write_atomically(file, result.history.to_csv(index=False))
            title = f"{model} on {dataset}, {split} split: {json.dumps(asdict(config))}"
            _report(title, "example", result, 16, 5)
            if result.diverged:
                typer.echo("  This run diverged: keep it out of any fit.")

    return command


def _sequential_command(model: str):
    def command(
        dataset: Annotated[
            str, typer.Option(help="a data set with sequences, or the path of a card")
        ] = "movielens-100k",
        split: Annotated[str, typer.Option(help="leave-one-out or global-time")] = "leave-one-out",
        layers: Annotated[int, typer.Option(help="number of layers (H)")] = 2,
        width: Annotated[int, typer.Option(help="item-embedding and hidden width (d_emb)")] = 64,
        dropout: Annotated[float, typer.Option(help="share of elements dropped in training")] = 0.2,
        max_length: Annotated[int, typer.Option(help="latest items of a history the model sees")] = 50,
        loss: Annotated[str, typer.Option(help="softmax, sampled-softmax, bce or gbce")] = "sampled-softmax",
        negatives: Annotated[int, typer.Option(help="items sampled per step")] = 256,
        epochs: Annotated[int, typer.Option(help="at most so many")] = 100,
        batch_tokens: Annotated[int, typer.Option(help="predicted positions per step")] = 1024,
        learning_rate: Annotated[float, typer.Option(help="Adam's, after the warm-up")] = 1e-3,
        seed: Annotated[int, typer.Option(help="fixes weights, order, dropout and negatives")] = 0,
        device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:NUMBER")] = "auto",
    ) -> None:
        from recscale.datasets import load_sequences
        from recscale.models.checks import check_seed
        from recscale.models.sequential import SEQUENTIAL_MODELS
        from recscale.training.distributed import choose_device
        from recscale.training.health import popularity_metrics
        from recscale.training.sequential import SequentialTraining, train_sequential
        from recscale.training.sequential_batches import split_sequences

        config = SEQUENTIAL_MODELS[model](layers=layers, width=width, dropout=dropout)
        training = SequentialTraining(
            max_length=max_length,
            loss=loss,
            negatives=negatives,
            epochs=epochs,
            batch_tokens=batch_tokens,
            learning_rate=learning_rate,
        )
        check_seed(seed)
        choose_device(device)
        data = load_sequences(dataset)
        result = train_sequential(config, training, data, split=split, seed=seed, device=device, progress=True)
        parts = split_sequences(data, split)
        popularity = popularity_metrics(parts, parts.test, max_length, choose_device("cpu"))["ndcg@10"]
        title = f"{model} on {dataset}, {split}, best epoch of {result.history.epoch.max()}:"
        _report(title, "position", result, 18, 4)
        _warn(result, popularity)

    return command


def _warn(result, popularity: float) -> None:
    """``popularity``: test NDCG@10 of ranking by training counts."""
    if result.metrics["test_ndcg@10"] <= popularity:
        typer.echo(
            f"  Ranking by popularity is better: its test_ndcg@10 is {popularity:.4f}. Train longer, or otherwise."
        )
    if result.diverged or result.metrics["collapsed"]:
        typer.echo("  This run is not healthy (diverged or no better than popularity): keep it out of any fit.")


def _report(title: str, unit: str, result, width: int, digits: int) -> None:
    """Print what was trained, counted in a ``unit``, and the metrics, named in so wide a column."""
    account = result.accounting
    typer.echo(title)
    typer.echo(f"  parameters       {account.dense_parameters:,} dense, {account.embedding_parameters:,} embedding")
    typer.echo(f"  training FLOP    {account.training_flop_per_example:,} per {unit}")
    typer.echo(f"  {unit + 's seen':16s} {result.examples_seen:,} in {result.wall_seconds:.0f} s")
    for name, value in result.metrics.items():
        typer.echo(f"  {name:{width}s} {value:.{digits}f}")


for _texts, _command in ((CTR_HELP, _ctr_command), (SEQUENTIAL_HELP, _sequential_command)):
    for _name, _help in _texts.items():
        train_app.command(_name, help=_help)(_command(_name))
