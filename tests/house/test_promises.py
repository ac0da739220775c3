"""Every promise that the service keeps so far has a check over HTTP that names it."""

import re

from exercises.grading.catalog import exercises
from exercises.grading.places import ROOT

KEPT = {
    "R": range(1, 7),
    "E": range(1, 6),
    "C": range(1, 8),
    "D": range(1, 9),
    "A": range(1, 7),
    "H": range(1, 6),
    "S": range(1, 4),
    "O": range(1, 4),
    "L": range(1, 6),
    "X": range(1, 7),
}
PROMISES = {f"{letter}{number}" for letter, numbers in KEPT.items() for number in numbers}
PRINCIPLES = {f"P{number}" for number in range(1, 6)}


def named_in(pattern: str, folder: str, files: str) -> set[str]:
    texts = [file.read_text("utf-8") for file in (ROOT / "tests" / folder).glob(files)]
    calls = [call for text in texts for call in re.findall(pattern, text)]
    return {name for call in calls for name in re.findall(r'"([A-Z]\d)"', call)}


def test_each_promise_has_a_check_of_the_running_service() -> None:
    checked = named_in(r"mark\.spec\(([^)]*)\)", "reference_app", "test_*.py")
    assert sorted(PROMISES - checked) == []
    assert sorted(checked - PROMISES) == [], "a check names a promise that is not on the list"


def test_exercises_and_their_criteria_name_promises_that_there_are() -> None:
    in_criteria = named_in(r"spec=\[([^]]*)\]", "exercises", "test_*.py")
    in_exercises = {name for each in exercises() for name in each.about.spec}
    assert sorted((in_criteria | in_exercises) - PROMISES - PRINCIPLES) == []


def test_each_promise_of_an_exercise_has_a_criterion() -> None:
    in_criteria = named_in(r"spec=\[([^]]*)\]", "exercises", "test_*.py")
    in_exercises = {name for each in exercises() for name in each.about.spec}
    assert sorted(in_exercises - in_criteria - PRINCIPLES) == []
