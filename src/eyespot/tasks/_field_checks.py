"""Validation of task fields from a model file: every value is checked against its annotation before use."""

import math
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from ..errors import TaskError

LONGEST_TEXT = 1_000
LONGEST_LIST = 100_000


def plain(value: Any) -> Any:
    """Convert tuples to lists; all other field values are plain already."""
    return [plain(part) for part in value] if isinstance(value, tuple) else value


def checked(kind: type, values: dict[str, Any]) -> dict[str, Any]:
    """Check field values of the dataclass `kind` and convert lists to tuples; raise `TaskError` for invalid ones."""
    hints = get_type_hints(kind)
    return {name: _fit(value, hints[name], f"'{name}' of {kind.__name__}") for name, value in values.items()}


def _fit(value: Any, hint: Any, name: str) -> Any:
    if isinstance(hint, UnionType):
        if value is None and NoneType in get_args(hint):
            return None
        return _fit(value, next(part for part in get_args(hint) if part is not NoneType), name)
    if get_origin(hint) is tuple:
        return _fit_tuple(value, get_args(hint), name)
    return _fit_one(value, hint, name)


def _fit_tuple(value: Any, parts: tuple[Any, ...], name: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or len(value) > LONGEST_LIST:
        raise TaskError(f"{name} is {_short(value)}; expected a list of at most {LONGEST_LIST:,} values.")
    if parts[-1] is Ellipsis:
        return tuple(_fit(part, parts[0], name) for part in value)
    if len(value) != len(parts):
        raise TaskError(f"{name} has {len(value)} values; expected {len(parts)}.")
    return tuple(_fit(part, hint, name) for part, hint in zip(value, parts, strict=True))


def _fit_one(value: Any, hint: type, name: str) -> Any:
    if hint is float and type(value) is int and abs(value) < 2**53:
        value = float(value)
    if type(value) is not hint:
        raise TaskError(f"{name} is {_short(value)}; expected {hint.__name__}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise TaskError(f"{name} is {value}; expected a finite number.")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise TaskError(f"{name} has {len(value):,} letters; expected at most {LONGEST_TEXT:,}.")
    if isinstance(value, int) and abs(value) >= 2**53:
        raise TaskError(f"{name} is too large; expected less than 2**53.")
    return value


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str | int | float | bool | NoneType) else f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
