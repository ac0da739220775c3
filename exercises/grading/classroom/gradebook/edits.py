"""What people do about a mark: they set it, take points off, or say something of it.

An edit is never changed. Of overrides and of penalties the newest counts: an override without
points lets the machine's score count again, a penalty of 0 takes nothing off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Literal

from sqlalchemy import Connection, Select, insert, select

from exercises.grading.classroom.gradebook.errors import NotInGradebook
from exercises.grading.classroom.gradebook.schema import attempts, edits

Kind = Literal["override", "penalty", "comment"]
MOST_NAMES = 8


@dataclass(frozen=True)
class Edit:
    """One thing that a person did about one mark.

    Attributes:
        points: of an override, 0 to 100 or None; of a penalty, 0 to 100; of a comment, None.
        why: the reason, or the comment itself.
    """

    learner: str
    exercise: str
    kind: Kind
    points: int | None
    why: str
    who: str


def add(connection: Connection, edit: Edit) -> None:
    """Adds the edit to the audit trail.

    Raises:
        NotInGradebook: there is no mark that it could be about; the message says which there are.
    """
    require_mark(connection, edit.learner, edit.exercise)
    connection.execute(insert(edits).values(**vars(edit), at=datetime.now(UTC)))


def require_mark(connection: Connection, learner: str, exercise: str) -> None:
    """Raises `NotInGradebook` when there is no such mark; its message says which there are."""
    theirs = select(attempts.c.exercise).where(attempts.c.learner == learner)
    known = _names(connection, theirs)
    if exercise in known:
        return
    if known:
        raise NotInGradebook(
            f"There is no mark of “{learner}” for {exercise}. There are: {', '.join(known)}."
        )
    learners = _names(connection, select(attempts.c.learner))
    near = get_close_matches(learner, learners, MOST_NAMES, 0.5) or learners[:MOST_NAMES]
    more = " …" if len(learners) > len(near) else ""
    raise NotInGradebook(
        f"There is no learner “{learner}” in this gradebook of {len(learners)} learners. "
        f"There are: {', '.join(near)}{more}"
    )


def _names(connection: Connection, statement: Select[tuple[str]]) -> list[str]:
    return sorted(connection.scalars(statement.distinct()))
