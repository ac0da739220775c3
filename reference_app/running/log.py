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

    `shown` maps paths as the process sees them to the caller's files. A line that is still being
    written is no line yet: a write that crosses a page of the file is seen in two halves.
    """
    text = _read(log, shown, start)
    return text[: text.rfind("\n") + 1].splitlines()


def tail(log: Path, shown: Mapping[str, str], most: int = TAIL_LINES) -> list[str]:
    """Its last lines, short enough for a message; also what it was writing when it died."""
    return [line[:TAIL_WIDTH] for line in _read(log, shown).splitlines()[-most:]]


def _read(log: Path, shown: Mapping[str, str], start: int = 0) -> str:
    start = max(start, size(log) - TAIL_BYTES)
    if size(log) <= start:
        return ""
    with log.open("rb") as file:
        file.seek(start, os.SEEK_SET)
        text = file.read(TAIL_BYTES).decode(errors="replace")
    for inside, outside in shown.items():
        text = text.replace(inside, outside)
    return text
