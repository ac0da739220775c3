"""The marks that count, as one statement that is read row by row."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row, ScalarSelect, Select, Text, func, select

from exercises.grading.classroom.gradebook.errors import DamagedVerdict
from exercises.grading.classroom.gradebook.packing import UNREADABLE, unpack
from exercises.grading.classroom.gradebook.schema import attempts, edits, verdicts
from exercises.grading.classroom.mark import Mark
from exercises.grading.plain import one_line


def all_marks() -> Select[Any]:
    """The last attempt of each learner and exercise, with its verdict and what people did."""
    earlier = attempts.alias()
    last = (
        select(func.max(earlier.c.id))
        .where(earlier.c.learner == attempts.c.learner, earlier.c.exercise == attempts.c.exercise)
        .scalar_subquery()
    )
    return (
        select(
            *attempts.c["learner", "exercise", "number"],
            *verdicts.c["content", "handed_in", "suite", "image", "graded_at"],
            _points("override").label("override"),
            _points("penalty").label("penalty"),
            _comments().label("comments"),
        )
        .join(verdicts, attempts.c.verdict == verdicts.c.id)
        .where(attempts.c.id == last)
        .order_by(attempts.c.learner, attempts.c.exercise)
    )


def to_mark(row: Row[Any]) -> Mark:
    """A row of `all_marks`.

    Raises:
        DamagedVerdict: its verdict cannot be read.
    """
    try:
        verdict = unpack(row.content)
    except UNREADABLE as error:
        raise DamagedVerdict(
            f"The verdict of {one_line(row.learner)} for {row.exercise} is damaged: "
            f"{one_line(str(error))}. Nothing was changed. A copy of the gradebook from before may "
            f"have it; if not, judge it again: `dojo grade … --exercises {row.exercise} --again`."
        ) from error
    return Mark(
        learner=row.learner,
        exercise=row.exercise,
        attempt=row.number,
        verdict=verdict,
        handed_in=row.handed_in,
        suite=row.suite,
        image=row.image,
        graded_at=row.graded_at,
        override=row.override,
        penalty=row.penalty or 0,
        comments=tuple(json.loads(row.comments)),
    )


def _points(kind: str) -> ScalarSelect[Any]:
    """Of the newest edit of that kind."""
    return (
        select(edits.c.points)
        .where(edits.c.learner == attempts.c.learner, edits.c.exercise == attempts.c.exercise)
        .where(edits.c.kind == kind)
        .order_by(edits.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _comments() -> ScalarSelect[Any]:
    """All of them, oldest first, as a JSON list."""
    ordered = (
        select(edits.c.why)
        .where(edits.c.learner == attempts.c.learner, edits.c.exercise == attempts.c.exercise)
        .where(edits.c.kind == "comment")
        .order_by(edits.c.id)
        .correlate(attempts)
        .subquery()
    )
    return select(func.json_group_array(ordered.c.why, type_=Text)).scalar_subquery()
