"""`skfake info`: what one should know of a saved detector."""

import json
from typing import Annotated

import typer

import skfake
from skfake.cli.errors import one_line
from skfake.cli.options import Model


def info(
    model: Model,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON, for programs.")
    ] = False,
) -> None:
    """Print the model card of a saved detector, without loading its weights."""
    with one_line():
        card = skfake.read_model_card(model)
    text = json.dumps(card.to_dict(), indent=2) if as_json else card.to_markdown()
    print(text.rstrip("\n"))
