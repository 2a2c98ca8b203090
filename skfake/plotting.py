"""matplotlib, which is an extra."""

from typing import Any


def import_pyplot() -> Any:
    """Matplotlib's pyplot, which is an extra."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "matplotlib must be installed to plot; got no such package. Run "
            'pip install "skfake[plot]".'
        ) from error
    return plt
