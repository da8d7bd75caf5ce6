"""The process that trains for the page: the first line is the order, then the streams control the training.

It saves and ends by itself if the server that started it ends.
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
    """Train as ordered in the first line of standard input, and report progress on standard output."""
    order = json.loads(sys.stdin.readline())
    control = TrainingControl(sys.stdin, sys.stdout)
    sys.stdout = sys.stderr  # output of libraries must not mix with the replies
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
    os._exit(0)  # the thread that still waits for a line would block a normal exit


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
