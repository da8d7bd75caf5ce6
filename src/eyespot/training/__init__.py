"""Training: from a source to a finished run."""

from .options import TrainOptions
from .run import Run, resume, train

__all__ = ["Run", "TrainOptions", "resume", "train"]
