from .conditions import SUITES
from .damage import corrupt
from .definitions import CORRUPTIONS, Corruption
from .transformer import CorruptionTransformer

__all__ = ["CORRUPTIONS", "SUITES", "Corruption", "CorruptionTransformer", "corrupt"]
