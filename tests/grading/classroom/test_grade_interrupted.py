"""Whatever is killed while a class is graded: the marks are the same, none twice and none lost."""

import json
import shutil
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory

import psutil  # type: ignore[import-untyped]
import pytest

from exercises.grading.classroom.gradebook import FILE_NAME, Gradebook
from tests.grading.classroom.conftest import LONGEST_RUN, Graded, grade, grading, workers_of
from tests.grading.classroom.small_class import FIRST, marks_in

FIRST_ONLY = ("--exercises", FIRST.number)


def wait_for_a_verdict(grader: "Popen[str]") -> None:
    assert grader.stdout is not None
    for line in grader.stdout:
        if json.loads(line).get("status") == "judged":
            return
    raise AssertionError(f"nothing was judged: {grader.stderr and grader.stderr.read()}")


def test_a_grader_that_was_ended_goes_on_where_it_was(graded: Graded, tmp_path: Path) -> None:
    for ended in (signal.SIGKILL, signal.SIGINT):
        with grading(graded.submissions, tmp_path, *FIRST_ONLY, "--workers", "1") as grader:
            wait_for_a_verdict(grader)
            [worker] = workers_of(grader)
            grader.send_signal(ended)
            grader.wait(LONGEST_RUN)
        assert psutil.wait_procs([worker], LONGEST_RUN)[1] == [], "a worker outlives the grader"
    before = marks_in(tmp_path)
    assert before
    events = grade(graded.submissions, tmp_path, *FIRST_ONLY, "--workers", "1")
    taken_over = {(e["learner"], e["exercise"]) for e in events if e.get("status") == "unchanged"}
    assert taken_over == before.keys()
    assert marks_in(tmp_path) == graded.first_marks
    gradebook = Gradebook(tmp_path / FILE_NAME)
    assert {len(gradebook.history(*key)) for key in marks_in(tmp_path)} == {1}


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder with a short path: PostgreSQL's sockets bear no other."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


def test_all_is_judged_again_though_a_worker_is_killed(
    graded: Graded, tmp_path: Path, temporary: Path
) -> None:
    shutil.copytree(graded.out, tmp_path, dirs_exist_ok=True)
    again = partial(grading, environment={"TMPDIR": str(temporary)})
    with again(graded.submissions, tmp_path, *FIRST_ONLY, "--again", "--workers", "1") as grader:
        wait_for_a_verdict(grader)
        [worker] = workers_of(grader)
        worker.kill()
        _, noted = grader.communicate(timeout=LONGEST_RUN)
    assert grader.returncode == 0, noted
    assert marks_in(tmp_path) == marks_in(graded.out)
    gradebook = Gradebook(tmp_path / FILE_NAME)
    assert {mark.attempt for mark in gradebook.marks()} == {1}
    assert {len(gradebook.history(*key)) for key in graded.first_marks} == {2}
    assert list(temporary.rglob(FIRST.file_name)) == [], "a submission outlives its worker"
