"""With what, and on what machine, metrics were made."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from skfake import __version__

PACKAGES = (
    "numpy",
    "scikit-learn",
    "scikit-learn-intelex",
    "scikit-image",
    "pillow",
    "torch",
    "torchvision",
    "skorch",
)


def describe_versions() -> dict[str, str]:
    """Versions of Python, skfake and the packages that compute for it."""
    found = {"python": platform.python_version(), "skfake": __version__}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def describe_machine() -> dict[str, Any]:
    """The machine that computes."""
    machine = {
        "platform": platform.platform(),
        "processor": _processor_name(),
        "n_cpus": os.cpu_count(),
    }
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        machine["accelerator"] = torch.cuda.get_device_name()
    return machine


def _processor_name() -> str:
    # Linux tells the processor's name here, and Python its architecture alone.
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    return names[0].strip() if names else platform.processor() or platform.machine()
