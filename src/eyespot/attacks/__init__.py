"""What fools a model: crafted noise, single pixels, everyday changes, and what can be proved against them."""

from .attacking import attack, attack_many
from .finding import Attack
from .methods import ATTACKS, choose
from .pixel_map import PixelMap, pixel_map

__all__ = ["ATTACKS", "Attack", "PixelMap", "attack", "attack_many", "choose", "pixel_map"]
