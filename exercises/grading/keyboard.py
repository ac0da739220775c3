"""Single key presses from a terminal."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

POLL_SECONDS = 0.2


@contextmanager
def single_keys() -> Iterator[None]:
    """Makes keys arrive without Enter and unseen; the terminal is put right again afterwards."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def next_key() -> str | None:
    """The key pressed next, None when none is within a moment, `q` when the input has ended."""
    descriptor = sys.stdin.fileno()
    if not select.select([descriptor], [], [], POLL_SECONDS)[0]:
        return None
    pressed = os.read(descriptor, 1)
    return pressed.decode(errors="ignore") if pressed else "q"
