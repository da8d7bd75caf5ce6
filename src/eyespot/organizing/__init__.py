"""Organizing a photo collection: an index, copies, events, and photos of poor quality."""

from ._apply import ACTIONS, Applied, apply_plan, journal_of, undo
from ._colors import PROTOTYPES
from ._copies import Group
from ._crop import Crop, find_crop
from ._dominant import SubjectColor, subject_colors
from ._organized import Organized, organize, search_folder
from ._plan import FIELDS, TEMPLATE, Plan, check_plan_file, check_template, make_plan, read_plan, write_plan
from ._report import check_report, counts, document, matched, write_found, write_report
from ._rules import explain_scores, face_features, plain_features
from ._search import Match, Query
from ._sidecar import sidecar_file, write_sidecar

__all__ = [
    "ACTIONS",
    "FIELDS",
    "PROTOTYPES",
    "TEMPLATE",
    "Applied",
    "Crop",
    "Group",
    "Match",
    "Organized",
    "Plan",
    "Query",
    "SubjectColor",
    "apply_plan",
    "check_plan_file",
    "check_report",
    "check_template",
    "counts",
    "document",
    "explain_scores",
    "face_features",
    "find_crop",
    "journal_of",
    "make_plan",
    "matched",
    "organize",
    "plain_features",
    "read_plan",
    "search_folder",
    "sidecar_file",
    "subject_colors",
    "undo",
    "write_found",
    "write_plan",
    "write_report",
    "write_sidecar",
]
