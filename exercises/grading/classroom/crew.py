"""Whoever judges for the grader: workers of this machine or of a cluster; it cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from exercises.grading.classroom.entry import Entry


@dataclass(frozen=True)
class Crew:
    """Takes the entries of one learner at a time.

    Attributes:
        submit: has them judged; the result has the answer to each, as lines of JSON. It raises
            `WorkerLost` where no worker is to be had.
        room: how many learners it can take at once, at this moment.
    """

    submit: Callable[[Sequence[Entry]], Future[list[str]]]
    room: Callable[[], int]
