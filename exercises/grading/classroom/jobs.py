"""Entries on their way to a crew and back: a few at a time, and again when something went wrong."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass

from exercises.grading.classroom.answers import Judged, Problem, read_answer
from exercises.grading.classroom.crew import Crew
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.worker_link import WorkerLost
from exercises.grading.verdict import CannotJudge

MOST_TRIES = 3
ASK_SECONDS = 5.0
"""How often the crew is asked for its room while no answer comes: it may have lost everybody."""

MOST_LOST = 3
"""After so many jobs in a row for which there was no worker to be had, the rest are not tried."""


@dataclass(frozen=True)
class Job:
    """Entries of one learner, which stay together; and how often they were tried in vain."""

    entries: Sequence[Entry]
    tries: int = 0


def answers(jobs: Iterator[Job], crew: Crew) -> Iterator[tuple[Entry, Judged | Problem]]:
    """What came of each entry, in the order in which the answers come.

    Only as many jobs are taken as the crew has room for. A problem is given only after the entry
    was tried `MOST_TRIES` times.

    Raises:
        CannotJudge: there are no workers any more.
        WorkerLost: the same, said by `Crew.room`.
    """
    again: deque[Job] = deque()
    running: dict[Future[list[str]], Job] = {}
    lost = 0
    while True:
        while len(running) < crew.room():
            job = again.popleft() if again else next(jobs, None)
            if job is None:
                break
            running[crew.submit(job.entries)] = job
        if not running:
            return
        for future in wait(running, ASK_SECONDS, FIRST_COMPLETED).done:
            job = running.pop(future)
            error = _error(future)
            lost = lost + 1 if isinstance(error, WorkerLost) else 0
            if lost >= MOST_LOST:
                raise CannotJudge(f"There are no workers any more. {error}")
            in_vain = []
            for entry, answer in zip(job.entries, _answers(future, job), strict=True):
                if isinstance(answer, Problem) and job.tries + 1 < MOST_TRIES:
                    in_vain.append(entry)
                else:
                    yield entry, answer
            if in_vain:
                again.append(Job(in_vain, job.tries + 1))


def _error(future: Future[list[str]]) -> BaseException | None:
    """A cluster without its scheduler cancels what it was given."""
    return CancelledError("it was cancelled") if future.cancelled() else future.exception()


def _answers(future: Future[list[str]], job: Job) -> list[Judged | Problem]:
    error = _error(future)
    if error is not None:
        return [Problem(f"{type(error).__name__}: {error}") for _ in job.entries]
    return [
        read_answer(line, entry.exercise)
        for line, entry in zip(future.result(), job.entries, strict=True)
    ]
