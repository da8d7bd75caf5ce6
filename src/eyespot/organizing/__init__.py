"""Organizing: an index of a photo collection, and what it shows: copies, events, photos of poor quality."""

from ._apply import ACTIONS, Applied, apply_plan, undo
from ._organized import Organized, organize, search_folder
from ._plan import TEMPLATE, Plan, check_plan_file, check_template, make_plan, read_plan, write_plan
from ._report import check_report, counts, document, matched, write_found, write_report
from ._search import Match, Query

__all__ = [
    "ACTIONS",
    "TEMPLATE",
    "Applied",
    "Match",
    "Organized",
    "Plan",
    "Query",
    "apply_plan",
    "check_plan_file",
    "check_report",
    "check_template",
    "counts",
    "document",
    "make_plan",
    "matched",
    "organize",
    "read_plan",
    "search_folder",
    "undo",
    "write_found",
    "write_plan",
    "write_report",
]
