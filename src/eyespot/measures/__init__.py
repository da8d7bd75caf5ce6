"""What a network costs, and what the data allow."""

from .curve import Curve, curve, write_curve
from .deep import DeepReport, look_deeply

__all__ = ["Curve", "DeepReport", "curve", "look_deeply", "write_curve"]
