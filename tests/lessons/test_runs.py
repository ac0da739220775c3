"""Every lesson runs from top to bottom: as committed, as a learner's copy, and filled in."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from exercises.grading.notebooks import PREFIX
from tests.lessons.filled_in import ANSWER, filled_in
from tests.lessons.reading import LessonNotebook, lesson_files
from tests.lessons.runs import nbval, run

SEEN_COMING = "Right: you saw it coming."
every_lesson = pytest.mark.parametrize("file", lesson_files(), ids=lambda file: file.stem)


@every_lesson
def test_outputs_are_those_committed(file: Path) -> None:
    done = nbval(file, "--nbval")
    assert done.returncode == 0, done.stdout[-4000:]


@every_lesson
def test_learners_copy_runs_with_everything_still_to_do(file: Path, tmp_path: Path) -> None:
    copy = shutil.copyfile(file, tmp_path / f"{PREFIX}{file.name}")
    done = nbval(copy, "--nbval-lax")
    assert done.returncode == 0, done.stdout[-4000:]


@every_lesson
def test_every_check_says_right_once_the_answers_are_filled_in(file: Path, tmp_path: Path) -> None:
    lesson = LessonNotebook(file)
    write_to = tmp_path / file.name
    run(filled_in(lesson), write_to)
    shown = [text for cell in LessonNotebook(write_to).code for _, text in cell.shown()]
    said = "\n".join(shown)
    for cell in lesson.code:
        if lesson.cell(cell.id + ANSWER):
            assert re.search(rf"^{cell.id} · right$", said, re.MULTILINE), said
    assert said.count(SEEN_COMING) == len(lesson.facts.predictions), said
    assert not re.search(r" · (to do|wrong because)", said), said
