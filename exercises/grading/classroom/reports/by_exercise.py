"""Tables for one exercise each, where one table for all would do harm or find nobody.

Each is written only if somebody stands in it; what an earlier run wrote and is true no more goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain

from exercises.grading.classroom.participants import participant
from exercises.grading.classroom.reports.roll import Marks, learners
from exercises.grading.classroom.reports.shelf import Shelf
from exercises.grading.classroom.reports.spreadsheet import Cell, as_csv
from exercises.grading.classroom.reports.summary import Summary
from exercises.grading.classroom.reports.tables import (
    canvas_head,
    canvas_rows,
    feedback_on,
    has_all,
)
from exercises.grading.plain import one_line

CANVAS = "canvas"
MOODLE = "moodle"
WORKSHEET = (
    *("Identifier", "Full name", "Grade", "Maximum Grade"),
    *("Last modified (grade)", "Feedback comments"),
)
"""As Moodle calls them in English; the importer looks for all but the second and the fourth."""


def put_rest_for_canvas(marks: Marks, summary: Summary, shelf: Shelf) -> None:
    """Puts down the grades of those who lack one, and so are not in the table for all.

    Raises:
        NotOurs: a file is in the way.
    """
    for exercise in summary.exercises.values():
        lacking = (
            learner
            for learner in learners(marks())
            if exercise.slug in learner.marks and not has_all(learner, summary)
        )
        head = canvas_head([exercise])
        _put(shelf, f"{CANVAS}/{exercise.slug}.csv", head, canvas_rows(lacking, [exercise.slug]))
    shelf.remove_others(CANVAS)


def put_worksheets(marks: Marks, summary: Summary, shelf: Shelf) -> None:
    """Puts down what Moodle takes as a grading worksheet, for learners that its download named.

    It knows them by the number in that name (its `assignfeedback_offline`), and does not replace
    what was changed there after the worksheet was written.

    Raises:
        NotOurs: a file is in the way.
    """
    for slug in summary.exercises:
        _put(shelf, f"{MOODLE}/{slug}.csv", [WORKSHEET], _worksheet(marks, slug))
    shelf.remove_others(MOODLE)


def _worksheet(marks: Marks, slug: str) -> Iterator[Iterable[Cell]]:
    written = datetime.now(UTC).isoformat(timespec="seconds")
    for mark in marks():
        who = participant(mark.learner) if mark.exercise == slug else None
        if who is not None:
            yield (
                *(f"Participant {who.number}", one_line(who.name), mark.points),
                *(mark.verdict.max_score, written, feedback_on(mark)),
            )


def _put(
    shelf: Shelf, name: str, head: Iterable[Iterable[Cell]], rows: Iterator[Iterable[Cell]]
) -> None:
    first = next(rows, None)
    if first is not None:
        shelf.put(name, as_csv(chain(head, [first], rows)))
