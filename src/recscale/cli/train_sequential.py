"""``recscale train sasrec|hstu|llama``: train one sequential model and print what it reached."""

from typing import Annotated

import typer

MODELS = {
    "sasrec": "SASRec-style transformer: pre-norm, GELU, learned positions.",
    "hstu": "HSTU-style model: gated pointwise attention with relative position and time biases.",
    "llama": "LLaMA-style transformer: RMSNorm, rotary positions, SwiGLU.",
}


def mount(app: typer.Typer) -> None:
    """Add one command a model to ``recscale train``."""
    for name, text in MODELS.items():
        app.command(name, help=text)(_command(name))


def _command(model: str):
    def command(
        dataset: Annotated[str, typer.Option(help="a data set with sequences")] = "movielens-100k",
        split: Annotated[str, typer.Option(help="leave-one-out or global-time")] = "leave-one-out",
        layers: Annotated[int, typer.Option(help="number of layers (H)")] = 2,
        width: Annotated[int, typer.Option(help="item-embedding and hidden width (d_emb)")] = 64,
        dropout: Annotated[float, typer.Option(help="share of elements dropped in training")] = 0.2,
        max_length: Annotated[int, typer.Option(help="latest items of a history the model sees")] = 50,
        loss: Annotated[str, typer.Option(help="softmax, sampled-softmax, bce or gbce")] = "sampled-softmax",
        negatives: Annotated[int, typer.Option(help="items sampled a step")] = 256,
        epochs: Annotated[int, typer.Option(help="at most so many")] = 100,
        learning_rate: Annotated[float, typer.Option(help="Adam's, after the warm-up")] = 1e-3,
        seed: Annotated[int, typer.Option(help="fixes weights, order, dropout and negatives")] = 0,
        device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    ) -> None:
        from recscale.datasets import load_sequences
        from recscale.models.sequential import SEQUENTIAL_MODELS
        from recscale.training.sequential import SequentialTraining, train_sequential

        config = SEQUENTIAL_MODELS[model](layers=layers, width=width, dropout=dropout)
        training = SequentialTraining(
            max_length=max_length, loss=loss, negatives=negatives, epochs=epochs, learning_rate=learning_rate
        )
        data = load_sequences(dataset)
        result = train_sequential(config, training, data, split=split, seed=seed, device=device, progress=True)
        account = result.accounting
        typer.echo(f"{model} on {dataset}, {split}, best epoch of {result.history.epoch.max()}:")
        typer.echo(f"  parameters       {account.dense_parameters:,} dense, {account.embedding_parameters:,} embedding")
        typer.echo(f"  training FLOP    {account.training_flop_per_example:,} a position")
        typer.echo(f"  positions seen   {result.examples_seen:,} in {result.wall_seconds:.0f} s")
        for name, value in result.metrics.items():
            typer.echo(f"  {name:18s} {value:.4f}")
        if result.diverged or result.metrics["collapsed"]:
            typer.echo("  This run is not healthy (diverged or no better than popularity): keep it out of any fit.")

    return command
