"""The works: one thread that does what it is given, in order.

A recording has one, so that reading the log never waits for the disk or for a codec. An error ends
the work: what was given after it is left undone, and whoever gives more or waits is told.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final

Work = Callable[[], None]

_LOOK_S: Final = 0.5


class Works:
    """Ends with `close()`. Work is given from one thread at a time."""

    def __init__(self, name: str) -> None:
        self._queue: queue.SimpleQueue[Work | threading.Event | None] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def behind(self) -> int:
        """How much was given and is not done."""
        return self._queue.qsize()

    def give(self, work: Work) -> None:
        """Have something done. Raises what earlier work has failed with."""
        self._told()
        self._queue.put(work)

    def rest(self) -> None:
        """Wait until all that was given is done. Raises what it has failed with."""
        mark = threading.Event()
        self._queue.put(mark)
        while not mark.wait(_LOOK_S) and self._thread.is_alive():
            pass
        self._told()

    def close(self) -> None:
        """Leave undone what is not begun, and end the thread."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()

    def _told(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            if isinstance(work, threading.Event):
                work.set()
            elif self._error is None and not self._closed:
                try:
                    work()
                except BaseException as error:
                    self._error = error
