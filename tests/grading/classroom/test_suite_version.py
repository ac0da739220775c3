"""The version of a suite changes with all that can change a verdict, and with nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from exercises.grading.catalog import exercises, find_exercise
from exercises.grading.classroom.suite_version import imported_by, suite_version
from exercises.grading.places import ROOT

PRINT_VERSIONS = (
    "from exercises.grading.catalog import exercises\n"
    "from exercises.grading.classroom.suite_version import suite_version\n"
    "print(*map(suite_version, exercises()))"
)


def versions(project: Path) -> list[str]:
    command = [sys.executable, "-c", PRINT_VERSIONS]
    return subprocess.check_output(command, cwd=project, text=True).split()


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("tests/exercises/test_06_queries.py", ["06_queries"]),
        ("tests/exercises/order_book.py", ["06_queries"]),
        ("exercises/10_tokens/exercise.toml", ["10_tokens"]),
        ("reference_app/data/orders.py", [each.slug for each in exercises()]),
        ("exercises/grading/judge.py", [each.slug for each in exercises()]),
        ("exercises/grading/subject.py", [each.slug for each in exercises()]),
        ("exercises/grading/watch.py", []),
        ("exercises/grading/cli/gradebook.py", []),
        ("exercises/10_tokens/README.md", []),
        ("solutions/10_tokens/tokens.py", []),
    ],
)
def test_it_changes_with_what_can_change_a_verdict(
    project: Path, file: str, changed: list[str]
) -> None:
    before = dict(zip([each.slug for each in exercises()], versions(project), strict=True))
    path = project / file
    content = path.read_bytes()
    path.write_bytes(content + b"\n# said differently\n")
    try:
        after = versions(project)
    finally:
        path.write_bytes(content)
    assert [s for s, version in zip(before, after, strict=True) if before[s] != version] == changed


def test_it_is_the_same_wherever_the_project_is(project: Path) -> None:
    assert versions(project) == [suite_version(each) for each in exercises()]


def test_helpers_of_a_suite_are_found_however_far_they_are() -> None:
    found = imported_by(find_exercise("16").suite)
    assert {file.name for file in found} >= {"cached_values.py", "subject.py", "requests.py"}
    assert not any(file.is_relative_to(ROOT / "reference_app") for file in found)
