"""Every lesson runs from top to bottom: as a learner gets it, and with the answers filled in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from exercises.grading.lesson.build import write
from exercises.grading.lesson.copies import PREFIX
from tests.lessons.filled_in import filled_in
from tests.lessons.reading import LessonNotebook, lesson_files
from tests.lessons.runs import nbval

every_lesson = pytest.mark.parametrize("file", lesson_files(), ids=lambda file: file.stem)


@every_lesson
def test_learners_copy_shows_what_is_committed(file: Path, tmp_path: Path) -> None:
    """Strict: every output is compared, “to do” notices included. Lax asks for less."""
    copy = shutil.copyfile(file, tmp_path / f"{PREFIX}{file.name}")
    done = nbval(copy, "--nbval")
    assert done.returncode == 0, done.stdout[-4000:]


@every_lesson
def test_every_check_says_right_once_the_answers_are_filled_in(file: Path, tmp_path: Path) -> None:
    write(filled_in(LessonNotebook(file)), copy := tmp_path / f"{PREFIX}{file.name}")
    done = nbval(copy, "--nbval-lax")
    assert done.returncode == 0, done.stdout[-4000:]
