"""Where a submission is tried: a back end for it, and the same or another for the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

from exercises.grading.catalog import Exercise
from exercises.grading.subject import Subject
from exercises.grading.submission import Submission
from reference_app.running import Backend, RunningError, ServiceDidNotStart, start

MOST_REFERENCES = 3
"""A class is graded learner by learner, so the exercises take turns."""

On = Literal["auto", "embedded", "containers"]


class DoesNotRun(AssertionError):
    """The service cannot be tried with this file; the message tells the learner why."""


class CannotRun(RunningError):
    """The service could not even be tried, which is the machine's fault: no verdict follows."""


class Place:
    """Holds one running service, and starts another only when something else is asked of it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._key: tuple[str, str] | None = None
        self._subject: Subject | None = None
        self._flaw: DoesNotRun | None = None

    def take(self, exercise: Exercise, file: Path | None) -> Subject:
        """The service with `file` in the exercise's part, or as it is when there is none.

        Raises:
            DoesNotRun: it does not start; the same file is not tried twice.
            CannotRun: it could not be tried; the next time it is tried anew.
        """
        if not self.holds(exercise, file):
            self.clear()
            self._start(exercise, {exercise.part: file} if file else {})
            self._key = key_of(exercise, file)
        if self._subject is None:
            raise self._flaw or DoesNotRun("The service did not start.")
        return self._subject

    def holds(self, exercise: Exercise, file: Path | None) -> bool:
        """Whether that is what runs here, or has been tried last."""
        return self._key == key_of(exercise, file)

    def clear(self) -> None:
        """Stops what runs here."""
        subject, self._subject = self._subject, None
        self._key = self._flaw = None
        if subject is not None:
            subject.close()

    def _start(self, exercise: Exercise, replace: Mapping[str, Path]) -> None:
        try:
            service = self._backend.service(replace=replace, settings=exercise.about.settings)
        except ServiceDidNotStart as error:
            self._flaw = DoesNotRun(_told(error, replace))
        except Exception as error:
            raise CannotRun(f"The service could not be started on this machine: {error}") from error
        else:
            self._subject = Subject(self._backend, service, replace)


def key_of(exercise: Exercise, file: Path | None) -> tuple[str, str]:
    """What tells one thing to be run from another: the exercise, and the content of the file."""
    return exercise.slug, sha256(file.read_bytes()).hexdigest() if file else ""


class Bench:
    """A place for the submission, and a few for the reference: one for each exercise of late.

    `backend` is where the submission runs, and the reference too unless it has a back end of its
    own; `reference` gives that one, when a criterion fails for the first time.
    """

    def __init__(self, backend: Backend, reference: Callable[[], Backend] | None = None) -> None:
        self.backend = backend
        self._submission = Place(backend)
        self._references: dict[str, Place] = {}
        self._of_reference = cache(reference or (lambda: backend))

    def submission(self, exercise: Exercise, submission: Submission) -> Subject:
        """The service with the submission in place.

        Raises:
            DoesNotRun: there is no such file, or the service does not start with it.
            CannotRun: it could not be tried.
        """
        if submission.is_reference:
            return self.reference(exercise)
        if submission.flaw:
            raise DoesNotRun(submission.flaw)
        return self._submission.take(exercise, submission.file)

    def reference(self, exercise: Exercise) -> Subject:
        """The untouched service, with the settings of this exercise."""
        place = self._references.pop(exercise.slug, None) or Place(self._of_reference())
        self._references[exercise.slug] = place
        for longest_unused in list(self._references)[:-MOST_REFERENCES]:
            self._references.pop(longest_unused).clear()
        return place.take(exercise, None)

    def must_answer(self) -> bool:
        """Whether its servers ran since the last time; one that has fallen runs again now.

        Raises:
            BackendUnavailable: they are gone, so what fails is nobody's fault.
        """
        return True

    def clear(self) -> None:
        """Stops the services on it; the back end stays."""
        self._submission.clear()
        for place in self._references.values():
            place.clear()


@contextmanager
def open_bench(on: On) -> Iterator[Bench]:
    """A bench on a back end of its own; both are gone afterwards.

    Raises:
        BackendUnavailable: that back end is not to be had here; the message says what to do.
    """
    with start(on) as backend:
        bench = Bench(backend)
        try:
            yield bench
        finally:
            bench.clear()


def _told(error: ServiceDidNotStart, replace: Mapping[str, Path]) -> str:
    """Why it does not start, with what the service wrote from the file's own line on."""
    lines = error.log_tail
    own = [
        n for n, line in enumerate(lines) if any(f'"{file}"' in line for file in replace.values())
    ]
    shown = lines[own[-1] :] if own else lines[-6:]
    told = ["The service does not start with your file.", error.reason]
    return "\n".join([*told, "", *shown] if shown else told)
