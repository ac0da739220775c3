"""The laboratory of one lesson: a back end of its own, and the service in as many variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exercises.grading.bench import Place
from exercises.grading.catalog import Exercise, find_exercise
from exercises.grading.lesson.splice import function_source, splice
from exercises.grading.people import People
from exercises.grading.places import LOCAL
from exercises.grading.subject import Subject
from reference_app.running import start


class Lab:
    """Services by name, each started when it is first asked for, on a database of its own.

    `reference` and `starter` keep running with what was put into them. A variant that is asked
    for by a call (`with_edit`, `with_part`, `with_function`) comes with empty tables at every call.
    """

    def __init__(self, lesson: str, exercise: str, settings: Mapping[str, str]) -> None:
        self._lesson = lesson
        found = find_exercise(exercise)
        about = found.about.model_copy(update={"settings": {**found.about.settings, **settings}})
        self.exercise: Exercise = replace(found, about=about)
        self._backend = start("embedded")
        self._places: dict[str, Place] = {}
        self._people: dict[Subject, People] = {}

    @property
    def reference(self) -> Subject:
        """The service as it is."""
        return self._place("reference").take(self.exercise, None)

    @property
    def starter(self) -> Subject:
        """The service with the exercise's starter in the place of its part."""
        return self._place("starter").take(self.exercise, self.exercise.starter_file)

    def with_edit(self, find: str, replace: str) -> Subject:
        """The service with one place of the part changed: `replace` for `find`.

        Raises:
            LookupError: that text does not stand there exactly once.
            DoesNotRun: the service does not start with it.
        """
        source = self.exercise.reference_file.read_text("utf-8")
        if (count := source.count(find)) != 1:
            raise LookupError(f"{self.exercise.part} has {find!r} {count} times, not once.")
        return self._with_source("edited", source.replace(find, replace))

    def with_part(self, part: str | Path) -> Subject:
        """The service with your own code in the place of the part: source code, or a file.

        Raises:
            DoesNotRun: it does not start with it; the message says why.
        """
        source = part.read_text("utf-8") if isinstance(part, Path) else part
        return self._with_source("yours", source)

    def with_function(self, name: str, function: str | Callable[..., Any]) -> Subject:
        """The service with one function of the part replaced by one that a cell defines.

        Args:
            name: which one: `load`, or `UserCache.get` for a method.
            function: the function, or its source; whatever it uses must be known in the part.

        Raises:
            LookupError: the part has no such function.
            DoesNotRun: the service does not start with it; the message says why.
        """
        return self._with_source("yours", self.part_with_function(name, function))

    def part_with_function(self, name: str, function: str | Callable[..., Any]) -> str:
        """The source that `with_function` runs: the reference's part, one function replaced."""
        return splice(self.exercise.reference_file.read_text("utf-8"), name, function)

    def save(self, source: str) -> Path:
        """Writes a whole part to a file of this lesson's own, for `check` to judge."""
        file = LOCAL / "lessons" / self._lesson / self.exercise.file_name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, "utf-8")
        return file

    def source(self, name: str) -> Source:
        """The code of a function or class of the reference's part, shown as the cell's result."""
        return Source(function_source(self.exercise.reference_file.read_text("utf-8"), name))

    def people(self, service: Subject) -> People:
        """Makes users of that service who are logged in; new ones when a cell is run again."""
        return self._people.setdefault(service, People(service))

    def close(self) -> None:
        """Ends everything that was started here."""
        for place in self._places.values():
            place.clear()
        self._backend.close()

    def _place(self, name: str) -> Place:
        return self._places.setdefault(name, Place(self._backend))

    def _with_source(self, place: str, source: str) -> Subject:
        with TemporaryDirectory(prefix="dojo-lesson-") as folder:
            file = Path(folder) / self.exercise.file_name
            file.write_text(source, "utf-8")
            subject = self._place(place).take(self.exercise, file)
        subject.reset()
        return subject


@dataclass(frozen=True)
class Source:
    """Python code that a notebook shows in colours."""

    text: str

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}\n```"

    def __repr__(self) -> str:
        return self.text
