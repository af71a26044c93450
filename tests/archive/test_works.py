"""One thread that does what it is given, in order, and tells when it cannot."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from hustings.archive.works import Works


def test_it_works_in_order_and_rests_when_done() -> None:
    works, done = Works("test"), list[int]()
    for i in range(1_000):
        works.give(partial(done.append, i))
    works.rest()
    assert done == list(range(1_000))
    works.close()


def test_an_error_ends_the_work_and_is_told() -> None:
    works, done = Works("test"), list[int]()

    def fails() -> None:
        raise OSError(28, "No space left on device")

    works.give(fails)
    with pytest.raises(OSError, match="No space"):
        works.rest()
    with pytest.raises(OSError, match="No space"):
        works.give(lambda: done.append(1))
    works.close()
    assert done == []


def _waits(began: threading.Event, go: threading.Event) -> None:
    began.set()
    assert go.wait(60)


def test_closing_leaves_the_rest_undone() -> None:
    works, done = Works("test"), list[int]()
    began, go = threading.Event(), threading.Event()
    works.give(partial(_waits, began, go))
    assert began.wait(60)
    for i in range(100):
        works.give(partial(done.append, i))
    closing = threading.Thread(target=works.close)
    closing.start()
    while works.behind < 101:
        time.sleep(0.001)
    go.set()
    closing.join(5)
    assert not closing.is_alive()
    assert done == []
