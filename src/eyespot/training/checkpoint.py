"""A training's whole state in one file that is either the old one or the new one, never half of one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..errors import RunError
from ..files import write_whole


def save_checkpoint(path: Path, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
    """Write tensors by name, and plain values as JSON in the header."""
    plain = {name: value.detach().contiguous() for name, value in tensors.items()}
    write_whole(path, save(plain, metadata={"eyespot": json.dumps(state)}))


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_checkpoint` wrote; raises `RunError` where the file is damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})["eyespot"])
            return {name: file.get_tensor(name).clone() for name in file.keys()}, state  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise RunError(f"{path}: is damaged ({error}). Delete the run folder and begin again.") from error


def grouped(group: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names with the group's name in front: "network" and "conv.weight" give "network/conv.weight"."""
    return {f"{group}/{name}": value for name, value in tensors.items()}


def group_of(group: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of one group, by their own names."""
    return {name.removeprefix(f"{group}/"): value for name, value in tensors.items() if name.startswith(f"{group}/")}


def optimizer_tensors(optimizer: torch.optim.Optimizer, names: Mapping[Tensor, str]) -> dict[str, Tensor]:
    """What an optimizer remembers of each weight: "exp_avg/conv.weight" and the like."""
    state = optimizer.state
    return {f"{kind}/{names[weight]}": value for weight in state for kind, value in state[weight].items()}


def restore_optimizer(
    optimizer: torch.optim.Optimizer, names: Mapping[Tensor, str], tensors: Mapping[str, Tensor]
) -> None:
    """Give an optimizer back what it remembered."""
    weights = {name: weight for weight, name in names.items()}
    for key, value in tensors.items():
        kind, _, name = key.partition("/")
        optimizer.state[weights[name]][kind] = value
