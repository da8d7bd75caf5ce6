"""Studies over many trainings: which network fits a machine and a budget."""

from ._candidates import Search
from ._page import point_rows
from ._tradeoff import Study, tradeoff

__all__ = ["Search", "Study", "point_rows", "tradeoff"]
