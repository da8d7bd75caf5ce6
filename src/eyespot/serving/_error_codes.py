"""Every error response has a sentence and a code: the page translates the codes, which the sentences are not for."""

from typing import Literal, get_args

from starlette.exceptions import HTTPException

from .. import errors

Code = Literal[
    "attack",
    "cannot_train",
    "closed",
    "collection_missing",
    "disk",
    "drive_missing",
    "explanation",
    "face",
    "foreign",
    "form",
    "gallery_missing",
    "host",
    "image",
    "input",
    "internal",
    "method",
    "missing",
    "model",
    "network",
    "not_resumable",
    "not_training",
    "parameter",
    "recipe",
    "run",
    "simulator",
    "source",
    "source_from_python",
    "task",
    "timeout",
    "too_large",
    "too_many",
    "training_running",
    "upload_closed",
    "uploads_missing",
]
CODES: tuple[str, ...] = get_args(Code)
OF_ERRORS: dict[type[errors.EyespotError], Code] = {
    errors.EyespotError: "input",
    errors.SourceError: "source",
    errors.ImageError: "image",
    errors.NetworkError: "network",
    errors.TaskError: "task",
    errors.RecipeError: "recipe",
    errors.RunError: "run",
    errors.ModelError: "model",
    errors.ExplanationError: "explanation",
    errors.FaceError: "face",
    errors.AttackError: "attack",
    errors.SimulatorError: "simulator",
}


class RequestError(HTTPException):
    """A request that cannot be answered: the HTTP status, the code of the reason, and a sentence."""

    def __init__(self, status: int, code: Code, sentence: str) -> None:
        super().__init__(status, sentence)
        self.code: Code = code


def code_of(error: errors.EyespotError) -> Code:
    """The code of an error, or that of the nearest kind of error that it belongs to.

    >>> code_of(errors.ImageError("cat.png: is not a picture"))
    'image'
    """
    return next(OF_ERRORS[kind] for kind in type(error).__mro__ if kind in OF_ERRORS)


def error_body(sentence: str, code: Code) -> dict[str, str]:
    """The body of an error response."""
    return {"error": sentence, "code": code}
