"""A learner's copy with every answer filled in, and what it then has to show."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from exercises.grading.lesson.source import Notebook, source_of
from tests.lessons.reading import FENCE, Cell, LessonNotebook

ANSWER = "-answer"
CHECKED = "# NBVAL_CHECK_OUTPUT"
"""Has nbval compare the output of a cell in its lax mode, too."""

_OPEN_LETTER = re.compile(r"(\bpredict\(\s*[\"'])([^\"']+)([\"']\s*,\s*[\"'])\?")
_TO_DO = re.compile(r"^([a-z0-9-]+) · to do: .*$", re.MULTILINE)
_OPEN_PREDICTION = re.compile(r"^([a-z0-9-]+): put one of .*$", re.MULTILINE)
_COMPARED = re.compile(
    r"^you predicted  nothing yet\n(measured .*\nso it is       (.*))$", re.MULTILINE
)


def answer_code(cell: Cell) -> str:
    """The Python of an answer cell.

    Raises:
        LookupError: it has none.
    """
    for language, content in FENCE.findall(cell.source):
        if language == "python":
            return str(content).strip()
    raise LookupError(f"{cell.id} has no Python fence")


def filled_in(lesson: LessonNotebook) -> Notebook:
    """The lesson with every right prediction and every answer in its place.

    The outputs are those that must come of it; cells where they change are marked to be compared
    in lax mode. What else changes with an answer is left alone.
    """
    letters = {each.id: each.answer for each in lesson.facts.predictions}
    notebook = copy.deepcopy(lesson.json)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            answer = lesson.cell(f"{cell['id']}{ANSWER}")
            cell["source"] = answer_code(answer) if answer else _predicted(cell, letters)
            if _expect(cell["outputs"], letters):
                cell["source"] = f"{CHECKED}\n{cell['source']}"
    return notebook


def _predicted(cell: dict[str, Any], letters: Mapping[str, str]) -> str:
    return _OPEN_LETTER.sub(
        lambda found: f"{found[1]}{found[2]}{found[3]}{letters[found[2]]}", source_of(cell)
    )


def _expect(outputs: list[dict[str, Any]], letters: Mapping[str, str]) -> bool:
    """Puts what has to be shown in the place of what an open lesson shows; whether it differs."""
    changed = False
    for output in outputs:
        if "text" in output:
            shown = "".join(output["text"])
            output["text"] = _expected(shown, letters)
            changed = changed or output["text"] != shown
    return changed


def _expected(shown: str, letters: Mapping[str, str]) -> str:
    shown = _TO_DO.sub(r"\1 · right", shown)
    shown = _OPEN_PREDICTION.sub(
        lambda q: f"{q[1]}: “{letters[q[1]]}” is noted. Now measure.", shown
    )
    return _COMPARED.sub(r"you predicted  \2\n\1\nRight: you saw it coming.", shown)
