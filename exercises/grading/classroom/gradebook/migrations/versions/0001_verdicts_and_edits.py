"""Verdicts, which of them count, edits by hand, and rounds.

Revision: 0001, after: nothing
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("PRAGMA application_id = 0x446F6A6F")
    op.execute("""
        CREATE TABLE verdicts (
            id        INTEGER NOT NULL PRIMARY KEY,
            learner   TEXT    NOT NULL,
            exercise  TEXT    NOT NULL,
            handed_in TEXT    NOT NULL,
            suite     TEXT    NOT NULL,
            image     TEXT    NOT NULL,
            round     INTEGER NOT NULL,
            score     INTEGER NOT NULL CHECK (score BETWEEN 0 AND 100),
            content   BLOB    NOT NULL,
            seconds   REAL    NOT NULL,
            graded_at TEXT    NOT NULL,
            UNIQUE (learner, exercise, handed_in, suite, image, round)
        ) STRICT
    """)
    op.execute("""
        CREATE TABLE attempts (
            id       INTEGER NOT NULL PRIMARY KEY,
            learner  TEXT    NOT NULL,
            exercise TEXT    NOT NULL,
            number   INTEGER NOT NULL CHECK (number >= 1),
            verdict  INTEGER NOT NULL REFERENCES verdicts (id),
            at       TEXT    NOT NULL
        ) STRICT
    """)
    op.execute("CREATE INDEX ix_attempts_newest ON attempts (learner, exercise, id)")
    op.execute("""
        CREATE TABLE edits (
            id       INTEGER NOT NULL PRIMARY KEY,
            learner  TEXT NOT NULL,
            exercise TEXT NOT NULL,
            kind     TEXT NOT NULL CHECK (kind IN ('override', 'penalty', 'comment')),
            points   INTEGER CHECK (points BETWEEN 0 AND 100),
            why      TEXT NOT NULL CHECK (trim(why) <> ''),
            who      TEXT NOT NULL CHECK (trim(who) <> ''),
            at       TEXT NOT NULL,
            CHECK (kind <> 'penalty' OR points IS NOT NULL),
            CHECK (kind <> 'comment' OR points IS NULL)
        ) STRICT
    """)
    op.execute("CREATE INDEX ix_edits_newest ON edits (learner, exercise, kind, id)")
    op.execute("""
        CREATE TABLE rounds (
            id       INTEGER NOT NULL PRIMARY KEY,
            begun_at TEXT NOT NULL,
            ended_at TEXT
        ) STRICT
    """)
    for table in ("verdicts", "attempts", "edits"):
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table}"
                f" BEGIN SELECT raise(ABORT, '{table} are only ever added to'); END"
            )


def downgrade() -> None:
    for table in ("edits", "attempts", "verdicts", "rounds"):
        op.execute(f"DROP TABLE {table}")
