from .conditions import SUITES
from .damage import corrupt
from .definitions import CORRUPTIONS, MIXES, Corruption
from .transformer import CorruptionTransformer

__all__ = [
    "CORRUPTIONS",
    "MIXES",
    "SUITES",
    "Corruption",
    "CorruptionTransformer",
    "corrupt",
]
