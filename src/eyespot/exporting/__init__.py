"""ONNX files in and out: exported ones contain the preprocessing, and both are compared with the model."""

from ._conventions import Convention, Trial, try_conventions
from ._exported import ExportedModel, load_onnx
from ._import import check_graph, import_onnx
from ._int8 import Quantization, export_int8, write_int8
from ._program import Program, export_program
from ._session import open_runtime
from ._write import Export, export_onnx

__all__ = [
    "Convention",
    "Export",
    "ExportedModel",
    "Program",
    "Quantization",
    "Trial",
    "check_graph",
    "export_int8",
    "export_onnx",
    "export_program",
    "import_onnx",
    "load_onnx",
    "open_runtime",
    "try_conventions",
    "write_int8",
]
