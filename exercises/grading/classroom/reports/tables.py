"""Grades as tables: one of our own, and those that Canvas and Moodle import."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from exercises.grading.classroom.mark import Mark
from exercises.grading.classroom.reports.roll import Learner, Marks, flaw_of, learners
from exercises.grading.classroom.reports.spreadsheet import Cell, as_csv
from exercises.grading.classroom.reports.summary import ExerciseCount, Summary
from exercises.grading.plain import one_line
from exercises.grading.verdict import Outcome

COLUMNS = (
    *("learner", "exercise", "points", "max_points", "machine", "override", "penalty"),
    *("criteria_met", "criteria", "status", "attempt", "graded_at", "comments"),
    *("handed_in", "suite", "image"),
)
POINTS_ROW = "Points Possible"


def grades(marks: Marks, _: Summary) -> Iterator[str]:
    """One row for each learner and exercise."""
    return as_csv(chain([COLUMNS], map(_grade, marks())))


def canvas(marks: Marks, summary: Summary) -> Iterator[str]:
    """The gradebook as Canvas imports it: a row of points possible, then one a learner.

    Canvas looks for the person by ID, SIS User ID, SIS Login ID and name, in this order, and for
    the assignment by the name of the column; it takes the rest as written here (its
    `GradebookImporter`). A learner is called by the name of the folder handed in, which is put
    where a login and where a name is expected.

    An empty cell takes a grade away that is there. So only those stand in it who have a mark for
    every exercise; the others stand in a table for each, see `by_exercise`.
    """
    rows = canvas_rows(
        (each for each in learners(marks()) if has_all(each, summary)), summary.exercises
    )
    return as_csv(chain(canvas_head(summary.exercises.values()), rows))


def moodle(marks: Marks, summary: Summary) -> Iterator[str]:
    """Grades and feedback as Moodle imports them: one row a learner, two columns an exercise.

    Moodle asks which column is the person (map `Username` to what the folders handed in are named
    after) and which is which grade. A feedback column may only be mapped together with its grade:
    alone it wipes the grade out. `-` is no grade. Names out of its own download are no user names;
    for these see `by_exercise`.
    """
    return as_csv(_moodle(marks, summary))


def _grade(mark: Mark) -> list[Cell]:
    verdict = mark.verdict
    status = "judged"
    if verdict.errors:
        status = "not judged whole"
    elif flaw_of(mark) is not None:
        status = "nothing to judge"
    elif verdict.obstacle is not None:
        status = "did not run"
    return [
        *(one_line(mark.learner), mark.exercise, mark.points, verdict.max_score, verdict.score),
        *(mark.override, mark.penalty),
        sum(finding.outcome is Outcome.PASSED for finding in verdict.findings),
        *(len(verdict.findings), status, mark.attempt, mark.graded_at.isoformat()),
        *("\n".join(mark.comments), mark.handed_in, mark.suite, mark.image),
    ]


def has_all(learner: Learner, summary: Summary) -> bool:
    """Whether the learner has a mark for every exercise of the class."""
    return learner.marks.keys() >= summary.exercises.keys()


def canvas_head(counted: Iterable[ExerciseCount]) -> list[list[Cell]]:
    """The two rows above those of learners, for these exercises."""
    counted = list(counted)
    return [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(e.slug for e in counted)],
        [POINTS_ROW, None, None, None, None, *(each.max_score for each in counted)],
    ]


def canvas_rows(them: Iterable[Learner], slugs: Collection[str]) -> Iterator[list[Cell]]:
    """A row for each learner; all of them have a mark for each of the exercises."""
    for learner in them:
        # A name with these words in it would be read as the row above.
        login = one_line(learner.name)
        name = None if POINTS_ROW in login else login
        points = (learner.marks[slug].points for slug in slugs)
        yield [name, None, None, login, None, *points]


def _moodle(marks: Marks, summary: Summary) -> Iterator[list[Cell]]:
    columns = (column for slug in summary.exercises for column in (slug, f"{slug} (Feedback)"))
    yield ["Username", *columns]
    for learner in learners(marks()):
        row: list[Cell] = [one_line(learner.name)]
        for slug in summary.exercises:
            mark = learner.marks.get(slug)
            row += ["-", None] if mark is None else [mark.points, feedback_on(mark)]
        yield row


def feedback_on(mark: Mark) -> str:
    """A few words, as HTML, for that is how Moodle shows them; nothing out of the submission."""
    verdict = mark.verdict
    said = [f"{mark.points} of {verdict.max_score} points."]
    if mark.override is not None:
        said.append(f"Set by hand; the machine gave {verdict.score}.")
    if mark.penalty:
        said.append(f"{mark.penalty} points taken off.")
    if flaw_of(mark) is not None:
        said.append("There was nothing to judge.")
    elif verdict.obstacle is not None:
        said.append("The file could not be tried; your feedback page says why.")
    elif verdict.failures:
        missed = "; ".join(failure.criterion.title for failure in verdict.failures)
        said.append(f"Not met: {missed}.")
    said += mark.comments
    return "<br>".join(html.escape(line, quote=False) for line in said)
