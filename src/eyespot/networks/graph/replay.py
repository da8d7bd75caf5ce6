"""Replay a recorded network call by call: on other images, or with some calls replaced."""

from collections.abc import Callable, Mapping, Sequence

from torch import Tensor

from eyespot.errors import ExplanationError

from .record import Call


def first_opaque(calls: Sequence[Call]) -> Call | None:
    """The first call that cannot be followed, if there is one."""
    return next((call for call in calls if call.opaque), None)


def require_followed(calls: Sequence[Call], purpose: str) -> None:
    """Raise `ExplanationError` with the name of the first call that cannot be followed."""
    call = first_opaque(calls)
    if call is not None:
        raise ExplanationError(
            f"{purpose} needs every operation of the network, and '{call.operation}' (call "
            f"{call.index}, '{call.name}') is "
            "unknown to eyespot. Write this step with operations of torch.nn, or choose another method."
        )


def replay(
    calls: Sequence[Call], x: Tensor, replaced: Mapping[int, Callable[..., Tensor]] | None = None
) -> list[Tensor]:
    """Outputs of all calls for other images `x` (N, C, H, W) with any N; differentiable.

    `replaced` maps indices of calls to replacement functions. All calls must be followed (see `require_followed`).
    """
    replaced = replaced or {}
    values = [x]
    for call in calls[1:]:
        run = replaced.get(call.index, call.run)
        assert run is not None, call.operation
        values.append(run(*(values[index] for index in call.inputs)))
    return values


def ancestors(calls: Sequence[Call], *indices: int) -> list[int]:
    """Indices of all calls that the calls `indices` depend on, including themselves, in order."""
    needed = set(indices)
    for call in reversed(calls[: max(indices) + 1]):
        if call.index in needed:
            needed.update(call.inputs)
    return sorted(needed)
