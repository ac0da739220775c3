"""What single sections have to hold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.lessons.reading import FENCE, LessonNotebook

MOST_RECAP_LINES = 5
NOT_SHOWN = {
    "an alert of GitHub's": re.compile(r"^> \[!", re.MULTILINE),
    "a fence of MyST's": re.compile(r"^(:::|```\{)", re.MULTILINE),
}


def worked_example(lesson: LessonNotebook) -> Iterator[str]:
    """Three to five steps, each under a heading of its own."""
    prose = FENCE.sub("", lesson.text("worked-example"))
    steps = len(re.findall(r"^### ", prose, re.MULTILINE))
    if not 3 <= steps <= 5:
        yield f"the worked example has {steps} steps, not 3 to 5"


def pre_check(lesson: LessonNotebook) -> Iterator[str]:
    """Whoever knows all of it is sent on."""
    if "straight to" not in lesson.text("pre-check"):
        yield "the pre-check sends nobody straight on"


def recap(lesson: LessonNotebook) -> Iterator[str]:
    """A few lines, each a sentence to keep."""
    lines = [line for line in lesson.text("recap").splitlines()[1:] if line.strip()]
    if not 1 <= len(lines) <= MOST_RECAP_LINES:
        yield f"the recap has {len(lines)} lines, not 1 to {MOST_RECAP_LINES}"


def hand_off(lesson: LessonNotebook) -> Iterator[str]:
    """It ends with something to explore."""
    if "To explore:" not in lesson.text("hand-off"):
        yield "the hand-off gives nothing to explore"


def plain_markup(lesson: LessonNotebook) -> Iterator[str]:
    """Only what JupyterLab renders."""
    for cell in lesson.markdown:
        found = [what for what, pattern in NOT_SHOWN.items() if pattern.search(cell.source)]
        yield from (f"{cell.id} has {what}, which JupyterLab does not show" for what in found)
