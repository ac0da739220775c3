"""Every committed lesson keeps every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lessons import rules_of_form as form
from tests.lessons import rules_of_ids as ids
from tests.lessons import rules_of_outputs as outputs
from tests.lessons import rules_of_steps as steps
from tests.lessons.reading import LessonNotebook, lesson_files
from tests.lessons.rules_of_practice import practice

Rule = Callable[[LessonNotebook], Iterator[str]]
RULES: tuple[Rule, ...] = (
    *(form.size, form.sections, form.folded_answers, form.set_up, form.figures),
    *(outputs.executed_in_order, outputs.the_same_everywhere),
    *(outputs.plain_code, outputs.plain_metadata),
    *(ids.cell_ids, ids.header, ids.objectives, ids.predictions, ids.misconceptions, ids.terms),
    *(ids.links, ids.suite_sections, ids.hand_off, ids.earlier_lessons, practice),
    *(steps.worked_example, steps.pre_check, steps.recap, steps.hand_off, steps.plain_markup),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("file", lesson_files(), ids=lambda file: file.stem)
def test_lesson_keeps_the_rule(file: Path, rule: Rule) -> None:
    assert list(rule(LessonNotebook(file))) == []


def test_there_is_a_first_lesson() -> None:
    assert [file.stem for file in lesson_files()][:1] == ["00_start_here"]
