"""The command line: one function per command, in one module for each group of commands."""

from ._app import main

__all__ = ["main"]
