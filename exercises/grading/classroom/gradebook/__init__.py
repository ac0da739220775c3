"""The gradebook: what the machine judged and what people did about it, in one SQLite file.

    verdicts   what the machine said of one file, stored once and never changed
    attempts   which verdict counts since when: the last line of a learner and exercise
    edits      by hand: overrides, penalties, comments; who, when and why
    rounds     when everything was judged again, and whether that came to its end

Nothing in the first three is ever updated or deleted; the file itself refuses it.
"""

from exercises.grading.classroom.gradebook.edits import Edit, Kind
from exercises.grading.classroom.gradebook.errors import (
    GradebookError,
    NoGradebook,
    NotAGradebook,
    NotInGradebook,
)
from exercises.grading.classroom.gradebook.gradebook import FILE_NAME, By, Gradebook
from exercises.grading.classroom.gradebook.history import Happening

__all__ = [
    "FILE_NAME",
    "By",
    "Edit",
    "Gradebook",
    "GradebookError",
    "Happening",
    "Kind",
    "NoGradebook",
    "NotAGradebook",
    "NotInGradebook",
]
