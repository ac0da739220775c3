"""Reads and writes a gradebook; each call is one transaction, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Select, func, insert, select, update

from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.gradebook import edits as by_hand
from exercises.grading.classroom.gradebook.edits import Edit
from exercises.grading.classroom.gradebook.history import Happening, happenings
from exercises.grading.classroom.gradebook.marks import all_marks, to_mark
from exercises.grading.classroom.gradebook.opening import open_engine, writing
from exercises.grading.classroom.gradebook.packing import pack
from exercises.grading.classroom.gradebook.schema import attempts, rounds, verdicts
from exercises.grading.classroom.mark import Mark
from exercises.grading.verdict import Verdict

FILE_NAME = "gradebook.sqlite3"
ROWS_AT_ONCE = 20


@dataclass(frozen=True)
class By:
    """What judges: the version of the suite, that of the image (or the back end), and the round.

    A round is a number from `begin_round`; 0 outside of one.
    """

    suite: str
    image: str
    round: int = 0


class Gradebook:
    """The gradebook in a file. Several processes may read it while one writes."""

    def __init__(self, file: Path, *, new: bool = False) -> None:
        """Opens the file and brings it up to date.

        Args:
            file: where it is.
            new: whether to make it where there is none yet.

        Raises:
            NoGradebook: there is none.
            NotAGradebook: the file is of another program or a newer kit; it is left as it is.
        """
        self.file = file
        self._engine = open_engine(file, new=new)

    def record(self, entry: Entry, verdict: Verdict, by: By) -> None:
        """Stores a whole verdict, which counts from now on.

        Args:
            entry: what was judged.
            verdict: what came out.
            by: what judged it.

        Raises:
            ValueError: it is of another exercise, or a criterion could not be judged: no mark.
            sqlalchemy.exc.IntegrityError: it is stored already.
        """
        if verdict.exercise != entry.exercise or verdict.errors or not verdict.findings:
            raise ValueError(f"This is no verdict on {entry.learner}, {entry.exercise}: {verdict}")
        with writing(self._engine).begin() as connection:
            [stored] = connection.execute(
                insert(verdicts)
                .values(
                    learner=entry.learner,
                    exercise=entry.exercise,
                    handed_in=entry.digest,
                    suite=by.suite,
                    image=by.image,
                    round=by.round,
                    score=verdict.score,
                    content=pack(verdict),
                    seconds=verdict.seconds,
                    graded_at=datetime.now(UTC),
                )
                .returning(verdicts.c.id)
            ).one()
            _let_count(connection, entry, stored)

    def score_of(self, entry: Entry, by: By) -> int | None:
        """What this very file got from that suite and image; None when it is to be judged.

        In a round only what was judged in it is taken for judged.
        """
        with self._engine.connect() as connection:
            known = connection.execute(_same(entry, by)).first()
        return None if known is None else int(known.score)

    def take_over(self, entry: Entry, by: By) -> int | None:
        """As `score_of`; and that verdict counts from now on, whatever came after it."""
        with writing(self._engine).begin() as connection:
            known = connection.execute(_same(entry, by)).first()
            if known is None:
                return None
            last = connection.execute(_last(entry)).first()
            if last is None or last.verdict != known.id:
                _let_count(connection, entry, known.id)
            return int(known.score)

    def begin_round(self) -> int:
        """The round of judging everything again: the one that was not ended, or a new one."""
        with writing(self._engine).begin() as connection:
            unended = select(func.max(rounds.c.id)).where(rounds.c.ended_at.is_(None))
            going_on = connection.scalar(unended)
            if going_on is not None:
                return int(going_on)
            begin = insert(rounds).values(begun_at=datetime.now(UTC)).returning(rounds.c.id)
            return int(connection.execute(begin).scalar_one())

    def end_rounds(self) -> None:
        """The next `begin_round` is to be a new one."""
        with writing(self._engine).begin() as connection:
            connection.execute(
                update(rounds).where(rounds.c.ended_at.is_(None)).values(ended_at=datetime.now(UTC))
            )

    def marks(self) -> Iterator[Mark]:
        """The marks that count, by learner and exercise; a few at a time are in memory."""
        with self._engine.connect() as connection:
            found = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(all_marks())
            for row in found:
                yield to_mark(row)

    def exercises(self) -> list[str]:
        """Slugs of the exercises that anybody has a mark for."""
        with self._engine.connect() as connection:
            return sorted(connection.scalars(select(attempts.c.exercise).distinct()))

    def edit(self, edit: Edit) -> None:
        """Adds what a person did about a mark.

        Raises:
            NotInGradebook: there is no such mark; the message says which there are.
        """
        with writing(self._engine).begin() as connection:
            by_hand.add(connection, edit)

    def history(self, learner: str, exercise: str) -> list[Happening]:
        """All that happened to one mark, oldest first.

        Raises:
            NotInGradebook: there is no such mark; the message says which there are.
        """
        with self._engine.connect() as connection:
            by_hand.require_mark(connection, learner, exercise)
            return happenings(connection, learner, exercise)


def _same(entry: Entry, by: By) -> Select[tuple[int, int]]:
    """The newest verdict on this very file by the same suite and image, in that round if any."""
    found = (
        select(verdicts.c.id, verdicts.c.score)
        .where(verdicts.c.learner == entry.learner, verdicts.c.exercise == entry.exercise)
        .where(verdicts.c.handed_in == entry.digest)
        .where(verdicts.c.suite == by.suite, verdicts.c.image == by.image)
        .order_by(verdicts.c.id.desc())
        .limit(1)
    )
    return found.where(verdicts.c.round == by.round) if by.round else found


def _let_count(connection: Connection, entry: Entry, verdict: int) -> None:
    """From now on this verdict counts: as a new attempt, unless the file is that of the last."""
    last = connection.execute(_last(entry)).first()
    number = 1 if last is None else last.number + (last.handed_in != entry.digest)
    connection.execute(
        insert(attempts).values(
            learner=entry.learner,
            exercise=entry.exercise,
            number=number,
            verdict=verdict,
            at=datetime.now(UTC),
        )
    )


def _last(entry: Entry) -> Select[tuple[int, int, str]]:
    """Number, verdict and file of the attempt that counts now."""
    return (
        select(attempts.c.number, attempts.c.verdict, verdicts.c.handed_in)
        .join(verdicts, attempts.c.verdict == verdicts.c.id)
        .where(attempts.c.learner == entry.learner, attempts.c.exercise == entry.exercise)
        .order_by(attempts.c.id.desc())
        .limit(1)
    )
