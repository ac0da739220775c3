"""A lesson's notebook as the rules look at it: cells, sections, words, facts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from exercises.grading.catalog import Exercise, exercises
from exercises.grading.lesson.copies import PREFIX
from exercises.grading.lesson.facts import KEY, Lesson
from exercises.grading.lesson.source import Notebook, source_of
from exercises.grading.places import LESSONS

SECTIONS = (
    *("header", "pre-check", "set-up", "incident", "predict-1", "measure", "model"),
    *("worked-example", "second-look", "predict-2", "practice", "order-puzzle", "wrong-answers"),
    *("when-not-to", "recap", "retrieval", "hand-off"),
)
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Cell:
    """One cell; `outputs` is the text of all it shows, in every form."""

    id: str
    is_code: bool
    source: str
    tags: tuple[str, ...]
    folded: bool
    count: int | None
    outputs: tuple[dict[str, Any], ...]

    @property
    def words(self) -> int:
        """Words of prose: fenced code and markup do not count."""
        prose = re.sub(r"<[^>]+>", " ", FENCE.sub(" ", self.source))
        return len(re.findall(r"\w[\w'’.,-]*", prose))

    @property
    def lines(self) -> int:
        return sum(bool(line.strip()) for line in self.source.splitlines())

    def shown(self) -> Iterator[tuple[str, str]]:
        """MIME type and text of everything in the outputs."""
        for output in self.outputs:
            if "text" in output:
                yield "text/plain", _joined(output["text"])
            for mime, content in output.get("data", {}).items():
                yield mime, _joined(content)


class LessonNotebook:
    """A lesson as its file holds it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.json: Notebook = json.loads(file.read_text("utf-8"))
        self.cells = [_cell(cell) for cell in self.json["cells"]]

    @property
    def code(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.is_code]

    @property
    def markdown(self) -> list[Cell]:
        return [cell for cell in self.cells if not cell.is_code]

    @cached_property
    def facts(self) -> Lesson:
        return Lesson.model_validate(self.json["metadata"].get(KEY))

    @property
    def exercise(self) -> Exercise | None:
        """The exercise that the lesson prepares; the tour has none."""
        return next((each for each in exercises() if each.slug == self.file.stem), None)

    def cell(self, name: str) -> Cell | None:
        return next((cell for cell in self.cells if cell.id == name), None)

    def section(self, name: str) -> list[Cell]:
        """The cells from the one called `name` up to the next section."""
        found: list[Cell] = []
        for cell in self.cells:
            if cell.id == name or (found and cell.id not in SECTIONS):
                found.append(cell)
            elif found:
                break
        return found

    def text(self, section: str) -> str:
        return "\n".join(cell.source for cell in self.section(section) if not cell.is_code)


def lesson_files() -> list[Path]:
    """The committed lessons; the learner's own copies are not among them."""
    files = LESSONS.glob("[0-9][0-9]_*.ipynb")
    return sorted(file for file in files if not file.name.startswith(PREFIX))


def _cell(cell: dict[str, Any]) -> Cell:
    return Cell(
        id=cell.get("id", ""),
        is_code=cell["cell_type"] == "code",
        source=source_of(cell),
        tags=tuple(cell["metadata"].get("tags", ())),
        folded=bool(cell["metadata"].get("jupyter", {}).get("source_hidden")),
        count=cell.get("execution_count"),
        outputs=tuple(cell.get("outputs", ())),
    )


def _joined(content: object) -> str:
    if isinstance(content, list):
        return "".join(map(str, content))
    return content if isinstance(content, str) else json.dumps(content)
