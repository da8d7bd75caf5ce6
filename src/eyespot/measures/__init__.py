"""Measurements on data: learning curves, data audit, similarity."""

from ._data_audit import AuditReport, audit
from ._learning_curve import Curve, curve, write_curve

__all__ = ["AuditReport", "Curve", "audit", "curve", "write_curve"]
