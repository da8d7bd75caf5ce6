"""Models for programs without eyespot: ONNX files that contain the preprocessing, checked against the model."""

from ._exported import ExportedModel, load_onnx
from ._write import Export, export_onnx

__all__ = ["Export", "ExportedModel", "export_onnx", "load_onnx"]
