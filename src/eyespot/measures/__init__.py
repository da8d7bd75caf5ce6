"""What a network costs, and what the data allow."""

from .data_audit import DeepReport, look_deeply
from .learning_curve import Curve, curve, write_curve

__all__ = ["Curve", "DeepReport", "curve", "look_deeply", "write_curve"]
