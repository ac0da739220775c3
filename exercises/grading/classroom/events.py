"""What happens while a class is graded, for whoever shows it or waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

Status = Literal["judged", "flawed", "unchanged"]


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    name: ClassVar[str]

    def as_json(self) -> dict[str, Any]:
        return {"event": self.name, **asdict(self)}


@dataclass(frozen=True)
class Started(Event):
    """The canary is well. `to_judge` of the `entries` are new, or to be judged again."""

    name = "started"
    learners: int
    entries: int
    to_judge: int
    exercises: list[str]
    image: str
    round: int


@dataclass(frozen=True)
class Marked(Event):
    """An entry has its mark, of the machine's `score` points.

    `status` is `judged`; `flawed` where there was nothing to try; `unchanged` where the mark is
    the one that the very same file got before.
    """

    name = "judged"
    learner: str
    exercise: str
    score: int
    seconds: float
    status: Status


@dataclass(frozen=True)
class NotMarked(Event):
    """An entry could not be judged; it has no mark of this run."""

    name = "not judged"
    learner: str
    exercise: str
    reason: str


@dataclass(frozen=True)
class Finished(Event):
    """All entries were seen. `means` has the mean score of each exercise in this run."""

    name = "done"
    judged: int
    unchanged: int
    not_judged: int
    seconds: float
    means: Mapping[str, float]
    gradebook: str
