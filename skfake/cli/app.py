"""The command `skfake`: its subcommands, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated, NoReturn

import typer

import skfake
from skfake.cli.compare import compare
from skfake.cli.mistakes import UsageError

app = typer.Typer(
    help="Tell AI-generated images from real ones.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(compare)

# What a shell tells of a command that Ctrl-C ended, or whose reader went away.
INTERRUPTED = 128 + 2
BROKEN_PIPE = 128 + 13


def main() -> NoReturn:
    """Run the command; a mistake in its arguments is one line and exit code 2."""
    # A detector with a network takes KeyboardInterrupt for the end of its training,
    # and its half-trained figures would end in the table.
    signal.signal(signal.SIGINT, _stop)
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code)
    except UsageError as error:
        print(f"skfake: {error.format_message()}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        # As with `| head`. Python would try to write what is left once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)


def _stop(*_: object) -> NoReturn:
    print("skfake: interrupted", file=sys.stderr)
    sys.exit(INTERRUPTED)


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.")
    ] = False,
) -> None:
    if version:
        print(f"skfake {skfake.__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())
