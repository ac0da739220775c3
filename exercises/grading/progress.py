"""What the learner has done so far, in a local SQLite file that a crash cannot tear."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from exercises.grading.places import LOCAL
from exercises.grading.verdict import MAX_SCORE, Verdict

_SCHEMA = """
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY,
    exercise TEXT NOT NULL,
    score INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    backend TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
CREATE INDEX IF NOT EXISTS attempts_by_exercise ON attempts (exercise);
CREATE TABLE IF NOT EXISTS missed (
    attempt INTEGER NOT NULL REFERENCES attempts,
    place INTEGER NOT NULL,
    criterion TEXT NOT NULL,
    PRIMARY KEY (attempt, place)
);
CREATE TABLE IF NOT EXISTS given_hints (
    id INTEGER PRIMARY KEY,
    exercise TEXT NOT NULL,
    place INTEGER NOT NULL,
    UNIQUE (exercise, place)
);
CREATE TABLE IF NOT EXISTS totals (exercise TEXT PRIMARY KEY, points INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Standing:
    """Where the learner is with one exercise: best score of `total`, attempts, whether passed."""

    best: int = 0
    attempts: int = 0
    passed: bool = False
    total: int = MAX_SCORE


class Progress:
    """Reads and writes the progress file; several commands may do so at once."""

    def __init__(self, file: Path = LOCAL / "progress.sqlite3") -> None:
        self._file = file

    def record(self, verdict: Verdict) -> None:
        """Keeps the verdict on the learner's own file."""
        missed = [failure.criterion.id for failure in verdict.failures]
        with self._open() as database:
            attempt = database.execute(
                "INSERT INTO attempts (exercise, score, passed, backend) VALUES (?, ?, ?, ?)",
                (verdict.exercise, verdict.score, verdict.passed, verdict.backend),
            ).lastrowid
            database.executemany(
                "INSERT INTO missed VALUES (?, ?, ?)",
                [(attempt, place, criterion) for place, criterion in enumerate(missed)],
            )
            database.execute(
                "INSERT OR REPLACE INTO totals VALUES (?, ?)", (verdict.exercise, verdict.max_score)
            )

    def standing(self, slug: str) -> Standing:
        with self._open() as database:
            best, attempts, passed = database.execute(
                "SELECT coalesce(max(score), 0), count(*), coalesce(max(passed), 0)"
                " FROM attempts WHERE exercise = ?",
                (slug,),
            ).fetchone()
            total = database.execute("SELECT points FROM totals WHERE exercise = ?", (slug,))
            points = total.fetchone()
        return Standing(best, attempts, bool(passed), points[0] if points else MAX_SCORE)

    def missed(self, slug: str) -> list[str]:
        """Ids of the criteria that the last verdict found not met, in the suite's order."""
        with self._open() as database:
            rows = database.execute(
                "SELECT criterion FROM missed WHERE attempt ="
                " (SELECT max(id) FROM attempts WHERE exercise = ?) ORDER BY place",
                (slug,),
            )
            return [criterion for (criterion,) in rows]

    def hints_given(self, slug: str) -> list[int]:
        """Places of the hints that the learner has, in the order in which they were given."""
        with self._open() as database:
            rows = database.execute(
                "SELECT place FROM given_hints WHERE exercise = ? ORDER BY id", (slug,)
            )
            return [place for (place,) in rows]

    def give_hint(self, slug: str, place: int) -> None:
        """Remembers that a hint has been given."""
        with self._open() as database:
            database.execute(
                "INSERT OR IGNORE INTO given_hints (exercise, place) VALUES (?, ?)", (slug, place)
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            database = self._connect()
        except sqlite3.DatabaseError:
            self._set_aside()
            database = self._connect()
        with closing(database), database:
            yield database

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._file, timeout=10)
        try:
            database.executescript(_SCHEMA)
        except sqlite3.DatabaseError:
            database.close()
            raise
        return database

    def _set_aside(self) -> None:
        """A file that is no database is kept under another name, never overwritten."""
        number = 1
        while (kept := self._file.with_suffix(f".damaged-{number}")).exists():
            number += 1
        self._file.rename(kept)
