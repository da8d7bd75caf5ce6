"""The command line: one function a verb, one file for each group of verbs."""

from ._app import main

__all__ = ["main"]
