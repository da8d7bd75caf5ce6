"""Every error that eyespot raises on purpose, drawn as a tree.

EyespotError (a ValueError)      the command line prints it as one sentence and ends with code 2
├── SourceError                  images and what is said of them
│   └── ImageError               one file that is not a readable picture
├── NetworkError                 an unknown network, a shape that cannot be
├── TaskError                    an unknown task, a target that does not fit it
├── RecipeError                  a training option that makes no sense
├── RunError                     a run folder that cannot be used
│   └── DivergedError            a loss that is not finite
├── ModelError                   a model file that cannot be read
├── ExplanationError             an explanation that cannot be given
├── AttackError                  an attack that cannot be made
└── SimulatorError               a simulator that cannot be used, or a drive that cannot be made

A message says what was received, what was expected, and what to do.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

Found = TypeVar("Found")


class EyespotError(ValueError):
    """Invalid input from the user; the message states what was received, what was expected and what to do.

    `argument` names the invalid argument, such as "out"; the command line adds the option to the message.
    """

    def __init__(self, message: str = "", *, argument: str = "") -> None:
        super().__init__(message)
        self.argument = argument


class SourceError(EyespotError):
    """The images, or what is said of them, cannot be used."""


class ImageError(SourceError):
    """One file is not a readable picture."""


class NetworkError(EyespotError):
    """A network that is unknown, or whose shapes cannot be."""


class TaskError(EyespotError):
    """A task that is unknown, or a target that does not fit it."""


class RecipeError(EyespotError):
    """A training option that makes no sense."""


class RunError(EyespotError):
    """A run folder that cannot be used."""


class DivergedError(RunError):
    """A loss that is not finite: training stopped before the step that would have spoiled the weights."""


class ModelError(EyespotError):
    """A model file that cannot be read."""


class ExplanationError(EyespotError):
    """An explanation that cannot be given for this model and image."""


class FaceError(EyespotError):
    """A gallery of faces that cannot be used, or a person who is not in it."""


class AttackError(EyespotError):
    """An attack that cannot be made on this model and image."""


class SimulatorError(EyespotError):
    """A simulator that cannot be used, or a drive in it that cannot be made."""


def unknown(kind: str, name: str, choices: Iterable[str]) -> str:
    """Say that a name is unknown, which one is nearest, and which there are.

    >>> unknown("task", "clasify", ["classify", "tag"])
    "Unknown task 'clasify'. Did you mean 'classify'? There are: classify, tag."
    """
    names = list(choices)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return f"Unknown {kind} '{name}'.{hint} There are: {', '.join(names)}."


def look_up(kind: str, name: str, choices: Mapping[str, Found], error: type[EyespotError]) -> Found:
    """Find a name in a plain dictionary; an unknown name raises `error` with the nearest one."""
    if name not in choices:
        raise error(unknown(kind, name, choices))
    return choices[name]
