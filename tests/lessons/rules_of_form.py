"""Size and sections of a lesson."""

from __future__ import annotations

import re
from collections.abc import Iterator
from statistics import median

from tests.lessons.reading import FENCE, SECTIONS, LessonNotebook

MOST_BYTES = 80_000
MEDIAN_WORDS, MOST_WORDS = 40, 110
MEDIAN_LINES, MOST_LINES = 4, 12
MOST_COLUMNS = 100
OPTIONAL = "order-puzzle"
NUMBER = re.compile(r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten)\b", re.IGNORECASE)


def size(lesson: LessonNotebook) -> Iterator[str]:
    """Cells, words, lines, bytes and minutes are within the form."""
    words = [cell.words for cell in lesson.markdown]
    lines = [cell.lines for cell in lesson.code]
    for what, value, (least, most) in (
        ("cells", len(lesson.cells), (36, 50)),
        ("code cells", len(lesson.code), (18, 24)),
        ("words", sum(words), (1200, 1700)),
        ("minutes", lesson.facts.minutes, (40, 60)),
        ("bytes", lesson.file.stat().st_size, (0, MOST_BYTES)),
        ("words in the median Markdown cell", median(words), (0, MEDIAN_WORDS)),
        ("lines in the median code cell", median(lines), (0, MEDIAN_LINES)),
        ("figures", _figures(lesson), (1, 2)),
    ):
        if not least <= value <= most:
            yield f"{value} {what}, not {least} to {most}"
    for cell in lesson.cells:
        if cell.is_code and cell.lines > MOST_LINES:
            yield f"{cell.id} has {cell.lines} lines"
        if cell.is_code and max(map(len, cell.source.splitlines())) > MOST_COLUMNS:
            yield f"{cell.id} is wider than {MOST_COLUMNS} columns"
        if not cell.is_code and cell.words > MOST_WORDS:
            yield f"{cell.id} has {cell.words} words"


def sections(lesson: LessonNotebook) -> Iterator[str]:
    """All sections are there, in order, each opened by a heading that has its name as cell id."""
    there = [cell.id for cell in lesson.cells if cell.id in SECTIONS]
    if missing := [name for name in SECTIONS if name not in {*there, OPTIONAL}]:
        yield f"without section {', '.join(missing)}"
    if there != sorted(there, key=SECTIONS.index):
        yield f"sections out of order: {', '.join(there)}"
    for cell in lesson.cells:
        if cell.id in SECTIONS:
            mark = "# " if cell.id == "header" else "## "
            if cell.is_code or not cell.source.startswith(mark):
                yield f"section {cell.id} does not open with a “{mark}” heading"


def folded_answers(lesson: LessonNotebook) -> Iterator[str]:
    """Questions of pre-check and retrieval have their answers folded away."""
    for section, least, most in (("pre-check", 3, 3), ("retrieval", 6, 8)):
        count = lesson.text(section).count("<details>")
        if not least <= count <= most:
            yield f"{section} folds {count} answers, not {least} to {most}"


def set_up(lesson: LessonNotebook) -> Iterator[str]:
    """The first code cell of the set-up is the one that is folded away, and shows one line."""
    first = [cell for cell in lesson.section("set-up") if cell.is_code][:1]
    folded = [cell for cell in lesson.cells if cell.folded]
    if not first or folded != first:
        yield f"folded: {[cell.id for cell in folded]}, and not the first code cell of set-up"
    for cell in first:
        lines = [line for _, text in cell.shown() for line in text.splitlines()]
        if len(lines) != 1:
            yield f"{cell.id} shows {len(lines)} lines, not one"


def figures(lesson: LessonNotebook) -> Iterator[str]:
    """Every drawing has a title, a description for those who cannot see it, and a sentence."""
    for cell in lesson.markdown:
        shows = re.search(r"The figure shows [^.]*\.", FENCE.sub("", cell.source))
        if "```mermaid" in cell.source and not (shows and NUMBER.search(shows[0])):
            yield f"{cell.id}: no sentence “The figure shows …” with its numbers"
        for language, content in FENCE.findall(cell.source):
            if language == "mermaid" and not ("accTitle:" in content and "accDescr:" in content):
                yield f"{cell.id}: a figure without accTitle or accDescr"


def _figures(lesson: LessonNotebook) -> int:
    drawn = sum(cell.source.count("```mermaid") for cell in lesson.markdown)
    plotted = sum(mime == "image/png" for cell in lesson.code for mime, _ in cell.shown())
    return drawn + plotted
