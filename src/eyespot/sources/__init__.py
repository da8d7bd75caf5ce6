"""Sources: open images, describe them, and split them into three parts."""

from ._arrays import from_arrays
from ._walk import walk
from .cache import Images, decode
from .open import open_source
from .source import Part, Problem, Row, Source

__all__ = ["Images", "Part", "Problem", "Row", "Source", "decode", "from_arrays", "open_source", "walk"]
