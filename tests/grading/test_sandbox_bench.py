"""A sandbox judges like any bench, and keeps learners apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exercises.grading.catalog import find_exercise
from exercises.grading.judge import judge
from exercises.grading.sandbox import SandboxBench, canary, open_sandbox_bench
from exercises.grading.submission import resolve
from exercises.grading.verdict import CannotJudge
from tests.running.engine import needs_engine

QUERIES = find_exercise("06")


@pytest.fixture(scope="module")
def bench() -> Iterator[SandboxBench]:
    needs_engine()
    with open_sandbox_bench() as opened:
        yield opened


def test_the_canary_gets_full_marks(bench: SandboxBench) -> None:
    assert canary(bench, QUERIES).passed


def test_a_starter_gets_the_evidence_of_both_sides(bench: SandboxBench) -> None:
    bench.admit("ada")
    verdict = judge(QUERIES, "starter", bench)
    assert not verdict.passed
    assert verdict.score > 0
    first = verdict.failures[0]
    assert first.yours is not None
    assert first.reference is not None
    assert verdict.backend == "sandbox"


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
