import threading

import pytest

from antpipe.inference.parallel import map_ahead


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(workers):
    slow_first = [0.02, 0, 0.01, 0, 0, 0.02, 0]

    def wait(item):
        threading.Event().wait(slow_first[item])
        return item * item

    assert list(map_ahead(wait, range(7), workers)) == [0, 1, 4, 9, 16, 25, 36]
    assert list(map_ahead(wait, [], workers)) == []


def test_as_many_calls_as_workers_run_at_once():
    together = threading.Barrier(3)
    assert list(map_ahead(lambda _: together.wait(timeout=30) >= 0, range(9), 3)) == [True] * 9


@pytest.mark.parametrize("workers", [1, 3])
def test_items_are_not_taken_far_ahead(workers):
    taken = []
    results = map_ahead(lambda item: item, (taken.append(i) or i for i in range(100)), workers)
    assert [next(results), next(results)] == [0, 1]
    assert len(taken) <= 2 + workers
    results.close()
    assert len(taken) <= 2 + workers


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_comes_after_the_results_before_it(workers):
    results = map_ahead(lambda item: 6 // item, [3, 2, 0, 1], workers)
    assert [next(results), next(results)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(results)
