"""Training: from a source to a finished run."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .run import Run, resume, train

__all__ = ["Run", "resume", "train"]


def __getattr__(name: str) -> Any:
    """Names are imported when first used: the command line reads the options without waiting for torch."""
    if name in __all__:
        return getattr(importlib.import_module(".run", __name__), name)
    raise AttributeError(f"module '{__name__}' has no name '{name}'; it has: {', '.join(__all__)}")
