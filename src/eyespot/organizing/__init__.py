"""Organizing: an index of a photo collection, and what it shows: copies, events, photos of poor quality."""

from ._organized import Organized, organize
from ._report import check_report, counts, document, write_report

__all__ = ["Organized", "check_report", "counts", "document", "organize", "write_report"]
