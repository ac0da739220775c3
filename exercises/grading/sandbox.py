"""A bench for files of other people: each learner has a container that leads nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache

from exercises.grading.bench import Bench, Place
from exercises.grading.catalog import Exercise, exercises
from exercises.grading.judge import judge
from exercises.grading.subject import Subject
from exercises.grading.submission import Submission
from exercises.grading.verdict import CannotJudge, Verdict
from reference_app.running import Backend, BackendUnavailable, images, start
from reference_app.running.sandbox.backend import SandboxBackend


class SandboxBench(Bench):
    """Judges like any bench: `judge(exercise, where, bench)`. Say before whose files come.

    `admit("ada")` gives Ada a container that nobody has used; all files judged from then on are
    hers, and share it one after the other. Admitting the same learner again changes nothing.
    While nobody is admitted, every file gets a container of its own: safe, and slower.

    The reference never runs beside a submission, which could pass on to it what it is asked.
    """

    backend: SandboxBackend

    def __init__(
        self, backend: Callable[[], SandboxBackend], reference: Callable[[], Backend]
    ) -> None:
        super().__init__(backend(), reference)
        self._new_backend = backend
        self._learner: str | None = None

    @property
    def image(self) -> str:
        """Name of the image that submissions run in; it changes with everything that is in it."""
        return self.backend.image

    def admit(self, learner: str | None) -> None:
        """The next files are that learner's; None when they are of nobody in particular."""
        if learner is None or learner != self._learner:
            self._learner = learner
            self._make_room()

    def submission(self, exercise: Exercise, submission: Submission) -> Subject:
        holds = submission.flaw or self._submission.holds(exercise, submission.file)
        if self._learner is None and not holds:
            self._make_room()
        return super().submission(exercise, submission)

    def close(self) -> None:
        """Stops everything in the sandbox."""
        self.clear()
        self.backend.close()

    def must_answer(self) -> bool:
        stood = self.backend.must_answer()
        if not stood:
            self._submission.clear()  # what it says of its file may be the doing of that server
        return stood

    def _make_room(self) -> None:
        """An unused container; new servers, too, when somebody has harmed those that there are."""
        self._submission.clear()
        try:
            self.backend.fresh()
        except BackendUnavailable:
            self.backend.close()
            self.backend = self._new_backend()
            self._submission = Place(self.backend)


def prepare(report: Callable[[str], None]) -> None:
    """Gets the images of a sandbox, telling `report` what is being done: it may take minutes.

    Raises:
        NoEngine: there is no container engine.
        BackendUnavailable: it refuses this user, or an image cannot be had.
    """
    images.prepare(report, without=_parts())


def _parts() -> list[str]:
    return [exercise.part for exercise in exercises()]


@contextmanager
def open_sandbox_bench() -> Iterator[SandboxBench]:
    """A bench in containers of its own; all of it is gone afterwards.

    Raises:
        BackendUnavailable: no container engine answers, or an image cannot be had.
    """
    with ExitStack() as later:

        @cache
        def reference() -> Backend:
            return later.enter_context(ordinary_backend())

        with closing(SandboxBench(lambda: SandboxBackend(_parts()), reference)) as bench:
            yield bench


def ordinary_backend() -> Backend:
    """Where the reference runs: the quickest there is, since its code is known."""
    try:
        return start("embedded")
    except BackendUnavailable:
        return start("containers")


def canary(bench: SandboxBench, exercise: Exercise) -> Verdict:
    """Judges the reference as if somebody had handed it in.

    Raises:
        CannotJudge: it did not get full marks, so nobody would be judged fairly here.
    """
    bench.admit(None)
    verdict = judge(exercise, str(exercise.reference_file), bench)
    if not verdict.passed:
        failed = ", ".join(finding.criterion.id for finding in verdict.failures)
        raise CannotJudge(
            f"{exercise.slug}: the reference itself does not get full marks in this sandbox "
            f"({failed}). Nobody is graded before it does."
        )
    return verdict
