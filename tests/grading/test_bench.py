"""A bench keeps the reference of the exercises of late, and no more of them than it may."""

import pytest

from exercises.grading import bench as benches
from exercises.grading.bench import open_bench
from exercises.grading.catalog import find_exercise
from exercises.grading.requests import NoAnswer


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
