"""The two copies of a lesson that a learner may have: as handed out, and with all answers in."""

from __future__ import annotations

import copy
import re

from exercises.grading.lesson_source import Notebook, source_of
from tests.lessons.reading import FENCE, Cell, LessonNotebook

ANSWER = "-answer"
_OPEN = re.compile(r"(\bpredict\(\s*[\"'])([^\"']+)([\"']\s*,\s*[\"'])\?")


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
    """The lesson with every right prediction and every answer in its place."""
    letters = {each.id: each.answer for each in lesson.facts.predictions}
    notebook = copy.deepcopy(lesson.json)
    for cell in notebook["cells"]:
        answer = lesson.cell(f"{cell['id']}{ANSWER}")
        if cell["cell_type"] == "code" and answer is not None:
            cell["source"] = answer_code(answer)
        elif cell["cell_type"] == "code":
            cell["source"] = _OPEN.sub(
                lambda found: f"{found[1]}{found[2]}{found[3]}{letters[found[2]]}", source_of(cell)
            )
    return notebook
