"""The process that trains for the page: the first line says what, then its streams are the training's desk.

It ends by itself, saved, when the server that started it is gone.
"""

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from ..errors import EyespotError
from ..sources.open import reopen
from ..training.options import TrainOptions
from ..training.run import resume, run_training
from ._control import TrainingControl


def main() -> None:
    """Train as the first line of standard input says, and tell on standard output how it goes."""
    order = json.loads(sys.stdin.readline())
    control = TrainingControl(sys.stdin, sys.stdout)
    sys.stdout = sys.stderr  # what libraries print must not come between the answers
    try:
        _train(order, control)
        control.send({"state": "finished"})
    except KeyboardInterrupt:
        control.send({"state": "stopped"})
    except EyespotError as error:
        control.send({"state": "failed", "error": str(error)})
    except Exception as error:
        traceback.print_exc()
        message = f"Internal error in the training ({type(error).__name__}); details are in the server's terminal."
        control.send({"state": "failed", "error": message})
    os._exit(0)  # the thread that still waits for a line would hold up the usual way out


def _train(order: dict[str, Any], control: TrainingControl) -> None:
    folder = Path(order["folder"])

    def show(entry: dict[str, Any]) -> None:
        if "note" in entry:
            control.send(entry)

    if order["options"] is None:
        resume(folder, show, control)
        return
    origin = order["origin"]
    source = reopen(origin, folder)
    run_training(source, TrainOptions(**order["options"]), folder, show, origin, control)


if __name__ == "__main__":
    main()
