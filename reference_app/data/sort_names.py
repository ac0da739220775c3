"""A new column on a large table, while the service is in use (D5): `users.sort_name`.

A list of people is looked through by family name, in any case: "Ada Lovelace" is filed under
"lovelace, ada". For that alone an index on the expression would do, and be simpler. But no rule
knows every name ("Juan García Márquez", "Nagy László"); in a column, one person's can be put right.

    expand     a nullable column: no rewrite; a trigger fills it, whichever version writes
    backfill   the rows there were, a batch at a time, each committed before the next
    contract   NOT NULL, proven by a constraint that was checked without keeping anybody out

The obvious ways each stop the service: a column GENERATED from the name, or with a default that is
not constant, rewrites the table behind a lock; one UPDATE of all rows keeps every one of them
locked to its end; SET NOT NULL by itself reads the whole table while nobody else may.

Two kinds of locks are told apart. ACCESS EXCLUSIVE is needed for moments only, yet whoever waits
for it holds up everybody behind: those statements give up soon and try again (`_briefly`). The
others let reads and writes pass, may take long, and wait as long as they must (`_beside_traffic`).
Both give the session its own patience back: the backfill waits for a row as any writer would, but
for one at a time. A batch skips what others hold: whoever waits with locks in hand can deadlock,
and the server may end the other one, which is somebody's request.

Every step can be repeated: after a kill anywhere, running the migration again finishes it.
"""

import time
from uuid import UUID

import stamina
from alembic import op
from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.exc import DBAPIError

BATCH_ROWS = 1000
BREATH_SECONDS = 0.01
BRIEF_MILLISECONDS = 100
TRYING_SECONDS = 60.0
LOCK_NOT_AVAILABLE = "55P03"

RULE = r"""
    CREATE OR REPLACE FUNCTION sort_name_of(full_name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(lower(btrim(full_name)), '^(.*\S)\s+(\S+)$', '\2, \1')
"""

KEEP_IN_STEP = """
    CREATE OR REPLACE FUNCTION keep_sort_name() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.sort_name IS NULL
           OR (NEW.full_name <> OLD.full_name AND NEW.sort_name = OLD.sort_name) THEN
            NEW.sort_name := sort_name_of(NEW.full_name);
        ELSIF TG_OP = 'UPDATE' AND OLD.sort_name IS NULL THEN
            NEW.updated_at := OLD.updated_at;  -- the backfill is no change of the user
        END IF;
        RETURN NEW;
    END $$
"""

# Triggers fire in the order of their names: this one after the one that moves `updated_at`.
TRIGGER = """
    CREATE OR REPLACE TRIGGER users_sort_name BEFORE INSERT OR UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION keep_sort_name()
"""

FILL_A_BATCH = text("""
    WITH batch AS (
        SELECT id FROM users WHERE id > :after ORDER BY id LIMIT :rows
    ), free AS (
        SELECT users.id FROM users JOIN batch USING (id) WHERE sort_name IS NULL
        FOR NO KEY UPDATE OF users SKIP LOCKED
    ), filled AS (
        UPDATE users SET sort_name = sort_name_of(full_name) FROM free WHERE users.id = free.id
    )
    SELECT id FROM batch ORDER BY id DESC LIMIT 1
""").bindparams(bindparam("after", type_=Uuid()), rows=BATCH_ROWS)

SKIPPED = text("""
    SELECT id FROM users WHERE id > :after AND id <= :last AND sort_name IS NULL
""").bindparams(bindparam("after", type_=Uuid()), bindparam("last", type_=Uuid()))

FILL_ONE = text("""
    UPDATE users SET sort_name = sort_name_of(full_name) WHERE id = :id AND sort_name IS NULL
""").bindparams(bindparam("id", type_=Uuid()))


def upgrade() -> None:
    """Add the column; afterwards every row has it and every writer may go on ignoring it."""
    with op.get_context().autocommit_block():
        _expand()
        _backfill()
        _contract()


def downgrade() -> None:
    """Take it away again. The version of the service that reads it must be gone by then."""
    with op.get_context().autocommit_block():
        _beside_traffic("DROP INDEX CONCURRENTLY IF EXISTS ix_users_sort_name")
        _briefly("DROP TRIGGER IF EXISTS users_sort_name ON users")
        _briefly("ALTER TABLE users DROP COLUMN IF EXISTS sort_name")
        op.execute("DROP FUNCTION IF EXISTS keep_sort_name()")
        op.execute("DROP FUNCTION IF EXISTS sort_name_of(text)")


def _expand() -> None:
    op.execute(RULE)
    op.execute(KEEP_IN_STEP)
    _briefly("ALTER TABLE users ADD COLUMN IF NOT EXISTS sort_name text")
    _briefly(TRIGGER)


def _backfill() -> None:
    """From the least id to the greatest: rows made from now on have their sort name already.

    A row is filled from the name it has at that moment, and only when nobody else has filled it.
    """
    after: UUID | None = UUID(int=0)
    while after is not None:
        after = _fill_a_batch(after)
        time.sleep(BREATH_SECONDS)  # for those who wait for a row, and for replicas to keep up


def _contract() -> None:
    _briefly("ALTER TABLE users DROP CONSTRAINT IF EXISTS ck_users_sort_name")
    _briefly(
        "ALTER TABLE users ADD CONSTRAINT ck_users_sort_name"
        " CHECK (sort_name IS NOT NULL) NOT VALID"
    )
    _beside_traffic("ALTER TABLE users VALIDATE CONSTRAINT ck_users_sort_name")
    _briefly("ALTER TABLE users ALTER COLUMN sort_name SET NOT NULL")  # reads no row: see above
    _briefly("ALTER TABLE users DROP CONSTRAINT IF EXISTS ck_users_sort_name")
    # One that was interrupted has left an invalid index of that name.
    _beside_traffic("DROP INDEX CONCURRENTLY IF EXISTS ix_users_sort_name")
    _beside_traffic(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_sort_name ON users (sort_name, id)"
        " WHERE deleted_at IS NULL"
    )


def _fill_a_batch(after: UUID) -> UUID | None:
    """The last id of the batch after that one; None when there was none (or in a script)."""
    statement = FILL_A_BATCH.bindparams(after=after)
    if op.get_context().as_sql:
        op.execute(statement)
        return None
    database = op.get_bind()
    last: UUID | None = database.scalar(statement)
    if last is not None:
        for row in database.scalars(SKIPPED.bindparams(after=after, last=last)).all():
            database.execute(FILL_ONE.bindparams(id=row))
    return last


def _briefly(statement: str) -> None:
    """Run what keeps everybody else out for a moment; wait for that moment in short turns."""
    op.execute(f"SET lock_timeout = {BRIEF_MILLISECONDS}")
    for attempt in stamina.retry_context(
        on=_lock_not_available,
        attempts=None,
        timeout=TRYING_SECONDS,
        wait_max=0.5,
        wait_jitter=0.3,
    ):
        with attempt:
            op.execute(statement)
    op.execute("RESET lock_timeout")


def _beside_traffic(statement: str) -> None:
    """Run what keeps only other changes of the table out."""
    op.execute("SET lock_timeout = 0")
    op.execute(statement)
    op.execute("RESET lock_timeout")


def _lock_not_available(error: Exception) -> bool:
    return (
        isinstance(error, DBAPIError)
        and getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE
    )
