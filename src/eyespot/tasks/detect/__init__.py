"""Object detection: boxes around the objects of some classes."""

from ._detect import Detect

__all__ = ["Detect"]
