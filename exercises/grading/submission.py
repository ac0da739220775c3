"""Which file is to be judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exercises.grading.catalog import Exercise
from exercises.grading.places import ROOT

NAMED = ("exercises", "solutions", "starter", "reference")


@dataclass(frozen=True)
class Submission:
    """A file that is to take the place of a module.

    `flaw` says why it cannot even be tried (no such file, nothing in it); None when it can.
    """

    name: str
    file: Path
    flaw: str | None = None

    @property
    def is_reference(self) -> bool:
        return self.name == "reference"


def resolve(exercise: Exercise, where: str) -> Submission:
    """The submission meant by `where`.

    Args:
        exercise: the exercise that it is for.
        where: one of `NAMED`, or a path: the file, an exercise folder, or a folder of those.
    """
    if where == "reference":
        return Submission("reference", exercise.reference_file)
    places = {
        "exercises": exercise.learner_file,
        "solutions": exercise.solution_file,
        "starter": exercise.starter_file,
    }
    file = places.get(where) or _inside(Path(where), exercise)
    return Submission(where, file, _flaw(file))


def _inside(path: Path, exercise: Exercise) -> Path:
    path = path.expanduser().absolute()
    if not path.is_dir():
        return path
    nested = path / exercise.slug / exercise.file_name
    return nested if nested.parent.is_dir() else path / exercise.file_name


def _flaw(file: Path) -> str | None:
    shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    if not file.exists():
        return f"There is no file {shown}. Put your answer there, or name another --submission."
    if not file.is_file():
        return f"{shown} is not a file. Name the file, or the folder that holds it."
    if not file.read_bytes().strip():
        return f"{shown} is empty. `dojo reset` brings the starter back."
    return None
