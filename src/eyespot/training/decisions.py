"""The decisions of a training about a source before its first step, and the errors it would raise."""

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
"""How images of another shape than the input are handled, by the fit."""


def decide_task(source: Source, options: TrainOptions, show: Callable[[str], None]) -> tuple[Task, str, Start]:
    """Choose task, mirroring (with the reason) and initial weights; `show` gets a note about each choice.

    Raises `EyespotError` if the task cannot read the target of an image in any part.
    """
    task, notes = choose_task(source, options.task)
    task, mirror_reason = decide_mirror(source, task, options.mirror)
    for note in notes:
        show(note)
    for row in (*source.validation.rows, *source.test.rows):
        task.read(row)  # fail early on an invalid target, not after training
    start = choose_start(source, task, options)
    show(f"start from {start.how}: {start.reason}")
    return task, mirror_reason, start


def decisions(source: Source, options: TrainOptions) -> tuple[list[str], str]:
    """The notes of a training about its decisions, and the error it would raise, or an empty text.

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
