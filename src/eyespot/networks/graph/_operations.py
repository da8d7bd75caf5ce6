"""Interpretation of recorded torch functions: kind, settings as plain values, weights by role.

Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from torch.overrides import resolve_name
from torch.utils._pytree import tree_flatten, tree_unflatten

from ._readers import READERS

DECISIONS = frozenset({"__bool__", "__int__", "__float__", "__index__", "__contains__", "item", "tolist", "numpy"})
"""Methods that extract values from tensors, on which a forward could branch: not followed."""

OTHER_ORDER = frozenset({"torch.batch_norm"})
"""Functions with another argument order than those of the same name in torch.nn.functional."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An executed torch function; `run` computes it on other inputs, and is None if it is unknown."""

    kind: str
    name: str
    run: Callable[..., Tensor] | None
    settings: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, Tensor] = field(default_factory=dict)


def full_name(function: Any) -> str:
    """Full name of a torch function, such as torch.nn.functional.conv2d."""
    return resolve_name(function) or getattr(function, "__name__", type(function).__name__)


def read_operation(
    function: Any,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    tracked: Sequence[Tensor],
    output: Tensor,
    part: int | None,
) -> Operation | None:
    """Interpret `function(*args, **kwargs)`, or return None; `part` is the index of one of several returned tensors."""
    name = full_name(function)
    bare = name.rsplit(".", 1)[-1].strip("_")
    if bare not in READERS or name in OTHER_ORDER or (part is not None) != (bare in ("chunk", "split")):
        return None
    names, reader = READERS[bare]
    bound = {**dict(zip(names.split(), args, strict=False)), **kwargs}
    reading = reader({**bound, "function": bare, "args": args, "tracked": tracked, "output": output, "part": part})
    if reading is None:
        return None
    kind, settings, weights = reading
    run = _reshaping(output) if kind in ("flatten", "reshape") else _again(function, args, kwargs, tracked, part)
    return Operation(kind=kind, name=name, run=run, settings=settings, weights=weights)


def _again(
    function: Any, args: Sequence[Any], kwargs: dict[str, Any], tracked: Sequence[Tensor], part: int | None
) -> Callable[..., Tensor]:
    """The same call on other inputs, which are copied first if the function may write to them."""
    leaves, structure = tree_flatten((tuple(args), kwargs))
    tracked_ids = {id(tensor) for tensor in tracked}
    places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, Tensor) and id(leaf) in tracked_ids]
    rest = [None if place in places else leaf for place, leaf in enumerate(leaves)]
    name = full_name(function).rsplit(".", 1)[-1]
    writes = (
        bool(kwargs.get("inplace"))
        or any(arg is True for arg in args)
        or (name.endswith("_") and not name.endswith("__"))
    )
    writes = writes or name.startswith("__i")

    def run(*inputs: Tensor) -> Tensor:
        filled = list(rest)
        for place, tensor in zip(places, inputs, strict=True):
            filled[place] = tensor.clone() if writes else tensor
        again_args, again_kwargs = tree_unflatten(filled, structure)
        result = function(*again_args, **again_kwargs)
        return result if part is None else result[part]

    return run


def _reshaping(output: Tensor) -> Callable[..., Tensor]:
    """A reshape for any batch size: a literal size may have been N."""
    shape = output.shape[1:]
    return lambda x: x.reshape(x.shape[0], *shape)
