"""Two graders give the verdict that one gives, and one is enough when the other is gone."""

from collections.abc import Iterator
from contextlib import closing
from multiprocessing import get_context
from time import monotonic, sleep

import pytest

from exercises.grading.bench import open_bench
from exercises.grading.catalog import find_exercise
from exercises.grading.pair import Pair, longest_first, turns
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


def test_each_criterion_is_taken_once_and_the_longest_first() -> None:
    times = {"short": 1.0, "long": 3.0}
    assert sorted(["short", "new", "long"], key=longest_first(times)) == ["new", "long", "short"]
    taken = get_context("spawn").Value("i", 0)
    mine, yours = turns(taken), turns(taken)
    assert mine("a") and not yours("a"), "what one has taken, the other passes over"
    assert yours("b") and yours("c"), "who is quicker takes more"
    assert not mine("b") and not mine("c") and mine("d") and not yours("d")
