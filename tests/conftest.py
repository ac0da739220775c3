"""What holds for every test of the project."""

import os
import signal

import pytest

LONG = (
    "grading/hostile/",
    "test_x_release",
    "classroom/test_grade",
    "test_sandbox",
    "lessons/test_runs",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: one that is begun last is waited for at the end."""
    items.sort(key=lambda item: not any(part in item.nodeid for part in LONG))


def pytest_configure() -> None:
    """Ctrl-C is as on a terminal: whoever starts the tests may have had it ignored.

    Child processes inherit that, and then the tests that interrupt them would wait in vain.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: half as many again as there are cores.

    Tests of a service wait for answers, time-outs and restarts more than they compute.
    """
    return (os.cpu_count() or 1) * 3 // 2
