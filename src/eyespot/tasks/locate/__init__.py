"""Point localization: where on an image the centers of small objects of one kind are."""

from ._locate import Locate

__all__ = ["Locate"]
