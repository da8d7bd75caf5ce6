"""Point localization: centers of small objects of one kind."""

from ._locate import Locate

__all__ = ["Locate"]
