"""Progress survives crashes: of the file, and of the process that writes it."""

import subprocess
import sys
from pathlib import Path

from exercises.grading.progress import Progress
from exercises.grading.verdict import Criterion, Finding, Outcome, Verdict


def verdict(points: int) -> Verdict:
    met = Criterion("met", "Met", points, ("A1",), "model", "")
    missed = Criterion("missed", "Missed", 100 - points, ("A1",), "model", "")
    findings = [Finding(met, Outcome.PASSED)]
    if points < 100:
        findings.append(Finding(missed, Outcome.FAILED))
    return Verdict("06_queries", "exercises", "embedded", 0.5, tuple(findings))


def test_the_best_score_counts(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite3")
    for points in (40, 100, 60):
        progress.record(verdict(points))
    standing = progress.standing("06_queries")
    assert (standing.best, standing.attempts, standing.passed) == (100, 3, True)


def test_what_was_recorded_survives_a_process_killed_in_the_middle(tmp_path: Path) -> None:
    file = tmp_path / "progress.sqlite3"
    Progress(file).record(verdict(40))
    code = (
        "import os, sqlite3, sys\n"
        "database = sqlite3.connect(sys.argv[1])\n"
        "database.execute('DELETE FROM attempts')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(file)], check=False)
    assert Progress(file).standing("06_queries").best == 40


def test_a_damaged_file_is_kept_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    file = tmp_path / "progress.sqlite3"
    file.write_bytes(b"not a database, but perhaps of use to somebody" * 40)
    progress = Progress(file)
    progress.record(verdict(40))
    assert progress.standing("06_queries").attempts == 1
    [kept] = tmp_path.glob("*.damaged-*")
    assert b"of use to somebody" in kept.read_bytes()


def test_hints_go_on_where_they_stopped(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite3")
    assert progress.hints_given("06_queries") == []
    for place in (3, 0, 3):
        progress.give_hint("06_queries", place)
    assert progress.hints_given("06_queries") == [3, 0]
    assert progress.hints_given("10_tokens") == []


def test_what_the_last_verdict_missed_is_known_and_nothing_older(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "progress.sqlite3")
    assert progress.missed("06_queries") == []
    progress.record(verdict(40))
    assert progress.missed("06_queries") == ["missed"]
    progress.record(verdict(100))
    assert progress.missed("06_queries") == []
