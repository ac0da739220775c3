"""A class of five, and what a gradebook says of it, in a form that can be compared."""

from pathlib import Path

from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.classroom.gradebook import FILE_NAME, Gradebook
from exercises.grading.faults import faults_of

EXERCISES = FIRST, SECOND = find_exercise("06"), find_exercise("16")
CHOSEN = ",".join(exercise.number for exercise in EXERCISES)
LEARNERS = ("ada", "bob", "cyd", "dee", "eve")
MISTAKES = dict(zip(("cyd", "eve"), faults_of(FIRST), strict=False))

Marks = dict[tuple[str, str], tuple[int, tuple[tuple[str, str], ...]]]


def hand_in(folder: Path, learner: str, exercise: Exercise, content: str) -> None:
    file = folder / learner / exercise.slug / exercise.file_name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, "utf-8")


def make_class(folder: Path) -> None:
    """Ada is right, Bob has only begun, Cyd and Eve made a mistake, Dee's file is empty.

    Only Ada handed in something for the second exercise.
    """
    solution = FIRST.solution_file.read_text("utf-8")
    hand_in(folder, "ada", FIRST, solution)
    hand_in(folder, "ada", SECOND, SECOND.solution_file.read_text("utf-8"))
    hand_in(folder, "bob", FIRST, FIRST.starter_file.read_text("utf-8"))
    hand_in(folder, "dee", FIRST, "")
    for learner, fault in MISTAKES.items():
        hand_in(folder, learner, FIRST, fault.applied_to(solution))


def marks_in(out: Path) -> Marks:
    """Points and outcomes by learner and exercise; what may differ from run to run left out."""
    return {
        (mark.learner, mark.exercise): (
            mark.points,
            tuple((found.criterion.id, found.outcome.value) for found in mark.verdict.findings),
        )
        for mark in Gradebook(out / FILE_NAME).marks()
    }
