"""A learner can work in the lesson: gaps to fill, checks that answer, answers to open."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from exercises.grading.lesson.practice import TEXT_GAP
from tests.lessons.filled_in import ANSWER, answer_code
from tests.lessons.reading import LessonNotebook

LEAST_CELLS = 2


def practice(lesson: LessonNotebook) -> Iterator[str]:
    """First a gap, then a function's body, each with a check after it and an answer to open."""
    cells = [cell for cell in lesson.code if lesson.cell(cell.id + ANSWER)]
    if len(cells) < LEAST_CELLS:
        yield f"{len(cells)} cells to practise in, not {LEAST_CELLS} or more"
    if not any("def " in cell.source for cell in cells):
        yield "no function to write"
    shown = "".join(text for cell in lesson.code for _, text in cell.shown())
    for cell in cells:
        if f"{cell.id} · to do: " not in shown:
            yield f"{cell.id} does not show what is to do"
        if "..." not in cell.source and TEXT_GAP not in cell.source:
            yield f"{cell.id} leaves nothing to fill in"
        if not _checked(cell.id, lesson):
            yield f"{cell.id} is not checked by its name"
    for cell in lesson.markdown:
        if cell.id.endswith(ANSWER):
            yield from _objections_to_answer(cell.id, lesson)


def _checked(name: str, lesson: LessonNotebook) -> bool:
    return any(f'("{name}"' in "".join(cell.source.split()) for cell in lesson.code)


def _objections_to_answer(name: str, lesson: LessonNotebook) -> Iterator[str]:
    cell = lesson.cell(name)
    gap = lesson.cell(name.removesuffix(ANSWER))
    if cell is None or gap is None or not gap.is_code:
        yield f"{name} answers no code cell"
    elif "<details>" not in cell.source:
        yield f"{name} is not folded away"
    else:
        try:
            ast.parse(answer_code(cell))
        except (LookupError, SyntaxError) as error:
            yield f"{name} holds no code: {error}"
