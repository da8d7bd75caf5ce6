"""ONNX files in and out: exported ones contain the preprocessing, and both are compared with the model."""

from ._exported import ExportedModel, load_onnx
from ._import import check_graph, import_onnx
from ._write import Export, export_onnx

__all__ = ["Export", "ExportedModel", "check_graph", "export_onnx", "import_onnx", "load_onnx"]
