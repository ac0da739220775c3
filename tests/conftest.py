"""What holds for every test of the project."""

import signal


def pytest_configure() -> None:
    """Ctrl-C is as on a terminal: whoever starts the tests may have had it ignored.

    Child processes inherit that, and then the tests that interrupt them would wait in vain.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
