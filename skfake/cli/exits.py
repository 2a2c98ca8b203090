"""How the command ends before its time: by Ctrl-C, or when nobody reads on."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

# What a shell tells of a command that such a signal ended.
INTERRUPTED = 128 + 2
BROKEN_PIPE = 128 + 13


def stop(*_: object) -> NoReturn:
    """Handle Ctrl-C."""
    print("skfake: interrupted", file=sys.stderr)
    sys.exit(INTERRUPTED)


def leave_pipe() -> NoReturn:
    """End quietly when a reader, such as `head`, has had enough."""
    # Python would try once more to write what is left.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(BROKEN_PIPE)
