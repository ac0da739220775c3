"""A class is graded: each entry gets its mark once, whatever interrupts it and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from time import perf_counter

from exercises.grading.catalog import Exercise
from exercises.grading.classroom.answers import Judged, Problem
from exercises.grading.classroom.canary import Canary, try_canary
from exercises.grading.classroom.crew import Crew
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.events import Event, Finished, Marked, NotMarked, Started, Status
from exercises.grading.classroom.gradebook import By, Gradebook
from exercises.grading.classroom.jobs import Job, answers
from exercises.grading.verdict import Verdict


class Grading:
    """One run over a class. This process alone writes the gradebook."""

    def __init__(
        self, gradebook: Gradebook, exercises: Sequence[Exercise], tell: Callable[[Event], None]
    ) -> None:
        self._gradebook = gradebook
        self._exercises = exercises
        self._tell = tell
        self._by: dict[str, By] = {}
        self._number: Counter[str] = Counter()
        self._points: Counter[str] = Counter()
        self._marks: Counter[str] = Counter()

    def run(
        self, inbox: Callable[[], Iterator[Entry]], crew: Crew, *, again: bool = False
    ) -> Finished:
        """Grades what the inbox has; learners come one after the other, and twice the same.

        Args:
            inbox: reads the class; called twice, first only to count.
            crew: who judges.
            again: judge everything again. A run of that kind that was interrupted goes on.

        Raises:
            CannotJudge: the reference does not get full marks, or there are no workers any more.
        """
        started = perf_counter()
        canary = try_canary(self._exercises, crew)
        number = self._gradebook.begin_round() if again else 0
        self._by = {slug: By(suite, canary.image, number) for slug, suite in canary.suites.items()}
        self._tell(self._count(inbox(), canary, number))
        for entry, answer in answers(self._jobs(inbox(), canary), crew):
            self._take(entry, answer)
        if not self._number["not judged"]:
            self._gradebook.end_rounds()
        finished = self._finished(perf_counter() - started)
        self._tell(finished)
        return finished

    def _count(self, inbox: Iterator[Entry], canary: Canary, number: int) -> Started:
        learners = entries = to_judge = 0
        for _, theirs in groupby(inbox, key=lambda entry: entry.learner):
            learners += 1
            for entry in theirs:
                entries += 1
                known = self._gradebook.score_of(entry, self._by[entry.exercise])
                to_judge += known is None
        return Started(learners, entries, to_judge, list(canary.suites), canary.image, number)

    def _jobs(self, inbox: Iterator[Entry], canary: Canary) -> Iterator[Job]:
        """What is to be judged, by learner. The rest gets its mark here and now."""
        for _, theirs in groupby(inbox, key=lambda entry: entry.learner):
            to_judge = []
            for entry in theirs:
                score = self._gradebook.take_over(entry, self._by[entry.exercise])
                if score is not None:
                    self._marked(entry, score, 0.0, "unchanged")
                elif entry.content is None:
                    self._record(entry, canary.verdict_on_flaw(entry), "flawed")
                else:
                    to_judge.append(entry)
            if to_judge:
                yield Job(to_judge)

    def _take(self, entry: Entry, answer: Judged | Problem) -> None:
        by = self._by[entry.exercise]
        if isinstance(answer, Judged) and (answer.suite, answer.image) != (by.suite, by.image):
            answer = Problem(
                f"It was judged by suite {answer.suite} in image {answer.image}, the reference by "
                f"{by.suite} in {by.image}. Have the same on every machine."
            )
        if isinstance(answer, Judged):
            self._record(entry, answer.verdict, "judged")
        else:
            self._number["not judged"] += 1
            self._tell(NotMarked(entry.learner, entry.exercise, answer.reason))

    def _record(self, entry: Entry, verdict: Verdict, status: Status) -> None:
        self._gradebook.record(entry, verdict, self._by[entry.exercise])
        self._marked(entry, verdict.score, verdict.seconds, status)

    def _marked(self, entry: Entry, score: int, seconds: float, status: Status) -> None:
        self._number[status] += 1
        self._points[entry.exercise] += score
        self._marks[entry.exercise] += 1
        self._tell(Marked(entry.learner, entry.exercise, score, round(seconds, 3), status))

    def _finished(self, seconds: float) -> Finished:
        return Finished(
            judged=self._number["judged"] + self._number["flawed"],
            unchanged=self._number["unchanged"],
            not_judged=self._number["not judged"],
            seconds=round(seconds, 1),
            means={slug: round(self._points[slug] / n, 1) for slug, n in self._marks.items()},
            gradebook=str(self._gradebook.file),
        )
