"""A criterion that the reference does not meet either says something about the machine."""

from collections.abc import Iterator

import pytest

from exercises.grading.bench import Bench
from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.judge import try_criteria
from exercises.grading.subject import Subject
from exercises.grading.verdict import Finding, Outcome
from reference_app.running import Backend, start

TOKENS = find_exercise("10")
CRITERION = "types_are_kept_apart"


class Stumbling(Bench):
    """A bench whose reference does no better than the starter, the first few times."""

    def __init__(self, backend: Backend, times: int) -> None:
        super().__init__(backend)
        self._times = times

    def reference(self, exercise: Exercise) -> Subject:
        if self._times == 0:
            return super().reference(exercise)
        self._times -= 1
        return self._submission.take(exercise, exercise.starter_file)


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with start("embedded") as backend:
        yield backend


def found(backend: Backend, times: int) -> Finding:
    bench = Stumbling(backend, times)
    try:
        tried = try_criteria(TOKENS, "starter", bench, CRITERION.__eq__)
    finally:
        bench.clear()
    return tried.findings[CRITERION]


def test_once_may_be_chance_and_both_are_tried_again(backend: Backend) -> None:
    finding = found(backend, times=1)
    assert finding.outcome is Outcome.FAILED
    assert finding.reference is not None, "the reference's answer stands beside it"


def test_twice_is_no_verdict(backend: Backend) -> None:
    finding = found(backend, times=2)
    assert finding.outcome is Outcome.ERROR
    assert finding.message.startswith("Not judged")
