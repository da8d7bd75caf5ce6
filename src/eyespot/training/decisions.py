"""What a training decides of a source before its first step, and what it would refuse."""

from collections.abc import Callable

from ..errors import EyespotError
from ..findings import counted
from ..sources.augment import choose_preset
from ..sources.source import Source
from ..tasks.task import Task
from ._initial_weights import Start, choose_start
from .finish import held_out
from .options import TrainOptions
from .plan import choose_network, choose_size, choose_task, decide_mirror, is_mirrored, mirror_note, with_answers

SHOWN = 5


MEANINGS = {
    "crop": "images of another shape are center-cropped",
    "stretch": "images of another shape are stretched",
    "pad": "images of another shape are padded with gray",
    "native": "every image keeps its own size",
}
"""What is done with images of another shape than the network's, by the fit."""


def decide_task(source: Source, options: TrainOptions, show: Callable[[str], None]) -> tuple[Task, str, Start]:
    """The task, why training images are mirrored or not, and the first weights; `show` gets a note about each choice.

    Raises `EyespotError` where an image of any part has an answer that the task cannot read.
    """
    task, notes = choose_task(source, options.task)
    task, mirror_reason = decide_mirror(source, task, options.mirror)
    for note in notes:
        show(note)
    for row in (*source.validation.rows, *source.test.rows):
        task.read(row)  # a wrong answer is reported now, and not when everything has been learned
    start = choose_start(source, task, options)
    show(f"start from {start.how}: {start.reason}")
    return task, mirror_reason, start


def decisions(source: Source, options: TrainOptions) -> tuple[list[str], str]:
    """The notes about what a training would decide, and the error with which it would refuse, or an empty text.

    >>> from eyespot.sources import open_source
    >>> notes, error = decisions(open_source("bundled:digits"), TrainOptions())
    >>> notes[0], error
    ("task classify: the source has a column 'label'", '')
    """
    notes = []
    try:
        held_out(source)
        complete = with_answers(source, options.task)
        if missing := len(source) - len(complete):
            named = [f"{problem.location}: {problem.reason}" for problem in complete.problems[-missing:]][:SHOWN]
            more = "; ..." if missing > SHOWN else ""
            notes.append(f"left out: {counted(missing, 'image')} ({'; '.join(named)}{more})")
        source = complete
        task, mirror_reason, start = decide_task(source, options, notes.append)
        images, size_notes = choose_size(source, task, options, start)
        choose_network(task, images, options, start)
        preset = options.augment or choose_preset(source, task, images)
        mirrored = is_mirrored(task, preset, options.mirror)
        size_notes.append(f"fit {images.fit}: {MEANINGS[images.fit]}")
        return [*notes, *size_notes, mirror_note(mirrored, preset, mirror_reason)], ""
    except EyespotError as error:
        return notes, str(error)
