"""The exercises: what `exercise.toml` says, and where the six places of each one are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exercises.grading.places import EXERCISES, FAULTS, LESSONS, ROOT, SOLUTIONS, SUITES


class UnknownExercise(LookupError):
    """No exercise goes by that number or name."""


class BrokenExercise(ValueError):
    """An `exercise.toml` does not say what it has to; the message names file and field."""


class Hint(BaseModel):
    """One step of help. Each says more than the one before; `hints` tells which comes when.

    `criteria` are the ids of those that it helps to meet, `misconceptions` the lesson's ids of the
    beliefs that it speaks to.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    criteria: tuple[str, ...] = ()
    misconceptions: tuple[str, ...] = ()


class Metadata(BaseModel):
    """The content of an `exercise.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    incident: str
    part: str = Field(pattern=r"^reference_app(\.[a-z_]+)+$")
    spec: tuple[str, ...] = Field(min_length=1)
    difficulty: int = Field(ge=1, le=5)
    minutes: int = Field(ge=5, le=240)
    prerequisites: tuple[str, ...] = ()
    settings: Mapping[str, str] = {}
    hints: tuple[Hint, ...] = Field(min_length=3)


@dataclass(frozen=True)
class Exercise:
    """One exercise. `slug` is its name in all six places, such as `10_tokens`."""

    slug: str
    about: Metadata

    @property
    def number(self) -> str:
        return self.slug.split("_", 1)[0]

    @property
    def part(self) -> str:
        """The module of the service that the learner's file takes the place of."""
        return self.about.part

    @property
    def file_name(self) -> str:
        return self.part.rsplit(".", 1)[1] + ".py"

    @property
    def folder(self) -> Path:
        return EXERCISES / self.slug

    @property
    def learner_file(self) -> Path:
        return self.folder / self.file_name

    @property
    def starter_file(self) -> Path:
        """The file as it was handed out; `dojo reset` goes back to it."""
        return self.folder / ".starter" / self.file_name

    @property
    def solution_file(self) -> Path:
        return SOLUTIONS / self.slug / self.file_name

    @property
    def reference_file(self) -> Path:
        return ROOT.joinpath(*self.part.split(".")).with_suffix(".py")

    @property
    def suite(self) -> Path:
        return SUITES / f"test_{self.slug}.py"

    @property
    def faults_file(self) -> Path:
        return FAULTS / f"{self.slug}.toml"

    @property
    def lesson(self) -> Path:
        return LESSONS / f"{self.slug}.ipynb"


@cache
def exercises() -> tuple[Exercise, ...]:
    """All exercises in the order of their numbers.

    Raises:
        BrokenExercise: an `exercise.toml` cannot be read.
    """
    return tuple(_read(path) for path in sorted(EXERCISES.glob("[0-9][0-9]_*/exercise.toml")))


def _read(path: Path) -> Exercise:
    try:
        about = Metadata.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise BrokenExercise(f"{path.relative_to(ROOT)}: {error}") from error
    return Exercise(path.parent.name, about)


def find_exercise(name: str) -> Exercise:
    """The exercise called by number (`6`, `06`), slug (`06_queries`) or bare name (`queries`).

    Raises:
        UnknownExercise: nothing is called that; the message lists what there is.
    """
    wanted = name.strip().strip("/").rsplit("/", 1)[-1]
    if re.fullmatch(r"\d+", wanted):
        wanted = wanted.zfill(2)
    for exercise in exercises():
        if wanted in (exercise.number, exercise.slug, exercise.slug.split("_", 1)[1]):
            return exercise
    known = ", ".join(exercise.slug for exercise in exercises())
    raise UnknownExercise(f"There is no exercise “{name}”. There are: {known}.")
