"""A file that does not run, or does harm, gets a verdict that says so; the run goes on."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import pytest

from exercises.grading.bench import Bench, open_bench
from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.judge import judge
from exercises.grading.verdict import Outcome, Verdict

EXERCISE = find_exercise("06")

AT_IMPORT = {
    "syntax error": ("def broken(:\n", "SyntaxError"),
    "import error": ("import no_such_module\n", "no_such_module"),
    "missing name": ("nothing_of_use = 1\n", "cannot import name"),
    "exit": ("import os\nos._exit(0)\n", "ended at once"),
    "system exit": ("raise SystemExit(3)\n", "3"),
    "endless loop": ("while True:\n    pass\n", "import"),
    "nothing but a null byte": ("\0", "null byte"),
}


@pytest.fixture(scope="module")
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with open_bench(request.config.getoption("--on")) as bench:
        yield bench


def judged(source: str, tmp_path: Path, bench: Bench) -> Verdict:
    file = tmp_path / EXERCISE.file_name
    file.write_text(source, "utf-8")
    return judge(EXERCISE, str(file), bench)


def in_a_handler(code: str) -> str:
    """The right answer, but its first query runs `code`."""
    source = EXERCISE.solution_file.read_text("utf-8")
    at = source.index("async def page(")
    body = source.index(":\n", source.index(") -> Page", at)) + 2
    docstring_end = source.index('"""', source.index('"""', body) + 3) + 4
    return f"{source[:docstring_end]}        {code}\n{source[docstring_end:]}"


@pytest.mark.parametrize(("source", "told"), AT_IMPORT.values(), ids=AT_IMPORT)
def test_a_file_that_does_not_start_gets_nothing_and_is_told_why(
    source: str, told: str, tmp_path: Path, bench: Bench
) -> None:
    verdict = judged(source, tmp_path, bench)
    assert verdict.score == 0
    assert {found.outcome for found in verdict.findings} == {Outcome.FAILED}
    assert told in verdict.findings[0].message
    assert verdict.exit_code == 1


@pytest.mark.parametrize(
    "code",
    ["while True: pass", "import os; os._exit(0)", "import os; os.kill(os.getpid(), 9)"],
    ids=["endless loop", "exit", "killed"],
)
def test_a_service_that_goes_away_in_a_request_loses_only_what_needs_it(
    code: str, tmp_path: Path, bench: Bench
) -> None:
    verdict = judged(in_a_handler(code), tmp_path, bench)
    assert verdict.score < 100
    assert not verdict.errors


def test_one_answer_that_is_late_costs_nothing(tmp_path: Path, bench: Bench) -> None:
    late_once = (
        "import asyncio, builtins; "
        "hasattr(builtins, 'late') or (setattr(builtins, 'late', 1), await asyncio.sleep(4))"
    )
    assert judged(in_a_handler(late_once), tmp_path, bench).score == 100


@pytest.mark.parametrize(
    "code",
    ["flood = 'x' * 2**20\n" + "for _ in range(100): print(flood)\n", "hoard = bytearray(10**9)\n"],
    ids=["100 MB of output", "1 GB of memory"],
)
def test_excess_at_import_is_bounded_and_judged(code: str, tmp_path: Path, bench: Bench) -> None:
    source = code + EXERCISE.solution_file.read_text("utf-8").replace(
        "from __future__ import annotations\n", ""
    )
    started = perf_counter()
    verdict = judged(source, tmp_path, bench)
    assert not verdict.errors
    print(f"judged in {perf_counter() - started:.1f} s: {verdict.score}/100")


@pytest.mark.parametrize("content", [None, b"", b" \n"], ids=["missing", "empty", "blank"])
def test_a_file_that_holds_nothing_is_a_verdict(
    content: bytes | None, tmp_path: Path, bench: Bench
) -> None:
    file = tmp_path / EXERCISE.file_name
    if content is not None:
        file.write_bytes(content)
    verdict = judge(EXERCISE, str(file), bench)
    assert (verdict.score, verdict.exit_code) == (0, 1)
    assert str(file) in verdict.findings[0].message


def test_the_bench_is_as_good_as_new_after_all_that(bench: Bench) -> None:
    assert judge(EXERCISE, "solutions", bench).score == 100


def test_wrong_answers_of_one_exercise_do_not_reach_into_another(bench: Bench) -> None:
    others: list[Exercise] = [find_exercise("10"), find_exercise("16")]
    assert [judge(other, "reference", bench).score for other in others] == [100, 100]
