"""Single key presses from a terminal."""

from __future__ import annotations

import os
import select
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

TERMINAL = 0
"""The descriptor of standard input: `sys.stdin` is somebody else's while a suite runs."""

POLL_SECONDS = 0.2


@contextmanager
def single_keys() -> Iterator[None]:
    """Makes keys arrive without Enter and unseen; the terminal is put right again afterwards."""
    before = termios.tcgetattr(TERMINAL)
    tty.setcbreak(TERMINAL)
    try:
        yield
    finally:
        termios.tcsetattr(TERMINAL, termios.TCSADRAIN, before)


def next_key() -> str | None:
    """The key pressed next, None when none is within a moment, `q` when the input has ended."""
    if not select.select([TERMINAL], [], [], POLL_SECONDS)[0]:
        return None
    pressed = os.read(TERMINAL, 1)
    return pressed.decode(errors="ignore") if pressed else "q"
