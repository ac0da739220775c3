"""Two graders give the verdict that one gives, and one is enough when the other is gone."""

from collections.abc import Iterator
from contextlib import closing
from time import monotonic, sleep

import pytest

from exercises.grading.bench import open_bench
from exercises.grading.catalog import find_exercise
from exercises.grading.pair import Pair, half
from exercises.grading.verdict import Verdict

EXERCISE = find_exercise("06")
PATIENCE = 60.0


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with open_bench("embedded") as bench, closing(Pair(bench)) as pair:
        yield pair


def outcomes(verdict: Verdict) -> list[tuple[str, str]]:
    return [(each.criterion.id, each.outcome) for each in verdict.findings]


def await_second(pair: Pair) -> None:
    deadline = monotonic() + PATIENCE
    while not pair.second_is_ready():
        assert monotonic() < deadline, "the second grader did not get ready"
        sleep(0.05)


@pytest.mark.parametrize("where", ["solutions", "starter"])
def test_both_together_give_the_verdict_of_one(pair: Pair, where: str) -> None:
    alone = pair.judge(EXERCISE, where)
    await_second(pair)
    together = pair.judge(EXERCISE, where)
    assert outcomes(together) == outcomes(alone)
    assert together.score == alone.score


def test_one_is_enough_when_the_other_dies(pair: Pair) -> None:
    pair.judge(EXERCISE, "solutions")
    await_second(pair)
    pair.second.kill()
    assert pair.judge(EXERCISE, "solutions").score == 100
    assert pair.judge(EXERCISE, "solutions").score == 100


def test_the_work_is_halved_by_time_not_by_number() -> None:
    assert half({"slow": 9.0, "b": 3.0, "c": 3.0, "d": 3.0}) in ({"slow"}, {"b", "c", "d"})
    assert half({"only": 1.0}) in (frozenset(), {"only"})
