"""``recscale train wukong|dlrm|…``: train one CTR model and print what it reached.

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


def _command(model: str):
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
            _report(model, dataset, split, config, result)

    return command


def _report(model: str, dataset: str, split: str, config, result) -> None:
    account = result.accounting
    typer.echo(f"{model} on {dataset}, {split} split: {json.dumps(asdict(config))}")
    typer.echo(f"  parameters       {account.dense_parameters:,} dense, {account.embedding_parameters:,} embedding")
    typer.echo(f"  training FLOP    {account.training_flop_per_example:,} per example")
    typer.echo(f"  examples seen    {result.examples_seen:,} in {result.wall_seconds:.0f} s")
    for name, value in result.metrics.items():
        typer.echo(f"  {name:16s} {value:.5f}")
    if result.diverged:
        typer.echo("  This run diverged: keep it out of any fit.")


for _name, _help in CTR_HELP.items():
    train_app.command(_name, help=_help)(_command(_name))
