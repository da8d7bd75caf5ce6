"""Training: from a source to a finished run."""

from .run import Run, resume, train

__all__ = ["Run", "resume", "train"]
