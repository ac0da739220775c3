"""A class as a whole, counted in one pass over its marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from exercises.grading.catalog import exercises
from exercises.grading.classroom.mark import Mark
from exercises.grading.classroom.reports.roll import flaw_of, learners
from exercises.grading.verdict import Criterion, Outcome

BIN_POINTS = 10


@dataclass
class CriterionCount:
    """How often a criterion was met, by those whose file could be tried."""

    criterion: Criterion
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    @property
    def tried(self) -> int:
        return self.outcomes.total()

    @property
    def met(self) -> int:
        return self.outcomes[Outcome.PASSED]

    @property
    def percent(self) -> int:
        return round(100 * self.met / self.tried) if self.tried else 0


@dataclass
class ExerciseCount:
    """What a class made of one exercise.

    `bins` counts learners by final points: 0 to 9, 10 to 19 and so on, full marks apart.
    `absent` has who handed in nothing that could be judged, and why.
    """

    slug: str
    title: str
    max_score: int = 0
    criteria: dict[str, CriterionCount] = field(default_factory=dict)
    bins: list[int] = field(default_factory=lambda: [0] * (100 // BIN_POINTS + 1))
    points: int = 0
    judged: int = 0
    absent: list[tuple[str, str]] = field(default_factory=list)

    @property
    def average(self) -> float:
        return self.points / self.judged if self.judged else 0.0

    def count(self, mark: Mark) -> None:
        self.max_score = max(self.max_score, mark.verdict.max_score)
        for finding in mark.verdict.findings:
            counted = self.criteria.setdefault(
                finding.criterion.id, CriterionCount(finding.criterion)
            )
            if mark.verdict.obstacle is None:
                counted.outcomes[finding.outcome] += 1
        if (flaw := flaw_of(mark)) is not None:
            self.absent.append((mark.learner, flaw))
            return
        self.judged += 1
        self.points += mark.points
        self.bins[100 * mark.points // (self.max_score or 100) // BIN_POINTS] += 1


@dataclass
class Summary:
    """The exercises in their order, with what the class made of each."""

    learners: int = 0
    marks: int = 0
    exercises: dict[str, ExerciseCount] = field(default_factory=dict)

    @property
    def hardest(self) -> list[tuple[ExerciseCount, CriterionCount]]:
        """The criteria that somebody tried and did not meet, least often met first."""
        tried = [
            (exercise, counted)
            for exercise in self.exercises.values()
            for counted in exercise.criteria.values()
            if counted.met < counted.tried
        ]
        return sorted(tried, key=lambda pair: pair[1].met / pair[1].tried)


def summarise(marks: Iterable[Mark]) -> Summary:
    """Counts everything that the reports say of the whole class."""
    titles = {exercise.slug: exercise.about.title for exercise in exercises()}
    summary = Summary()
    for learner in learners(marks):
        summary.learners += 1
        summary.marks += len(learner.marks)
        for slug, mark in learner.marks.items():
            title = titles.get(slug, slug)
            summary.exercises.setdefault(slug, ExerciseCount(slug, title)).count(mark)
    summary.exercises = dict(sorted(summary.exercises.items()))
    return summary
