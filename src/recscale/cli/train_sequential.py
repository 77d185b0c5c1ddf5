"""``recscale train sasrec|hstu|llama``: train one sequential model and print what it reached."""

from typing import Annotated

import typer

SEQUENTIAL_HELP = {
    "sasrec": "SASRec-style transformer: pre-norm, GELU, learned positions.",
    "hstu": "HSTU-style model: gated pointwise attention with relative position and time biases.",
    "llama": "LLaMA-style transformer: RMSNorm, rotary positions, SwiGLU.",
}


def mount(app: typer.Typer) -> None:
    """Add one command a model to ``recscale train``."""
    for name, text in SEQUENTIAL_HELP.items():
        app.command(name, help=text)(_command(name))


def _command(model: str):
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
        _report(f"{model} on {dataset}, {split}", result, popularity)

    return command


def _report(title: str, result, popularity: float) -> None:
    """``popularity``: test NDCG@10 of ranking by training counts."""
    account, ndcg = result.accounting, result.metrics["test_ndcg@10"]
    typer.echo(f"{title}, best epoch of {result.history.epoch.max()}:")
    typer.echo(f"  parameters       {account.dense_parameters:,} dense, {account.embedding_parameters:,} embedding")
    typer.echo(f"  training FLOP    {account.training_flop_per_example:,} per position")
    typer.echo(f"  positions seen   {result.examples_seen:,} in {result.wall_seconds:.0f} s")
    for name, value in result.metrics.items():
        typer.echo(f"  {name:18s} {value:.4f}")
    if ndcg <= popularity:
        typer.echo(
            f"  Ranking by popularity is better: its test_ndcg@10 is {popularity:.4f}. Train longer, or otherwise."
        )
    if result.diverged or result.metrics["collapsed"]:
        typer.echo("  This run is not healthy (diverged or no better than popularity): keep it out of any fit.")
