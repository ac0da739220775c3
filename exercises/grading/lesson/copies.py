"""The learner's own copies of the lessons: beside the originals, so that links hold."""

from __future__ import annotations

import shutil
from pathlib import Path

from exercises.grading.places import LESSONS

PREFIX = "my_"


def my_copy(lesson: Path) -> Path:
    """The learner's copy of a lesson, made when there is none; an existing one is left alone."""
    copy = lesson.with_name(PREFIX + lesson.name)
    if not copy.exists():
        shutil.copyfile(lesson, copy)
    return copy


def my_copies() -> list[Path]:
    """The learner's copies of all lessons, in their order."""
    return [my_copy(lesson) for lesson in sorted(LESSONS.glob("[0-9][0-9]_*.ipynb"))]


def shown_as(lesson: Path) -> Path:
    """What to send a learner to: their own copy where there is one, else the lesson."""
    copy = lesson.with_name(PREFIX + lesson.name)
    return copy if copy.exists() else lesson
