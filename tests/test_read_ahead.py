"""What is read ahead: in order, in bounds, with errors in their places."""

import subprocess
import sys
import threading
import time
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skfake.read_ahead import ReadAhead


@given(st.lists(st.integers()), st.integers(1, 5), st.integers(1, 20))
def test_results_are_those_of_map(items, n_threads, n_ahead):
    with ReadAhead(str, items, n_threads=n_threads, n_ahead=n_ahead) as ahead:
        assert list(ahead) == list(map(str, items))
        assert list(ahead) == []


def test_results_are_in_order_whichever_is_ready_first():
    def delay(i):
        time.sleep(0.02 if i % 3 == 0 else 0)
        return i

    with ReadAhead(delay, range(30), n_threads=4, n_ahead=9) as ahead:
        assert list(ahead) == list(range(30))


def test_threads_compute_and_no_more_than_there_are():
    seen = set()

    def note(i):
        time.sleep(0.002)
        seen.add(threading.current_thread())

    with ReadAhead(note, range(30), n_threads=3, n_ahead=9) as ahead:
        list(ahead)
    assert threading.current_thread() not in seen
    assert 1 < len(seen) <= 3


@pytest.mark.parametrize("n_threads", [1, 3])
def test_items_are_taken_as_they_are_needed(n_threads):
    begun = []
    items = (begun.append(i) or i for i in count())
    with ReadAhead(int, items, n_threads=n_threads, n_ahead=5) as ahead:
        for i in range(20):
            assert next(ahead) == i
            time.sleep(0.001)
            assert len(begun) <= i + 1 + 5


def test_few_bytes_wait_however_many_items_may():
    alive = most = 0

    class Large:
        def __init__(self, i):
            nonlocal alive, most
            alive += 1
            most = max(most, alive)

        def __del__(self):
            nonlocal alive
            alive -= 1

    with ReadAhead(
        Large, range(200), n_threads=3, n_ahead=1000, n_bytes=40, size=lambda large: 10
    ) as ahead:
        n_results = sum(1 for _ in ahead)
    assert n_results == 200
    # Those that wait, one in each thread, and one that is taken while the next comes.
    assert most <= 4 + 3 + 2


def test_one_result_beyond_the_bytes_is_no_standstill():
    sizes = {"n_ahead": 9, "n_bytes": 1, "size": lambda result: 100}
    with ReadAhead(str, range(20), n_threads=3, **sizes) as ahead:
        assert len(list(ahead)) == 20


def test_an_error_of_the_function_is_raised_in_its_place():
    with ReadAhead(lambda i: 1 / (5 - i), range(9), n_threads=3, n_ahead=9) as ahead:
        assert [next(ahead) for _ in range(5)] == [1 / (5 - i) for i in range(5)]
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                next(ahead)


def test_an_error_of_the_items_is_raised_after_what_came_before():
    def break_off():
        yield 1
        raise OSError("the list broke off")

    got = []
    with (
        ReadAhead(str, break_off(), n_threads=2, n_ahead=9) as ahead,
        pytest.raises(OSError, match="broke off"),
    ):
        got.extend(ahead)
    assert got == ["1"]


def test_one_may_wait_for_a_while():
    may_go_on = threading.Event()

    def hold():
        yield 1
        may_go_on.wait()
        yield 2

    with ReadAhead(str, hold(), n_ahead=9) as ahead:
        assert ahead.wait(10)
        assert next(ahead) == "1"
        started = time.monotonic()
        assert not ahead.wait(0.05)
        assert time.monotonic() - started < 5
        may_go_on.set()
        assert ahead.wait()
        assert list(ahead) == ["2"]
        # The end is there, too.
        assert ahead.wait(0)


def test_a_function_that_takes_its_time_is_waited_for():
    with ReadAhead(lambda i: time.sleep(0.3), [1], n_ahead=9) as ahead:
        assert not ahead.wait(0.01)
        assert ahead.wait(10)


def test_closing_stops_it():
    begun = []
    ahead = ReadAhead(begun.append, count(), n_threads=2, n_ahead=4)
    next(ahead)
    ahead.close()
    n_begun = len(begun)
    time.sleep(0.02)
    assert len(begun) == n_begun <= 6


def test_one_that_waits_for_a_pipe_holds_up_neither_closing_nor_the_exit():
    code = (
        "import sys; from skfake.read_ahead import ReadAhead\n"
        "with ReadAhead(str, sys.stdin, n_threads=50, n_ahead=99) as ahead:\n"
        "    print(ahead.wait(0.05), flush=True)"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as process:
        assert process.wait(timeout=60) == 0
        assert process.stdout.read().strip() == b"False"
