"""Entries go to a crew a few at a time, and again when something went wrong, but not for ever."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

import pytest

from exercises.grading.classroom.answers import Judged, Problem
from exercises.grading.classroom.crew import Crew
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.jobs import MOST_TRIES, Job, answers
from exercises.grading.classroom.worker_link import WorkerLost
from exercises.grading.verdict import CannotJudge
from tests.grading.classroom.made_up import entry, verdict

ROOM = 3


def whole(asked: Entry) -> str:
    return Judged(verdict(40, asked.exercise), "suite 1", "sandbox:1").as_line()


def crew(answer: Callable[[Entry], str]) -> Crew:
    """Answers at once, as it is told to."""

    def submit(entries: Sequence[Entry]) -> Future[list[str]]:
        future: Future[list[str]] = Future()
        try:
            future.set_result([answer(each) for each in entries])
        except WorkerLost as lost:
            future.set_exception(lost)
        return future

    return Crew(submit, lambda: ROOM)


def jobs(number: int) -> Iterator[Job]:
    for n in range(number):
        yield Job([entry(f"learner {n}"), entry(f"learner {n}", "10_tokens")])


def test_every_entry_is_answered_once() -> None:
    answered = list(answers(jobs(10), crew(whole)))
    assert len(answered) == len({(each.learner, each.exercise) for each, _ in answered}) == 20
    assert all(isinstance(answer, Judged) for _, answer in answered)


def test_no_more_jobs_are_taken_than_there_is_room_for() -> None:
    taken = 0

    def counted() -> Iterator[Job]:
        nonlocal taken
        for job in jobs(50):
            taken += 1
            yield job

    answered = answers(counted(), crew(whole))
    next(answered)
    assert taken == ROOM


def test_what_went_wrong_is_tried_again_and_the_rest_is_not() -> None:
    tries: Counter[str] = Counter()

    def shaky(asked: Entry) -> str:
        tries[asked.exercise] += 1
        if asked.exercise == "10_tokens" and tries["10_tokens"] < MOST_TRIES:
            return Problem("The worker process died.").as_line()
        return whole(asked)

    answered = {each.exercise: answer for each, answer in answers(jobs(1), crew(shaky))}
    assert isinstance(answered["06_queries"], Judged)
    assert isinstance(answered["10_tokens"], Judged)
    assert tries == {"06_queries": 1, "10_tokens": MOST_TRIES}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (Problem("It died.").as_line(), "It died."),
        (Judged(verdict(40, outcome="error"), "s", "i").as_line(), "“No” — ✗"),
        (Judged(verdict(40, "16_caching"), "s", "i").as_line(), "16_caching"),
        ("{}", "cannot be read"),
        ("100", "cannot be read"),
        ("not JSON", "cannot be read"),
    ],
)
def test_what_is_no_whole_verdict_is_a_problem_after_so_many_tries(line: str, reason: str) -> None:
    tries = []

    def broken(asked: Entry) -> str:
        tries.append(asked)
        return line

    [(_, answer)] = answers(iter([Job([entry()])]), crew(broken))
    assert isinstance(answer, Problem)
    assert reason in answer.reason
    assert len(tries) == MOST_TRIES


def test_without_workers_it_ends_instead_of_going_through_the_class() -> None:
    def gone(_: Entry) -> str:
        raise WorkerLost("no container engine answers")

    with pytest.raises(CannotJudge, match="no container engine answers"):
        list(answers(jobs(1000), crew(gone)))


def test_what_a_cluster_cancels_is_a_problem_and_no_crash() -> None:
    def cancelled(_: Sequence[Entry]) -> Future[list[str]]:
        future: Future[list[str]] = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future

    [(_, answer)] = answers(iter([Job([entry()])]), Crew(cancelled, lambda: ROOM))
    assert isinstance(answer, Problem)
    assert "cancelled" in answer.reason


def test_a_crew_that_lost_everybody_is_noticed_though_no_answer_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("exercises.grading.classroom.jobs.ASK_SECONDS", 0.01)
    rooms = iter([1, 1, 1])

    def room() -> int:
        for number in rooms:
            return number
        raise WorkerLost("nobody is left")

    with pytest.raises(WorkerLost, match="nobody is left"):
        list(answers(jobs(2), Crew(lambda _: Future(), room)))
