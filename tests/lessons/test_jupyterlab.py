"""Lessons look in JupyterLab as they should: figures drawn, sections there, verdicts laid out."""

from __future__ import annotations

import html
import os
import re
from functools import partial
from pathlib import Path

import pytest

from exercises.grading.places import ROOT
from tests.lessons.jupyterlab import browser, jupyterlab, page
from tests.lessons.reading import FENCE, LessonNotebook, lesson_files

pytestmark = pytest.mark.skipif(
    browser() is None and "CI" not in os.environ, reason="there is no browser on this machine"
)
DRAWN = 'class="jp-RenderedMermaid"><figure><img src="data:image/svg'


def test_every_figure_and_section_is_shown(tmp_path: Path) -> None:
    with jupyterlab(tmp_path) as address:
        for file in lesson_files():
            lesson = LessonNotebook(file)
            all_are_drawn = partial(shows, figures(lesson))
            shown = page(f"{address}/{alone(file)}", tmp_path, all_are_drawn)
            assert all_are_drawn(shown), file.name
            text = html.unescape(re.sub(r"<[^>]+>", "", shown))
            missing = [title for title in headings(lesson) if title not in text]
            assert missing == [], file.name


def alone(file: Path) -> str:
    """Where JupyterLab opens the lesson in a workspace with nothing else in it."""
    return f"lab/workspaces/{file.stem}/tree/{file.relative_to(ROOT).as_posix()}"


def shows(number: int, text: str) -> bool:
    """Whether the page has so many figures."""
    return text.count(DRAWN) == number


def figures(lesson: LessonNotebook) -> int:
    fences = [found for cell in lesson.markdown for found in FENCE.findall(cell.source)]
    return sum(language == "mermaid" for language, _ in fences)


def headings(lesson: LessonNotebook) -> list[str]:
    return [
        title.replace("`", "")
        for cell in lesson.markdown
        for title in re.findall(r"^#+ (.+)$", FENCE.sub("", cell.source), re.MULTILINE)
    ]
