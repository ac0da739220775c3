"""The suites are proven: right answers pass on both back ends, wrong ones are rejected."""

import os
from collections.abc import Iterator

import pytest

from exercises.grading.audit import objection_to, prove_right_answers, prove_starter
from exercises.grading.bench import Bench, On, open_bench
from exercises.grading.catalog import Exercise, exercises
from exercises.grading.faults import Fault, faults_of
from reference_app.running import BackendUnavailable

FAULTS = [
    pytest.param(fault, exercise, id=f"{exercise.slug}-{fault.name}")
    for exercise in exercises()
    for fault in faults_of(exercise)
]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with open_bench("embedded") as bench:
        yield bench


@pytest.mark.parametrize("on", ["embedded", "containers"])
def test_reference_and_solution_get_full_marks(on: On) -> None:
    try:
        with open_bench(on) as bench:
            proofs = [p for each in exercises() for p in prove_right_answers(each, bench)]
    except BackendUnavailable as error:
        if "CI" in os.environ:
            raise
        pytest.skip(str(error))
    assert [proof for proof in proofs if not proof.holds] == []


@pytest.mark.parametrize("exercise", exercises(), ids=lambda exercise: exercise.slug)
def test_a_starter_runs_and_falls_short(exercise: Exercise, bench: Bench) -> None:
    assert prove_starter(exercise, bench).objection == ""


@pytest.mark.parametrize(("fault", "exercise"), FAULTS)
def test_a_fault_is_rejected_by_the_criteria_it_names(
    fault: Fault, exercise: Exercise, bench: Bench
) -> None:
    assert objection_to(fault, exercise, bench) == ""
