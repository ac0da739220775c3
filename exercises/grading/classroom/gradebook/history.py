"""All that ever happened to one mark, oldest first: the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from exercises.grading.classroom.gradebook.schema import attempts, edits, verdicts

GRADER = "dojo grade"


@dataclass(frozen=True)
class Happening:
    """One line of the trail.

    Attributes:
        at: UTC.
        who: a person, or `GRADER`.
        what: `verdict`, `override`, `penalty` or `comment`.
        points: of the verdict, the override (None: the machine's count again) or the penalty.
        why: the reason; of a verdict, which file was judged, and by what.
    """

    at: datetime
    who: str
    what: str
    points: int | None
    why: str


def happenings(connection: Connection, learner: str, exercise: str) -> list[Happening]:
    """Verdicts and edits on one learner and exercise."""
    judged = connection.execute(
        select(*attempts.c["at", "number"], *verdicts.c["score", "handed_in", "suite", "image"])
        .join(verdicts, attempts.c.verdict == verdicts.c.id)
        .where(attempts.c.learner == learner, attempts.c.exercise == exercise)
    )
    trail = [
        Happening(
            row.at,
            GRADER,
            "verdict",
            row.score,
            f"attempt {row.number}: file {row.handed_in}, suite {row.suite}, on {row.image}",
        )
        for row in judged
    ]
    by_hand = connection.execute(
        select(*edits.c["at", "who", "kind", "points", "why"])
        .where(edits.c.learner == learner, edits.c.exercise == exercise)
        .order_by(edits.c.id)
    )
    trail += [Happening(*row) for row in by_hand]
    return sorted(trail, key=lambda happening: happening.at)
