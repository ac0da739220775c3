"""Size and sections of a lesson."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from tests.lessons.reading import FENCE, SECTIONS, LessonNotebook

MOST_BYTES = 80_000
MEDIAN_WORDS, MOST_WORDS = 40, 110
MEDIAN_LINES, MOST_LINES = 4, 12


@dataclass(frozen=True)
class Form:
    """Least and most of what a lesson has, and the sections it may do without."""

    cells: tuple[int, int]
    code: tuple[int, int]
    words: tuple[int, int]
    minutes: tuple[int, int]
    optional: frozenset[str]


FORMS = {
    "lesson": Form((36, 50), (18, 24), (1200, 1700), (40, 60), frozenset({"order-puzzle"})),
    "tour": Form(
        (20, 40),
        (8, 20),
        (600, 1300),
        (10, 30),
        frozenset({"second-look", "predict-2", "order-puzzle", "when-not-to", "worked-example"}),
    ),
}


def size(lesson: LessonNotebook) -> Iterator[str]:
    """Cells, words, lines, bytes and minutes are within the form."""
    form = FORMS[lesson.facts.kind]
    words = [cell.words for cell in lesson.markdown]
    lines = [cell.lines for cell in lesson.code]
    for what, value, (least, most) in (
        ("cells", len(lesson.cells), form.cells),
        ("code cells", len(lesson.code), form.code),
        ("words", sum(words), form.words),
        ("minutes", lesson.facts.minutes, form.minutes),
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
        if not cell.is_code and cell.words > MOST_WORDS:
            yield f"{cell.id} has {cell.words} words"


def sections(lesson: LessonNotebook) -> Iterator[str]:
    """All sections are there, in order, each opened by a heading that has its name as cell id."""
    optional = FORMS[lesson.facts.kind].optional
    there = [cell.id for cell in lesson.cells if cell.id in SECTIONS]
    if missing := [name for name in SECTIONS if name not in there and name not in optional]:
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
        if lesson.facts.kind == "lesson" and not least <= count <= most:
            yield f"{section} folds {count} answers, not {least} to {most}"
        if not count:
            yield f"{section} asks nothing"


def set_up(lesson: LessonNotebook) -> Iterator[str]:
    """The first code cell of the set-up has its input folded away, and no other cell has."""
    first = [cell.id for cell in lesson.section("set-up") if cell.is_code][:1]
    folded = [cell.id for cell in lesson.cells if cell.folded]
    if not first or folded != first:
        yield f"folded: {folded}, and not the first code cell of set-up"


def figures(lesson: LessonNotebook) -> Iterator[str]:
    """Every drawing has a title and a description for those who cannot see it."""
    for cell in lesson.markdown:
        for language, content in FENCE.findall(cell.source):
            if language == "mermaid" and not ("accTitle:" in content and "accDescr:" in content):
                yield f"{cell.id}: a figure without accTitle or accDescr"


def _figures(lesson: LessonNotebook) -> int:
    drawn = sum(cell.source.count("```mermaid") for cell in lesson.markdown)
    plotted = sum(mime == "image/png" for cell in lesson.code for mime, _ in cell.shown())
    return drawn + plotted
