"""A gate in front of one row: reads of it wait, so that what happens meanwhile is no accident.

    with Gate(service, "users", user_id) as gate, service.meanwhile(read) as answer:
        gate.await_arrival()        # the read has its snapshot of the row, and waits
        ...                         # whatever should happen just then
        gate.open()
        answer()

It is made of row level security: a policy on the table calls a function for every row that the
service reads or updates, and for the one row that function waits. Superusers pass, so the suite
itself is not held up. Deterministic, and the same on every back end.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter, sleep
from types import TracebackType
from typing import Self

from exercises.grading.requests import PATIENCE
from exercises.grading.subject import Subject

LOCK = 20_260_116
POLL_SECONDS = 0.004
EVERYBODY = 1_000_000

CLOSE = """
CREATE SCHEMA gate;
GRANT USAGE ON SCHEMA gate TO PUBLIC;
CREATE SEQUENCE gate.arrivals;
CREATE FUNCTION gate.pass(id uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    arrival bigint;
BEGIN
    IF id IN ({rows})
       AND NOT ({reads_only} AND current_query() !~* '^[[:space:]]*(select|with)') THEN
        arrival := nextval('gate.arrivals');
        IF arrival > {holds} THEN RETURN true; END IF;
        PERFORM pg_advisory_xact_lock_shared({lock} + least(arrival, 2) - 1);
        IF {fails} THEN RAISE EXCEPTION 'the read failed' USING ERRCODE = '53000'; END IF;
    END IF;
    RETURN true;
END $$;
CREATE POLICY gate ON {table} USING (gate.pass(id)) WITH CHECK (true);
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""

REMOVE = """
ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
DROP POLICY gate ON {table};
DROP SCHEMA gate CASCADE;
"""

WAITING = """
SELECT count(*) AS count FROM pg_locks
 WHERE locktype = 'advisory' AND NOT granted AND objid IN (%s, %s)
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class NobodyCame(AssertionError):
    """The service did not read the row while the gate was closed."""


class Gate:
    """Closed from `with` until `open` or the end of the block; then it is gone without a trace.

    Args:
        service: whose database it stands in.
        table: a table of that database with an `id` of type uuid.
        row: the id of the row that it guards.
        others: ids of more rows that it guards, as if they were the same.
        holds: how many reads of the row it stops, the first ones; the others pass.
        fails: whether a read that was stopped then fails, with an error of the database.
        reads_only: whether writes of the row pass, which have to read it first.
    """

    def __init__(
        self,
        service: Subject,
        table: str,
        row: str,
        *,
        others: Iterable[str] = (),
        holds: int = EVERYBODY,
        fails: bool = False,
        reads_only: bool = False,
    ) -> None:
        self._service = service
        self._table = table
        self._closing = CLOSE.format(
            table=table,
            rows=", ".join(f"'{guarded}'" for guarded in (row, *others)),
            holds=holds,
            lock=LOCK,
            fails=str(fails).lower(),
            reads_only=str(reads_only).lower(),
        )
        self._closed = False
        self._first_closed = False

    def __enter__(self) -> Self:
        self._service.sql("SELECT pg_advisory_lock(%s), pg_advisory_lock(%s)", LOCK, LOCK + 1)
        self._closed = True
        self._first_closed = True
        self._service.sql(self._closing)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.open()
        self._service.sql(REMOVE.format(table=self._table))

    def open(self) -> None:
        """Lets everybody pass, those who wait and those to come. Opening twice is no error."""
        if self._closed:
            self._closed = False
            self.open_to_the_first()
            self._service.sql("SELECT pg_advisory_unlock(%s)", LOCK + 1)

    def open_to_the_first(self) -> None:
        """Lets the first one pass; whoever came later, or is still to come, has to wait."""
        if self._first_closed:
            self._first_closed = False
            self._service.sql("SELECT pg_advisory_unlock(%s)", LOCK)

    @property
    def waiting(self) -> int:
        """How many reads wait at this moment."""
        [row] = self._service.sql(WAITING, LOCK, LOCK + 1)
        count: int = row["count"]
        return count

    def await_arrival(self, seconds: float = PATIENCE) -> None:
        """Returns when a read waits.

        Raises:
            NobodyCame: none did within `seconds`.
        """
        deadline = perf_counter() + seconds
        while not self.waiting:
            if perf_counter() > deadline:
                raise NobodyCame("The row was not read from the database.")
            sleep(POLL_SECONDS)
