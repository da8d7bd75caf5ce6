"""Studies over many trainings: which network fits a machine and a budget."""

from ._candidates import Search
from ._page import point_rows
from ._tradeoff import Study, tradeoff
from ._written import is_study, read_study, study_page

__all__ = ["Search", "Study", "is_study", "point_rows", "read_study", "study_page", "tradeoff"]
