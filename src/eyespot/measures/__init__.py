"""Measurements on data and models: learning curves, data audit, similarity; latency, memory, arithmetic."""

from ._data_audit import AuditReport, audit
from ._learning_curve import Curve, curve, write_curve
from ._measure import BackendMeasurement, Measurement, measure

__all__ = ["AuditReport", "BackendMeasurement", "Curve", "Measurement", "audit", "curve", "measure", "write_curve"]
