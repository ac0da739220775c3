"""How long a submission is tried: as long as it answers, and has time left for its suite."""

from __future__ import annotations

import math
from time import monotonic

from exercises.grading.bench import DoesNotRun
from exercises.grading.requests import NoAnswer

MOST_HANGS = 3
"""After so many criteria in a row without an answer, the rest are not tried."""


class NotTried(DoesNotRun):
    """The service has stopped answering, or answers too slowly; the rest would only take time."""


class Patience:
    """What is left of it, for one suite. `seconds` is the time for all its criteria; None: any."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = math.inf if seconds is None else seconds
        self._seconds_left = self._seconds
        self._hangs = 0

    @property
    def hung(self) -> bool:
        """Whether the last criterion that was tried got no answer."""
        return self._hangs > 0

    def ends(self) -> float:
        """When a criterion that begins now must end, by `time.monotonic`.

        Raises:
            NotTried: it must not begin.
        """
        if self._hangs >= MOST_HANGS:
            raise NotTried(f"Not tried: {MOST_HANGS} criteria in a row before it got no answer.")
        if self._seconds_left <= 0:
            raise NotTried(f"Not tried: time is up, {self._seconds:g} s for the whole suite.")
        return monotonic() + self._seconds_left

    def spend(self, seconds: float) -> None:
        """So long a try took."""
        self._seconds_left -= seconds

    def note(self, error: BaseException | None) -> None:
        """What came of a criterion in the end."""
        if not isinstance(error, NotTried):
            self._hangs = self._hangs + 1 if isinstance(error, NoAnswer) else 0
