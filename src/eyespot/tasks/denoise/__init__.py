"""Denoising: what was an image before the noise?"""

from ._denoise import Denoise

__all__ = ["Denoise"]
