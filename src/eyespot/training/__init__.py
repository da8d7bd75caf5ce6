"""Training: from a source to a finished run."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .options import TrainOptions
    from .run import Run, resume, train

_HOMES = {"Run": "run", "TrainOptions": "options", "resume": "run", "train": "run"}
__all__ = ["Run", "TrainOptions", "resume", "train"]


def __getattr__(name: str) -> Any:
    """Names are imported when first used: the command line reads the options without waiting for torch."""
    if name in _HOMES:
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module '{__name__}' has no name '{name}'; it has: {', '.join(__all__)}")
