"""A sandbox judges like any bench, and keeps learners apart."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest

from exercises.grading.bench import open_bench
from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.judge import judge, try_criteria
from exercises.grading.sandbox import SandboxBench, canary, open_sandbox_bench
from exercises.grading.subject import Subject
from exercises.grading.submission import resolve
from exercises.grading.verdict import CannotJudge, Outcome, Verdict
from tests.running.engine import needs_engine

QUERIES, TOKENS, CACHING = map(find_exercise, ("06", "10", "16"))
ONE = "number_of_statements_is_constant"
THIEF = Path(__file__).with_name("thief.py")


@pytest.fixture(scope="module")
def bench() -> Iterator[SandboxBench]:
    needs_engine()
    with open_sandbox_bench() as opened:
        yield opened


def test_the_canary_gets_full_marks(bench: SandboxBench) -> None:
    assert canary(bench, QUERIES).passed


def test_a_starter_gets_the_verdict_of_any_bench_with_the_evidence_of_both_sides(
    bench: SandboxBench,
) -> None:
    bench.admit("ada")
    verdict = judge(QUERIES, "starter", bench)
    with open_bench("embedded") as ordinary:
        expected = judge(QUERIES, "starter", ordinary)
    assert outcomes(verdict) == outcomes(expected)
    assert 0 < verdict.score < verdict.max_score
    first = verdict.failures[0]
    assert first.yours is not None
    assert first.reference is not None
    assert verdict.backend == "sandbox"


def outcomes(verdict: Verdict) -> dict[str, Outcome]:
    return {finding.criterion.id: finding.outcome for finding in verdict.findings}


def test_the_reference_is_not_there_to_be_handed_in(bench: SandboxBench) -> None:
    """Neither in the image, nor what another exercise of the same learner has seen of it."""
    bench.admit("eve")
    put_by = judge(TOKENS, str(THIEF), bench)
    assert "put by 1" in put_by.failures[0].message
    empty_handed = judge(QUERIES, str(THIEF), bench)
    assert empty_handed.score == 0
    assert "nothing to steal" in empty_handed.failures[0].message


def test_the_thief_would_be_paid(bench: SandboxBench) -> None:
    """The same file gets full marks where the reference is left lying about."""
    bench.admit("bob")
    files = bench.backend._room.container()._directory / "files"
    shutil.copyfile(QUERIES.reference_file, files / f"{QUERIES.part}.py")
    assert judge(QUERIES, str(THIEF), bench).passed


def test_what_does_not_start_is_told_with_the_name_of_the_file(
    bench: SandboxBench, tmp_path: Path
) -> None:
    file = tmp_path / "orders.py"
    file.write_text("1 / 0\n")
    bench.admit("grace")
    verdict = judge(QUERIES, str(file), bench)
    assert verdict.score == 0
    assert f'File "{file}", line 1' in verdict.failures[0].message


def test_servers_that_somebody_has_harmed_are_replaced(bench: SandboxBench) -> None:
    bench.admit("mallory")
    before = bench.backend
    before.cache.kill()
    before.postgres._process.remove()  # type: ignore[attr-defined]
    bench.admit("ada")
    assert bench.backend is not before
    assert judge(QUERIES, "solutions", bench).passed


@contextmanager
def in_the_midst(subject: Subject, happens: Callable[[], None]) -> Iterator[None]:
    """Has something happen at the first request to a service that has had none."""
    assert not subject.exchanges

    def wait() -> None:
        while not subject.exchanges:
            sleep(0.001)
        happens()

    with ThreadPoolExecutor(1) as threads:
        happened = threads.submit(wait)
        yield
        happened.result()


@pytest.mark.parametrize(
    ("server", "exercise", "criterion"),
    [("postgres", QUERIES, ONE), ("cache", CACHING, "value_lies_under_its_key")],
    ids=["postgres", "cache"],
)
def test_a_server_that_ends_during_a_criterion_does_not_fail_it(
    bench: SandboxBench, server: str, exercise: Exercise, criterion: str
) -> None:
    bench.admit("ada")
    bench.clear()
    process = getattr(bench.backend, server)._process
    with in_the_midst(bench.submission(exercise, resolve(exercise, "solutions")), process.kill):
        tried = try_criteria(exercise, "solutions", bench, criterion.__eq__)
    assert tried.findings[criterion].outcome is Outcome.PASSED, tried.findings[criterion].message
    assert process.state().running


def test_a_server_that_ends_between_two_criteria_fails_neither(bench: SandboxBench) -> None:
    bench.admit("ada")
    process = bench.backend.postgres._process
    for _ in range(2):
        tried = try_criteria(QUERIES, "solutions", bench, ONE.__eq__)
        assert tried.findings[ONE].outcome is Outcome.PASSED, tried.findings[ONE].message
        process.kill()
        while process.state().running:
            sleep(0.01)


def test_nobody_is_judged_by_a_criterion_in_which_the_way_to_the_servers_ended() -> None:
    needs_engine()
    with open_sandbox_bench() as bench:
        subject = bench.submission(QUERIES, resolve(QUERIES, "solutions"))
        with (
            in_the_midst(subject, bench.backend._forwarder.close),
            pytest.raises(CannotJudge, match="does not answer"),
        ):
            try_criteria(QUERIES, "solutions", bench, ONE.__eq__)


def test_without_a_name_every_file_has_a_container_of_its_own(bench: SandboxBench) -> None:
    logs = []
    bench.admit(None)
    for where in ("starter", "solutions"):
        subject = bench.submission(QUERIES, resolve(QUERIES, where))
        logs.append(subject._service._process.log)  # type: ignore[attr-defined]
        assert bench.submission(QUERIES, resolve(QUERIES, where)) is subject
    assert logs[0].parents[1] != logs[1].parents[1]


def test_a_canary_that_fails_stops_everything(
    bench: SandboxBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(QUERIES), "reference_file", QUERIES.starter_file)
    with pytest.raises(CannotJudge, match="Nobody is graded"):
        canary(bench, QUERIES)
