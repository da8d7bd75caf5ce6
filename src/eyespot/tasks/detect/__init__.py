"""Object detection: where on an image objects of some classes are, each with a box."""

from ._detect import Detect

__all__ = ["Detect"]
