"""Prefetching: order, errors, and a thread that ends when the consumer does."""

import threading
import time

import pytest

from antpipe.video.prefetch import prefetch


def threads() -> int:
    return sum(thread.name == "prefetch" for thread in threading.enumerate())


@pytest.mark.parametrize("depth", [1, 3, 100])
@pytest.mark.parametrize("items", [[], [None], list(range(50))])
def test_items_come_in_order(items, depth):
    assert list(prefetch(iter(items), depth)) == items
    assert list(prefetch(items, depth)) == items
    assert threads() == 0


def test_the_thread_works_ahead_but_not_too_far():
    made = []

    def source():
        for number in range(100):
            made.append(number)
            yield number

    walk = prefetch(source(), 4)
    assert made == []
    assert next(walk) == 0
    deadline = time.monotonic() + 5
    while len(made) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    # One was taken, four wait, and one is in the thread's hands.
    assert len(made) == 6
    walk.close()


def test_work_overlaps_with_the_consumer():
    def slow():
        for number in range(10):
            time.sleep(0.03)
            yield number

    start = time.monotonic()
    for _ in prefetch(slow(), 4):
        time.sleep(0.03)
    assert time.monotonic() - start < 0.55


def test_an_error_comes_after_the_items_before_it():
    def source():
        yield 1
        yield 2
        raise OSError("disk gone")

    walk = prefetch(source(), 8)
    assert [next(walk), next(walk)] == [1, 2]
    with pytest.raises(OSError, match="disk gone"):
        next(walk)
    assert threads() == 0


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_stopping_early_closes_the_source_in_its_thread(taken):
    closed = []

    def source():
        try:
            while True:
                yield 0
        finally:
            closed.append(threading.current_thread().name)

    walk = prefetch(source(), 2)
    for _ in range(taken):
        next(walk)
    walk.close()
    assert closed == (["prefetch"] if taken else [])
    assert threads() == 0


def test_an_error_in_the_consumer_stops_the_thread():
    def consume():
        for number in prefetch(iter(range(1000)), 2):
            if number == 3:
                raise KeyError("consumer")

    with pytest.raises(KeyError, match="consumer"):
        consume()
    assert threads() == 0


def test_a_depth_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1 item ahead, got 0"):
        prefetch([], 0)
