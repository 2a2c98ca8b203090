"""The command `skfake`: its subcommands, and how it ends."""

import signal
import sys
from typing import Annotated, NoReturn

import typer

import skfake
from skfake.cli.compare import compare
from skfake.cli.errors import UsageError, leave_pipe, stop
from skfake.cli.evaluate import evaluate
from skfake.cli.explain import explain
from skfake.cli.fit import fit
from skfake.cli.info import info
from skfake.cli.predict import predict

app = typer.Typer(
    help="Tell AI-generated images from real ones.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
for subcommand in (fit, predict, evaluate, explain, info, compare):
    app.command()(subcommand)


def main() -> NoReturn:
    """Run the command; a mistake in its arguments is one line and exit code 2."""
    # A detector with a network takes KeyboardInterrupt for the end of its training,
    # and its half-trained metrics would end in the table. A shell's `&` may have asked
    # to ignore Ctrl-C.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, stop)
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code)
    except UsageError as error:
        print(f"skfake: {error.format_message()}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        leave_pipe()


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
