"""Hostile submissions, a table of TOML for each kind: what each tries, and what it is told."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from exercises.grading.catalog import Exercise, find_exercise

HERE = Path(__file__).parent
CHEAP = {
    "06_queries": ("limit_counts_orders", "number_of_statements_is_constant"),
    "10_tokens": ("forged_signatures_are_refused", "garbage_is_refused"),
}
"""Criteria that are tried: some that the starter of the exercise meets, some that it does not."""


class Attack(BaseModel):
    """A starter with hostile code at its end; `kind` is the table that it stands in.

    `tries` says in plain words what it is after, `told` is a pattern for one of the messages.
    With `everything` the whole suite is tried, not only `CHEAP` criteria. `seconds` bound it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    tries: str = Field(min_length=10)
    code: str
    slug: str = "10_tokens"
    told: str = ""
    everything: bool = False
    seconds: float = 40

    @property
    def exercise(self) -> Exercise:
        return find_exercise(self.slug)

    @property
    def source(self) -> str:
        """The file that is handed in."""
        tools = (HERE / "tools.py").read_text("utf-8")
        return "\n".join([self.exercise.starter_file.read_text("utf-8"), tools, self.code])

    def wants(self, criterion: str) -> bool:
        """Whether that criterion is tried."""
        return self.everything or criterion in CHEAP[self.slug]


def read_attacks() -> list[Attack]:
    """All of them, file by file."""
    return [
        Attack(kind=file.stem, **attack)
        for file in sorted(HERE.glob("*.toml"))
        for attack in tomllib.loads(file.read_text("utf-8"))["attack"]
    ]
