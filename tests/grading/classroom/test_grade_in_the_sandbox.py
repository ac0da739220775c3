"""Other people's code runs in the sandbox or not at all, unless somebody vouches for it."""

from pathlib import Path

from exercises.grading.classroom.gradebook import FILE_NAME, Gradebook
from tests.grading.classroom.conftest import LONGEST_RUN, Graded, grade, grading
from tests.grading.classroom.small_class import FIRST, marks_in
from tests.running.engine import needs_engine


def test_without_an_engine_nothing_is_graded_and_it_is_said_why(
    graded: Graded, tmp_path: Path
) -> None:
    there = {"DOCKER_HOST": "tcp://127.0.0.1:1"}
    with grading(graded.submissions, tmp_path, trust=False, environment=there) as grader:
        told, noted = grader.communicate(timeout=LONGEST_RUN)
    assert grader.returncode == 2
    assert told == ""
    for said in ("no container engine answers", "with your rights", "--trust"):
        assert said in " ".join(noted.split())
    assert marks_in(tmp_path) == {}


def test_the_sandbox_gives_the_marks_that_trust_gives_and_they_say_so(
    graded: Graded, tmp_path: Path
) -> None:
    needs_engine()
    grade(graded.submissions, tmp_path, "--exercises", FIRST.number, trust=False)
    assert marks_in(tmp_path) == graded.first_marks
    [image] = {mark.image for mark in Gradebook(tmp_path / FILE_NAME).marks()}
    assert image.startswith("backend-dojo-sandbox:")
