"""Kill a process at any line of the code under test: a child that ends there as by SIGKILL, without any cleanup."""

import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import eyespot.organizing

FOLDER = str(Path(eyespot.organizing.__file__).parent)


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of eyespot.organizing `work` runs through."""
    return _traced(work, None)


def kill_at(work: Callable[[], object], line: int) -> None:
    """Run `work` in a child process that is killed before the given line, counted as by `lines_run`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child uses no threads
        child = os.fork()
    if child == 0:
        _traced(work, line)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the work ended before that line"


def _traced(work: Callable[[], object], last: int | None) -> int:
    count = 0

    def trace(frame: FrameType, event: str, _: object):
        nonlocal count
        if not frame.f_code.co_filename.startswith(FOLDER):
            return None
        if event == "line":
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
