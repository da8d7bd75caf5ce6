"""Measurements on data and models: learning curves, data audit, similarity; latency, memory, arithmetic."""

from ._backends import count_multiply_adds, count_parameters
from ._data_audit import AuditReport, audit
from ._learning_curve import Curve, curve, write_curve
from ._measure import BackendMeasurement, Measurement, compare_backends, compare_latency, measure
from ._memory import peak_memory

__all__ = [
    "AuditReport",
    "BackendMeasurement",
    "Curve",
    "Measurement",
    "audit",
    "compare_backends",
    "compare_latency",
    "count_multiply_adds",
    "count_parameters",
    "curve",
    "measure",
    "peak_memory",
    "write_curve",
]
