"""Results of several machines in one file."""

import json
from pathlib import Path
from typing import Any

from skfake.environment import describe_machine, describe_versions


def write_for_machine(path: Path, found: dict[str, Any]) -> None:
    """Write what was found here; it takes the place of what such a processor found."""
    row = {**describe_machine(), **describe_versions(), **found}
    rows = json.loads(path.read_text())["machines"] if path.exists() else []
    others = [each for each in rows if each["processor"] != row["processor"]]
    path.write_text(json.dumps({"machines": [*others, row]}, indent=1) + "\n")
