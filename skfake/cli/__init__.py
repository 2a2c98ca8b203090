"""The command line: `skfake`, a subcommand a file."""

from skfake.cli.app import main

__all__ = ["main"]
