"""What a learner gets for one exercise: the machine's verdict, and what people made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exercises.grading.verdict import MAX_SCORE, Verdict


@dataclass(frozen=True)
class Mark:
    """The newest attempt of one learner at one exercise.

    Attributes:
        attempt: counts from 1; a file that was handed in unchanged is no new attempt.
        handed_in: the `Entry.digest` that was judged.
        suite: version of what judged it: a hash of suite, service and engine.
        image: version of the sandbox's image, or the back end's name where there was none.
        graded_at: UTC.
        override: points that a person gave instead of the machine's, 0 to 100.
        penalty: points taken off, for being late for instance.
        comments: by hand, oldest first.
    """

    learner: str
    exercise: str
    attempt: int
    verdict: Verdict
    handed_in: str
    suite: str
    image: str
    graded_at: datetime
    override: int | None = None
    penalty: int = 0
    comments: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        """What counts: the override or the machine's score, less the penalty, never below 0."""
        given = self.verdict.score if self.override is None else self.override
        return max(0, min(MAX_SCORE, given) - self.penalty)
