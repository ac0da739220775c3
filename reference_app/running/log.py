"""What a process of the service wrote, with the caller's files under the names the caller knows."""

import os
from collections.abc import Mapping
from pathlib import Path

TAIL_BYTES = 1024**2
TAIL_LINES = 40
TAIL_WIDTH = 500


def size(log: Path) -> int:
    """Its length in bytes; 0 when it is not there yet."""
    return log.stat().st_size if log.exists() else 0


def lines(log: Path, shown: Mapping[str, str], start: int = 0) -> list[str]:
    """Its lines from byte `start` on, the last 1 MiB of them.

    `shown` maps paths as the process sees them to the caller's files.
    """
    end = size(log)
    start = max(start, end - TAIL_BYTES)
    if end <= start:
        return []
    with log.open("rb") as file:
        file.seek(start, os.SEEK_SET)
        text = file.read(TAIL_BYTES).decode(errors="replace")
    for inside, outside in shown.items():
        text = text.replace(inside, outside)
    return text.splitlines()


def tail(log: Path, shown: Mapping[str, str], most: int = TAIL_LINES) -> list[str]:
    """Its last lines, short enough for a message."""
    return [line[:TAIL_WIDTH] for line in lines(log, shown)[-most:]]
