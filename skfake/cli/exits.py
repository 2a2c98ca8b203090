"""Early ends of the command: by Ctrl-C, or when the reader of a pipe goes away."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

# Exit codes by which shells say that a command was ended by these signals.
INTERRUPTED = 128 + 2
BROKEN_PIPE = 128 + 13


def stop(*_: object) -> NoReturn:
    """Handle Ctrl-C."""
    print("skfake: interrupted", file=sys.stderr)
    sys.exit(INTERRUPTED)


def leave_pipe() -> NoReturn:
    """End quietly when a reader, such as `head`, takes no more."""
    # Python would try once more to write what is left.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(BROKEN_PIPE)
