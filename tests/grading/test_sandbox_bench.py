"""A sandbox judges like any bench, and keeps learners apart."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from exercises.grading.bench import open_bench
from exercises.grading.catalog import find_exercise
from exercises.grading.judge import judge
from exercises.grading.sandbox import SandboxBench, canary, open_sandbox_bench
from exercises.grading.submission import resolve
from exercises.grading.verdict import CannotJudge, Outcome, Verdict
from tests.running.engine import needs_engine

QUERIES, TOKENS = find_exercise("06"), find_exercise("10")
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
