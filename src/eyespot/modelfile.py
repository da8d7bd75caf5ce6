"""The model file: safetensors with one JSON in its header. It holds no code, and nothing is allocated unchecked."""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from .errors import ModelError
from .files import write_whole
from .findings import to_json
from .images import ImageSpec
from .networks.network import NetworkSpec, Output, check_output
from .value_range import check_range

FORMAT = 1
LARGEST_HEADER = 16 << 20
LARGEST_FILE = 4 << 30
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


def write_model_file(path: Path, tensors: dict[str, Tensor], header: dict[str, Any]) -> Path:
    """Write weights and header; the file is whole or not there."""
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    write_whole(path, save(plain, metadata={"eyespot": to_json({"format": FORMAT, **header})}))
    return path


def read_model_file(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Header and weights of a model file; raises `ModelError`, with the remedy, for anything else."""
    header, tensors = read_weights(path)
    if header is None:
        raise ModelError(f"{path}: is not a model of eyespot, only weights; give a model.safetensors.")
    return header, tensors


def read_weights(path: Path) -> tuple[dict[str, Any] | None, dict[str, Tensor]]:
    """The weights in a `.safetensors` file, and the header where it is a model file.

    Sizes in the file are compared with the file's own length before a byte is allocated for them. Raises `ModelError`
    where it is no such file, or damaged.
    """
    try:
        with path.open("rb") as file:
            header = _checked_header(path, file)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: there is no such file; give a model.safetensors that eyespot has saved.") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); give a model.safetensors.") from error
    try:
        return header, load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path}: is damaged ({error}); save or copy it again.") from error


def _checked_header(path: Path, file: BinaryIO) -> dict[str, Any] | None:
    size = path.stat().st_size
    start = file.read(8)
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
    if not 2 <= length <= min(LARGEST_HEADER, size - 8) or size > LARGEST_FILE:
        raise ModelError(f"{path}: is not a model of eyespot (or is cut off); give a model.safetensors.")
    try:
        entries = json.loads(file.read(length))
        _check_sizes(entries, size - 8 - length)
        if "eyespot" not in entries.get("__metadata__", {}):
            return None
        header = json.loads(entries["__metadata__"]["eyespot"])
        found = header["format"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path}: is not a model of eyespot (or is damaged); give a model.safetensors.") from error
    if found != FORMAT:
        raise ModelError(f"{path}: is of format {found}; this version reads format {FORMAT}. Use a newer eyespot.")
    return header


def _check_sizes(entries: dict[str, Any], available: int) -> None:
    """Every tensor's shape must fit its place, and every place the file."""
    for name, entry in entries.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        if not 0 <= begin <= end <= available or math.prod(entry["shape"]) * BYTES[entry["dtype"]] != end - begin:
            raise ValueError(f"{name} exceeds the size of the file")


def network_spec(values: Mapping[str, Any]) -> NetworkSpec:
    """A network's description from the plain values of a file."""
    channels, height, width = (int(side) for side in values["input"])
    return NetworkSpec(
        name=values["name"],
        input=(channels, height, width),
        output=read_output(values["output"]),
        size=values["size"],
        norm=values["norm"],
        graph=str(values.get("graph", "")),
    )


def read_output(values: Mapping[str, Any]) -> Output:
    """What a network puts out, from the plain values of a file; raises `NetworkError` for what no network can."""
    parts = tuple((name, read_output(part)) for name, part in values.get("parts", ()))
    output = Output(
        kind=values["kind"],
        size=values["size"],
        stride=values.get("stride", 1),
        parts=parts,
        head=values.get("head", "linear"),
    )
    check_output(output)
    return output


def images_spec(values: Mapping[str, Any]) -> ImageSpec:
    """A preprocessing from the plain values of a file."""
    return ImageSpec(
        height=int(values["height"]),
        width=int(values["width"]),
        channels=int(values["channels"]),
        fit=values["fit"],
        mean=tuple(float(number) for number in values["mean"]),
        std=tuple(float(number) for number in values["std"]),
        value_range=None if values["value_range"] is None else check_range(values["value_range"]),
    )
