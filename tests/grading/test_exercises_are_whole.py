"""Every exercise is in all of its places, and they agree with each other."""

import ast
import os
from pathlib import Path

import pytest

from exercises.grading.catalog import Exercise, UnknownExercise, exercises, find_exercise
from exercises.grading.faults import faults_of
from exercises.grading.places import EXERCISES, FAULTS, LESSONS, SOLUTIONS, SUITES

LEAST_CRITERIA = 10
LEAST_FAULTS = 8

each_exercise = pytest.mark.parametrize("exercise", exercises(), ids=lambda e: e.slug)


def criteria_in(suite: Path) -> dict[str, ast.Call]:
    """The criterion markers of a suite by the id of the criterion."""
    found = {}
    for node in ast.parse(suite.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            calls = [d for d in node.decorator_list if isinstance(d, ast.Call)]
            marker = next(c for c in calls if ast.unparse(c.func).endswith("mark.criterion"))
            found[node.name.removeprefix("test_")] = marker
    return found


def public_interface(file: Path) -> dict[str, str]:
    """Public classes, methods and functions of a module with their signatures."""
    interface: dict[str, str] = {}

    def collect(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                interface[prefix + node.name] = "class"
                collect(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
                not node.name.startswith("_") or node.name == "__init__"
            ):
                kind = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
                returns = ast.unparse(node.returns) if node.returns else ""
                interface[prefix + node.name] = f"{kind}({ast.unparse(node.args)}) -> {returns}"

    collect(ast.parse(file.read_text("utf-8")).body, "")
    return interface


@each_exercise
def test_it_is_in_all_its_places(exercise: Exercise) -> None:
    places = [
        exercise.folder / "README.md",
        exercise.learner_file,
        exercise.starter_file,
        exercise.reference_file,
        exercise.solution_file,
        exercise.solution_file.with_name("README.md"),
        exercise.suite,
        exercise.faults_file,
        exercise.lesson,
    ]
    assert [place for place in places if not place.is_file()] == []


@pytest.mark.skipif("CI" not in os.environ, reason="a learner's own file may differ by now")
@each_exercise
def test_the_handed_out_file_is_the_starter(exercise: Exercise) -> None:
    assert exercise.learner_file.read_bytes() == exercise.starter_file.read_bytes()


@each_exercise
def test_starter_and_solution_have_the_interface_of_the_reference(exercise: Exercise) -> None:
    promised = public_interface(exercise.reference_file)
    for file in (exercise.starter_file, exercise.solution_file):
        offered = public_interface(file)
        assert {name: offered.get(name) for name in promised} == promised, file


@each_exercise
def test_the_points_add_up_and_every_criterion_is_explained(exercise: Exercise) -> None:
    markers = criteria_in(exercise.suite)
    points = [
        ast.literal_eval(keyword.value)
        for marker in markers.values()
        for keyword in marker.keywords
        if keyword.arg == "points"
    ]
    assert len(points) == len(markers) >= LEAST_CRITERIA
    assert sum(points) == 100


@each_exercise
def test_faults_fit_the_solution_and_name_criteria_that_exist(exercise: Exercise) -> None:
    faults = faults_of(exercise)
    solution = exercise.solution_file.read_text("utf-8")
    known = criteria_in(exercise.suite).keys()
    assert len({fault.name for fault in faults}) == len(faults) >= LEAST_FAULTS
    for fault in faults:
        compile(fault.applied_to(solution), fault.name, "exec")
        assert set(fault.rejected_by) <= known


@each_exercise
def test_every_criterion_is_needed_by_some_fault_or_by_the_starter(exercise: Exercise) -> None:
    named = {name for fault in faults_of(exercise) for name in fault.rejected_by}
    unneeded = criteria_in(exercise.suite).keys() - named
    assert unneeded == set(), "no fault shows that these can fail"


@each_exercise
def test_hints_name_criteria_that_exist_and_every_criterion_has_one(exercise: Exercise) -> None:
    named = {name for hint in exercise.about.hints for name in hint.criteria}
    assert named == criteria_in(exercise.suite).keys()


def test_no_place_holds_an_exercise_that_is_in_no_other() -> None:
    slugs = {exercise.slug for exercise in exercises()}
    assert {path.parent.name for path in EXERCISES.glob("[0-9]*/exercise.toml")} == slugs
    assert {path.name for path in SOLUTIONS.iterdir() if path.is_dir()} == slugs
    assert {path.stem for path in FAULTS.glob("*.toml")} == slugs
    assert {path.stem.removeprefix("test_") for path in SUITES.glob("test_*.py")} == slugs
    lessons = {path.stem for path in LESSONS.glob("[0-9]*.ipynb")}
    assert lessons == slugs | {"00_start_here"}


@pytest.mark.parametrize("name", ["6", "06", "06_queries", "queries", "exercises/06_queries/"])
def test_an_exercise_is_found_by_number_or_name(name: str) -> None:
    assert find_exercise(name).slug == "06_queries"


def test_an_unknown_exercise_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownExercise, match="06_queries"):
        find_exercise("99")
