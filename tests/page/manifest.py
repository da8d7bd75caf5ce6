"""The manifest of a network, as page/FORMAT.md describes it, from its record."""

from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from eyespot.images import ImageSpec
from eyespot.networks.graph import Call, record


def make_manifest(
    network: nn.Module, images: ImageSpec, labels: list[str], name: str = "network", probabilities: bool = True
) -> tuple[dict[str, Any], bytes, list[Call]]:
    """The manifest, the weights as float32 bytes, and the calls that they come from."""
    calls = record(network, torch.zeros(1, *images.shape))
    blob: list[np.ndarray] = []
    offsets: dict[int, int] = {}
    told = [_call(call, blob, offsets) for call in calls]
    if probabilities:
        told.append(_softmax(calls[-1]))
    manifest = {
        "format": 1,
        "name": name,
        "network": "written",
        "task": "classify" if probabilities else "denoise",
        "labels": labels,
        "images": {
            "channels": images.channels,
            "height": images.height,
            "width": images.width,
            "mean": [*images.mean] * (images.channels // len(images.mean)),
            "deviation": [*images.deviation] * (images.channels // len(images.deviation)),
        },
        "calls": told,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }
    return manifest, b"".join(part.astype("<f4").tobytes() for part in blob), calls


def _call(call: Call, blob: list[np.ndarray], offsets: dict[int, int]) -> dict[str, Any]:
    places = {
        role: _place(call.parameters.get(role, ""), weight, blob, offsets) for role, weight in call.weights.items()
    }
    field = call.receptive_field
    return {
        "id": call.index,
        "name": call.name,
        "kind": call.kind,
        "inputs": list(call.inputs),
        "settings": call.settings,
        "weights": places,
        "shape": list(call.shape),
        "formula": _formula(call),
        "multiplyAdds": _multiply_adds(call),
        "field": {"rows": field.rows.tolist(), "columns": field.columns.tolist(), "size": field.size}
        if field
        else None,
    }


def _softmax(logits: Call) -> dict[str, Any]:
    """The task's own last step, which the network itself does not have."""
    return {
        "id": logits.index + 1,
        "name": "softmax",
        "kind": "softmax",
        "inputs": [logits.index],
        "settings": {"dim": 1},
        "weights": {},
        "shape": list(logits.shape),
        "formula": "",
        "multiplyAdds": 0,
        "field": None,
    }


def _place(name: str, weight: Tensor, blob: list[np.ndarray], offsets: dict[int, int]) -> dict[str, Any]:
    """Where a weight lies in the blob; one that is used twice lies there once."""
    if weight.data_ptr() not in offsets:
        offsets[weight.data_ptr()] = sum(part.size for part in blob)
        blob.append(weight.detach().numpy().ravel())
    return {"name": name, "shape": list(weight.shape), "offset": offsets[weight.data_ptr()]}


def _formula(call: Call) -> str:
    weight = call.weights.get("weight")
    if weight is None:
        return ""
    biased = "bias" in call.weights
    total = weight.numel() + (call.weights["bias"].numel() if biased else 0)
    if call.kind in ("conv", "dense"):
        filters, *rest = weight.shape
        inside = " · ".join(str(side) for side in [*rest[1:], rest[0]])
        return f"{filters} · ({inside} + 1) = {total}" if biased else f"{filters} · {inside} = {total}"
    return f"{weight.numel()} + {total - weight.numel()} = {total}" if biased else str(total)


def _multiply_adds(call: Call) -> int:
    weight = call.weights.get("weight")
    if weight is None or call.kind not in ("conv", "conv_transposed", "dense"):
        return 0
    return prod(weight.shape[1:]) * prod(call.shape)
