"""Wrong answers that a suite must reject: small edits to the solution, one TOML file an exercise.

[[fault]]
name = "type-unchecked"
belief = "A signature that checks out is enough."
rejected_by = ["refresh_token_is_no_access_token"]
[[fault.edit]]
find = '''if claims["type"] != "access":'''
replace = '''if False:'''
"""

from __future__ import annotations

import tomllib

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exercises.grading.catalog import Exercise
from exercises.grading.places import ROOT


class BrokenFault(ValueError):
    """A fault file is not well formed, or no longer fits the solution."""


class Edit(BaseModel):
    """Replace the one place where `find` stands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    find: str = Field(min_length=1)
    replace: str


class Fault(BaseModel):
    """A wrong answer, the belief that leads to it, and the criteria that must reject it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    belief: str
    rejected_by: tuple[str, ...] = Field(min_length=1)
    edit: tuple[Edit, ...] = Field(min_length=1)

    def applied_to(self, source: str) -> str:
        """The solution with the fault in it.

        Raises:
            BrokenFault: a text to be replaced does not stand there exactly once.
        """
        for edit in self.edit:
            count = source.count(edit.find)
            if count != 1:
                raise BrokenFault(f"{self.name}: found {count} times, not once: {edit.find!r}")
            source = source.replace(edit.find, edit.replace)
        return source


def faults_of(exercise: Exercise) -> tuple[Fault, ...]:
    """The faults of an exercise, in the order of its file.

    Raises:
        BrokenFault: the file cannot be read.
    """
    try:
        content = tomllib.loads(exercise.faults_file.read_text("utf-8"))
        return tuple(Fault.model_validate(fault) for fault in content["fault"])
    except (OSError, KeyError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise BrokenFault(f"{exercise.faults_file.relative_to(ROOT)}: {error}") from error
