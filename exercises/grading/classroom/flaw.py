"""Why something that was handed in cannot be judged, and how much of it is read."""

from __future__ import annotations

LARGEST_FILE = 256 * 1024
"""Bytes; ten times the longest module of the service."""

MOST_NAMES = 5_000
"""Files and folders that one learner may hand in; no more are looked at."""


class Flaw(ValueError):
    """There is nothing to try. The message says why, in words for the learner."""


def too_large(path: str) -> Flaw:
    return Flaw(f"{path} is larger than {LARGEST_FILE // 1024} KB, and was not read.")


def too_many() -> Flaw:
    return Flaw(
        f"More than {MOST_NAMES:,} files were handed in, and none was read. "
        "Hand in the folders of the exercises alone."
    )
