"""The tables as the newest migration leaves them, for the statements of the other modules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.types import REAL

REVISION = "0001"
"""Of the newest migration; they are numbered in their order."""

APPLICATION_ID = 0x446F6A6F
"""Says in the header of the file that this is a gradebook: "Dojo" in ASCII."""


class Moment(TypeDecorator[datetime]):
    """A time in UTC, as text that sorts in its order and that a person can read."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:  # noqa: ARG002 - SQLAlchemy names it
        return value.isoformat(timespec="milliseconds") if value else None

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:  # noqa: ARG002 - SQLAlchemy names it
        return datetime.fromisoformat(value) if value else None


metadata = MetaData()

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("learner", Text, nullable=False),
    Column("exercise", Text, nullable=False),
    Column("handed_in", Text, nullable=False),
    Column("suite", Text, nullable=False),
    Column("image", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("score", Integer, CheckConstraint("score BETWEEN 0 AND 100"), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("seconds", REAL, nullable=False),
    Column("graded_at", Moment, nullable=False),
    UniqueConstraint("learner", "exercise", "handed_in", "suite", "image", "round"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("learner", Text, nullable=False),
    Column("exercise", Text, nullable=False),
    Column("number", Integer, CheckConstraint("number >= 1"), nullable=False),
    Column("verdict", Integer, ForeignKey("verdicts.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_attempts_newest", "learner", "exercise", "id"),
)

edits = Table(
    "edits",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("learner", Text, nullable=False),
    Column("exercise", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("points", Integer),
    Column("why", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_edits_newest", "learner", "exercise", "kind", "id"),
)

rounds = Table(
    "rounds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("begun_at", Moment, nullable=False),
    Column("ended_at", Moment),
)
