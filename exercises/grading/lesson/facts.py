"""What a lesson says about itself in its notebook's metadata, under `backend_dojo`.

The lesson's cells, its exercise's hints and its exercise's faults point at each other by the ids
given here; `tests/lessons` follows every one of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from exercises.grading.places import LESSONS

KEY = "backend_dojo"
NO_IDEA = "no idea"
"""The text of the option that every prediction offers: not to know is an honest answer."""

Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class UnknownLesson(LookupError):
    """There is no lesson of that number."""


class BrokenLesson(ValueError):
    """The metadata of a lesson does not say what it has to; the message names file and field."""


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Objective(_Facts):
    """What a learner can do afterwards: a verb that can be tested, and the cells that do it."""

    id: Id
    text: str
    cells: tuple[Id, ...] = Field(min_length=1)


class Option(_Facts):
    """One answer to choose; `misconception` is the belief that leads to it when it is wrong."""

    text: str
    misconception: Id | None = None


class Prediction(_Facts):
    """A question that is answered before the measurement, and the cells of both."""

    id: Id
    question: str
    options: Mapping[Literal["a", "b", "c", "d", "e"], Option] = Field(min_length=3)
    answer: Literal["a", "b", "c", "d", "e"]
    asked_in: Id
    compared_in: Id

    @model_validator(mode="after")
    def _every_option_stands_for_something(self) -> Prediction:
        if self.answer not in self.options:
            raise ValueError(f"{self.id}: the answer “{self.answer}” is not among the options")
        if not any(option.text == NO_IDEA for option in self.options.values()):
            raise ValueError(f"{self.id}: no option says “{NO_IDEA}”")
        for key, option in self.options.items():
            wrong = key != self.answer and option.text != NO_IDEA
            if wrong != (option.misconception is not None):
                raise ValueError(f"{self.id}: only a wrong option has a misconception, see {key}")
        return self


class Misconception(_Facts):
    """A belief that people hold, the cell that refutes it, and the faults that come of it."""

    id: Id
    belief: str
    refuted_in: Id
    faults: tuple[Id, ...] = ()


class Lesson(_Facts):
    """The whole entry."""

    number: str = Field(pattern=r"^\d\d$")
    question: str
    minutes: int = Field(ge=10, le=60)
    prerequisites: tuple[str, ...]
    out_of_scope: str
    objectives: tuple[Objective, ...] = Field(min_length=3, max_length=5)
    predictions: tuple[Prediction, ...]
    misconceptions: tuple[Misconception, ...]
    terms: Mapping[str, str]


def lesson_file(number: str) -> Path:
    """The notebook of lesson `number`, such as `06`.

    Raises:
        UnknownLesson: there is none.
    """
    for file in LESSONS.glob(f"{number}_*.ipynb"):
        return file
    raise UnknownLesson(f"There is no lesson {number} in {LESSONS.name}/.")


def facts_of(file: Path) -> Lesson:
    """What the notebook says about itself.

    Raises:
        BrokenLesson: it says nothing, or something else than it must.
    """
    try:
        metadata = json.loads(file.read_text("utf-8"))["metadata"]
        return Lesson.model_validate(metadata[KEY])
    except (KeyError, ValueError, ValidationError) as error:
        raise BrokenLesson(f"{file.name}: {error}") from error
