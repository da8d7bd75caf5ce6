"""Organizing: an index of a photo collection, and what it shows: copies, events, photos of poor quality."""

from ._apply import ACTIONS, Applied, apply_plan, undo
from ._organized import Organized, organize
from ._plan import TEMPLATE, Plan, check_plan_file, check_template, make_plan, read_plan, write_plan
from ._report import check_report, counts, document, write_report

__all__ = [
    "ACTIONS",
    "TEMPLATE",
    "Applied",
    "Organized",
    "Plan",
    "apply_plan",
    "check_plan_file",
    "check_report",
    "check_template",
    "counts",
    "document",
    "make_plan",
    "organize",
    "read_plan",
    "undo",
    "write_plan",
    "write_report",
]
