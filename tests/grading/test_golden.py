"""What a learner reads, pinned: verdicts on a right answer, a starter and a faulty one.

After a change that is meant: `UPDATE_GOLDEN=1 pytest tests/grading/test_golden.py`, and read the
difference before it is committed.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from exercises.grading import terminal
from exercises.grading.bench import open_bench
from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.faults import faults_of
from exercises.grading.judge import judge

GOLDEN = Path(__file__).with_name("golden")

VERDICTS = {
    "right_answer": ("16", "solutions"),
    "starter": ("06", "starter"),
    "faulty_answer": ("10", "fault type-unchecked"),
}


def submission(exercise: Exercise, named: str, folder: Path) -> str:
    if not named.startswith("fault "):
        return named
    [fault] = [f for f in faults_of(exercise) if f.name == named.removeprefix("fault ")]
    file = folder / exercise.file_name
    file.write_text(fault.applied_to(exercise.solution_file.read_text("utf-8")), "utf-8")
    return str(file)


@pytest.mark.parametrize("name", VERDICTS)
def test_the_screen_is_what_it_was(name: str, tmp_path: Path) -> None:
    number, named = VERDICTS[name]
    exercise = find_exercise(number)
    with open_bench("embedded") as bench:
        verdict = judge(exercise, submission(exercise, named, tmp_path), bench)
    verdict = replace(verdict, submission=named, seconds=0.0)
    text = terminal.as_text(terminal.verdict_view(verdict, exercise), width=80)
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    golden = GOLDEN / f"{name}.txt"
    if "UPDATE_GOLDEN" in os.environ:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")
