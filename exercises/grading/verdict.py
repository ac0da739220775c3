"""The verdict on one submission: what is measured, kept, shown and printed as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from exercises.grading.exchange import Transcript

MAX_SCORE = 100
"""The points of a whole suite."""


class CannotJudge(RuntimeError):
    """No verdict could be reached; the message says why and what to do. Never a pass."""


class Outcome(StrEnum):
    """`failed` is the submission's doing; `error` means the criterion could not be judged."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True)
class Criterion:
    """One promise that a suite checks. `why` says in one sentence what breaking it costs.

    One that is not `visible` is for grading only: a release does not hold it, and what learners
    read tells its title and outcome, no more.
    """

    id: str
    title: str
    points: int
    spec: tuple[str, ...]
    lesson: str
    why: str
    visible: bool = True


@dataclass(frozen=True)
class Finding:
    """What came of one criterion, with the exchange that broke it and the reference's to match."""

    criterion: Criterion
    outcome: Outcome
    message: str = ""
    yours: Transcript | None = None
    reference: Transcript | None = None

    @property
    def earned(self) -> int:
        return self.criterion.points if self.outcome is Outcome.PASSED else 0

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.criterion.id,
            "title": self.criterion.title,
            "points": self.criterion.points,
            "earned": self.earned,
            "outcome": self.outcome.value,
            "spec": list(self.criterion.spec),
            "message": self.message,
            "yours": asdict(self.yours) if self.yours else None,
            "reference": asdict(self.reference) if self.reference else None,
            "why": self.criterion.why,
            "lesson": self.criterion.lesson,
            "visible": self.criterion.visible,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Finding:
        yours, reference = content["yours"], content["reference"]
        return cls(
            Criterion(
                id=content["id"],
                title=content["title"],
                points=content["points"],
                spec=tuple(content["spec"]),
                lesson=content["lesson"],
                why=content["why"],
                visible=content.get("visible", True),
            ),
            Outcome(content["outcome"]),
            content["message"],
            yours=Transcript(**yours) if yours else None,
            reference=Transcript(**reference) if reference else None,
        )


@dataclass(frozen=True)
class Verdict:
    """A whole verdict: it exists only when every criterion of the suite has reported."""

    exercise: str
    submission: str
    backend: str
    seconds: float
    findings: tuple[Finding, ...] = field(repr=False)

    @property
    def score(self) -> int:
        return sum(finding.earned for finding in self.findings)

    @property
    def max_score(self) -> int:
        """The points of all criteria: `MAX_SCORE`, or less where a release leaves some out."""
        return sum(finding.criterion.points for finding in self.findings)

    @property
    def passed(self) -> bool:
        return 0 < self.score == self.max_score and not self.errors

    @property
    def failures(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.outcome is not Outcome.PASSED)

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.outcome is Outcome.ERROR)

    @property
    def obstacle(self) -> str | None:
        """What kept every criterion from being tried, when one and the same thing did."""
        messages = {finding.message for finding in self.findings}
        untried = all(f.outcome is Outcome.FAILED and f.yours is None for f in self.findings)
        return messages.pop() if untried and len(messages) == 1 else None

    @property
    def exit_code(self) -> int:
        """0 full marks, 1 not, 2 when a criterion could not be judged."""
        if self.errors:
            return 2
        return 0 if self.passed else 1

    def as_json(self) -> dict[str, Any]:
        return {
            "exercise": self.exercise,
            "submission": self.submission,
            "backend": self.backend,
            "score": self.score,
            "max_score": self.max_score,
            "passed": self.passed,
            "seconds": round(self.seconds, 3),
            "criteria": [finding.as_json() for finding in self.findings],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Verdict:
        return cls(
            content["exercise"],
            content["submission"],
            content["backend"],
            content["seconds"],
            tuple(Finding.from_json(criterion) for criterion in content["criteria"]),
        )
