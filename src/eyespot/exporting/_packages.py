"""The packages that exporting needs, which not everyone installs."""

import importlib
from typing import Any

from ..errors import ModelError


def require(name: str) -> Any:
    """Import a package of the extra `export`; raises `ModelError`, with the command that installs it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ModelError(f"'{name}' is not installed; ONNX files need: pip install 'eyespot[export]'") from error
