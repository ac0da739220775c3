"""The text form of a lesson: nothing is lost on the way to a notebook and back."""

from __future__ import annotations

import pytest

from exercises.grading.lesson.facts import BrokenLesson
from exercises.grading.lesson.source import from_text, to_text
from tests.lessons.reading import LessonNotebook, lesson_files

TEXT = """# %% facts
{
 "number": "42"
}
# %% markdown header
# Why?

Because.
# %% code set-up-cell collapsed
x = 1
# %% code verdict nbval-ignore-output
x
"""


def test_there_and_back() -> None:
    assert to_text(from_text(TEXT)) == TEXT


def test_what_the_words_of_a_head_mean() -> None:
    header, set_up, verdict = from_text(TEXT)["cells"]
    assert (header["cell_type"], header["id"]) == ("markdown", "header")
    assert set_up["metadata"] == {"jupyter": {"source_hidden": True}}
    assert verdict["metadata"] == {"tags": ["nbval-ignore-output"]}


@pytest.mark.parametrize("text", ["", "# %% markdown header\n", "# %% facts\n{}\n# %% code\nx"])
def test_a_text_that_is_no_lesson(text: str) -> None:
    with pytest.raises(BrokenLesson):
        from_text(text)


def test_every_lesson_survives_the_way() -> None:
    for file in lesson_files():
        text = to_text(LessonNotebook(file).json)
        assert to_text(from_text(text)) == text
