"""The command line: one function a verb, one file for each group of verbs."""

from .app import main

__all__ = ["main"]
