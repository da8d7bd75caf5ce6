"""Progress of long computations, for whoever waits for them: long loops report, and a listener may receive it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[int, int], None] | None] = ContextVar("listener", default=None)


def report(done: int, total: int) -> None:
    """Report that `done` of `total` steps are computed; without a listener, nothing happens.

    A listener may raise an exception, which ends the computation.
    """
    listener = _listener.get()
    if listener is not None:
        listener(done, total)


@contextmanager
def listening(listener: Callable[[int, int], None]) -> Iterator[None]:
    """Call `listener(done, total)` for every report of this thread inside the block.

    >>> with listening(lambda done, total: print(f"{done} of {total}")):
    ...     report(1, 8)
    1 of 8
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
