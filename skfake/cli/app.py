"""The command `skfake`: its subcommands, and how it ends."""

import signal
import sys
from io import TextIOWrapper
from typing import Annotated, NoReturn

import typer

import skfake
from skfake.cli.compare import compare
from skfake.cli.errors import UsageError, leave_pipe, stop, to_line
from skfake.cli.evaluate import evaluate
from skfake.cli.explain import explain
from skfake.cli.export import export
from skfake.cli.fit import fit
from skfake.cli.info import info
from skfake.cli.predict import predict

app = typer.Typer(
    help="Tell AI-generated images from real ones.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
for subcommand in (fit, predict, evaluate, explain, info, compare, export):
    app.command()(subcommand)


def main() -> NoReturn:
    """Run the command; a mistake in its arguments is one line and exit code 2."""
    # Ended at once, without the warning by which a detector keeps what it has learned:
    # here that is lost, but for its checkpoint. A shell's `&` may have asked to ignore
    # Ctrl-C.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, stop)
    if isinstance(sys.stdout, TextIOWrapper):
        # As stderr does, with paths whose bytes are no UTF-8.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code)
    except UsageError as error:
        print(f"skfake: {error.format_message()}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        leave_pipe()
    # What is foreseen is a UsageError by now.
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        print(
            f"skfake: {type(error).__name__}: {to_line(error)} This should not happen; "
            "python -X dev -m skfake shows where it did.",
            file=sys.stderr,
        )
        sys.exit(2)


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
