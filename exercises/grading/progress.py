"""What the learner has done so far, in a local SQLite file that a crash cannot tear."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from exercises.grading.places import LOCAL
from exercises.grading.verdict import Verdict

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
CREATE TABLE IF NOT EXISTS hints (exercise TEXT PRIMARY KEY, shown INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Standing:
    """Where the learner is with one exercise: best score of 100, attempts, and whether passed."""

    best: int = 0
    attempts: int = 0
    passed: bool = False


class Progress:
    """Reads and writes the progress file; several commands may do so at once."""

    def __init__(self, file: Path = LOCAL / "progress.sqlite3") -> None:
        self._file = file

    def record(self, verdict: Verdict) -> None:
        """Keeps the verdict on the learner's own file."""
        with self._open() as database:
            database.execute(
                "INSERT INTO attempts (exercise, score, passed, backend) VALUES (?, ?, ?, ?)",
                (verdict.exercise, verdict.score, verdict.passed, verdict.backend),
            )

    def standing(self, slug: str) -> Standing:
        with self._open() as database:
            best, attempts, passed = database.execute(
                "SELECT coalesce(max(score), 0), count(*), coalesce(max(passed), 0)"
                " FROM attempts WHERE exercise = ?",
                (slug,),
            ).fetchone()
        return Standing(best, attempts, bool(passed))

    def hints_shown(self, slug: str) -> int:
        with self._open() as database:
            row = database.execute("SELECT shown FROM hints WHERE exercise = ?", (slug,)).fetchone()
        return row[0] if row else 0

    def show_hints(self, slug: str, shown: int) -> None:
        """Remembers that the first `shown` hints have been given."""
        with self._open() as database:
            database.execute(
                "INSERT INTO hints VALUES (?, ?) ON CONFLICT (exercise) DO UPDATE SET shown = ?",
                (slug, shown, shown),
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
