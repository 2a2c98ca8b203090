from .damage import corrupt
from .definitions import CORRUPTIONS, Corruption
from .transformer import CorruptionTransformer

__all__ = ["CORRUPTIONS", "Corruption", "CorruptionTransformer", "corrupt"]
