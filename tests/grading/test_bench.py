"""What a bench keeps: the reference of the exercises of late, and no failure of the machine."""

from contextlib import suppress

import psycopg
import pytest

from exercises.grading import bench as benches
from exercises.grading.bench import open_bench
from exercises.grading.catalog import find_exercise
from exercises.grading.judge import judge
from exercises.grading.requests import NoAnswer
from exercises.grading.verdict import CannotJudge


def test_the_reference_that_was_not_asked_for_longest_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(benches, "MOST_REFERENCES", 2)
    queries, tokens, caching = map(find_exercise, ("06", "10", "16"))
    with open_bench("embedded") as bench:
        first, second = bench.reference(queries), bench.reference(tokens)
        assert bench.reference(queries) is first, "it is kept, though another came in between"
        bench.reference(caching)
        assert first.get("/health").status == 200
        with pytest.raises(NoAnswer):
            second.get("/health")


def test_a_start_that_fails_by_the_machines_fault_is_no_verdict_and_is_tried_anew() -> None:
    exercise = find_exercise("06")
    with open_bench("embedded") as bench:
        bench.backend.postgres.kill()
        with suppress(psycopg.OperationalError):
            bench.backend.database()  # a copy that was made before is the last one
        for _ in range(2):
            with pytest.raises(CannotJudge, match="could not be started on this machine"):
                judge(exercise, "solutions", bench)
        bench.backend.postgres.start()
        assert judge(exercise, "solutions", bench).passed
