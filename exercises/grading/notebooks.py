"""The learner's own copies of the lessons: beside the originals, so that links hold."""

from __future__ import annotations

import shutil
from pathlib import Path

PREFIX = "my_"


def my_copy(lesson: Path) -> Path:
    """The learner's copy of a lesson, made when there is none; an existing one is left alone."""
    copy = lesson.with_name(PREFIX + lesson.name)
    if not copy.exists():
        shutil.copyfile(lesson, copy)
    return copy
