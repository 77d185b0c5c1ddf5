"""``recscale claims``: what both papers claim, and the verdicts."""

from pathlib import Path
from typing import Annotated

import typer


def claims(
    json: Annotated[
        Path | None, typer.Option(help="write them to this JSON file, all fields, and print nothing")
    ] = None,
    question: Annotated[str | None, typer.Option(help="only the claims of this question")] = None,
) -> None:
    """List the claims of both papers with their verdicts."""
    from recscale.claims.registry import load_claims
    from recscale.claims.render import as_json, observed
    from recscale.settings import writable_file, write_atomically

    if json is not None:
        writable_file(json)
    chosen = load_claims()
    if question is not None:
        known = sorted({claim.question for claim in chosen})
        if question not in known:
            raise ValueError(f"there is no question {question!r}; allowed are {', '.join(known)}")
        chosen = [claim for claim in chosen if claim.question == question]
    if json is not None:
        write_atomically(json, as_json(chosen))
        return
    for claim in chosen:
        typer.echo(f"{claim.id:44s} {claim.verdict:16s} {observed(claim)}")
