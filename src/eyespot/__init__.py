"""eyespot trains convolutional networks on your own images and shows every number inside them."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .attacks import AttackResult, attack
    from .errors import EyespotError
    from .explanations import Explanation, explain
    from .findings import Evaluation
    from .model import Model, load, wrap
    from .sources import Source, open_source
    from .training import Run, TrainOptions, resume, train

__version__ = "0.2.0"

# Names are imported on first use: `eyespot --help` must not wait seconds for torch.
_HOMES = {
    "AttackResult": "attacks",
    "Evaluation": "findings",
    "Explanation": "explanations",
    "EyespotError": "errors",
    "Model": "model",
    "Run": "training",
    "Source": "sources",
    "TrainOptions": "training",
    "attack": "attacks",
    "explain": "explanations",
    "load": "model",
    "open_source": "sources",
    "resume": "training",
    "train": "training",
    "wrap": "model",
}
__all__ = [
    "AttackResult",
    "Evaluation",
    "Explanation",
    "EyespotError",
    "Model",
    "Run",
    "Source",
    "TrainOptions",
    "attack",
    "explain",
    "load",
    "open_source",
    "resume",
    "train",
    "wrap",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module 'eyespot' has no name '{name}'; it has: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
