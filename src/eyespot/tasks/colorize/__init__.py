"""Colorization: which colors could a gray image have had?"""

from ._colorize import Colorize

__all__ = ["Colorize"]
