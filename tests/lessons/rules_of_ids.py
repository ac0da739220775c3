"""Whatever a lesson, its exercise and its faults say of each other is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from exercises.grading.faults import faults_of
from exercises.grading.places import LESSONS
from tests.lessons.reading import FENCE, LessonNotebook

FIRST = "00"
PREDICTIONS = ("predict-1", "predict-2")
CELL_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LINK = re.compile(r"\]\(([^)\s]+)\)|href=\"([^\"]+)\"")
CALL = re.compile(r"\b(predict|compare)\(\s*[\"']([^\"']+)[\"']")
CRITERION_SECTION = re.compile(r"\blesson=\"([^\"]+)\"")


def cell_ids(lesson: LessonNotebook) -> Iterator[str]:
    """Readable, and none twice."""
    ids = [cell.id for cell in lesson.cells]
    yield from (f"cell id {name!r}" for name in ids if not CELL_ID.fullmatch(name))
    yield from (
        f"cell id {name} stands twice" for name in sorted({n for n in ids if ids.count(n) > 1})
    )


def header(lesson: LessonNotebook) -> Iterator[str]:
    """The header says the same as the metadata."""
    said = lesson.text("header")
    facts = lesson.facts
    if lesson.file.stem[:2] != facts.number:
        yield f"the metadata is of lesson {facts.number}"
    wanted = [facts.question, f"{facts.minutes} minutes", facts.out_of_scope, *facts.prerequisites]
    wanted += [objective.text for objective in facts.objectives]
    if lesson.exercise is not None:
        wanted.append(f"../exercises/{lesson.exercise.slug}")
        wanted.append(f"../{lesson.exercise.part.replace('.', '/')}.py")
    yield from (f"the header does not say: {text}" for text in wanted if text not in said)


def objectives(lesson: LessonNotebook) -> Iterator[str]:
    """Every objective is reached in cells that exist."""
    for objective in lesson.facts.objectives:
        for name in objective.cells:
            if lesson.cell(name) is None:
                yield f"objective {objective.id} names the cell {name}"


def predictions(lesson: LessonNotebook) -> Iterator[str]:
    """Every prediction is asked, committed, measured, and left open to the learner."""
    beliefs = {belief.id for belief in lesson.facts.misconceptions}
    calls = {(cell.id, *call) for cell in lesson.code for call in CALL.findall(cell.source)}
    for each in lesson.facts.predictions:
        asked = lesson.cell(each.asked_in)
        said = _one_line(asked.source) if asked else ""
        wanted = [each.question, *(option.text for option in each.options.values())]
        yield from (
            f"{each.id}: cell {each.asked_in} does not say: {text}"
            for text in wanted
            if _one_line(text) not in said
        )
        if ("predict", each.id) not in {(verb, name) for _, verb, name in calls}:
            yield f"{each.id} is never predicted"
        if (each.compared_in, "compare", each.id) not in calls:
            yield f"{each.id} is not compared in cell {each.compared_in}"
        named = {option.misconception for option in each.options.values()} - {None}
        yield from (f"{each.id} names the misconception {name}" for name in named - beliefs)
        if not 4 <= len(each.options) <= 5:
            yield f"{each.id} has {len(each.options)} options, not three or four and “no idea”"
    places = {each.asked_in for each in lesson.facts.predictions}
    yield from (f"nothing is asked in {name}" for name in PREDICTIONS if name not in places)
    known = {each.id for each in lesson.facts.predictions}
    yield from (f"{cell} asks {name}" for cell, _, name in sorted(calls) if name not in known)
    for cell in lesson.code:
        if re.search(r"\bpredict\(", cell.source) and '"?"' not in cell.source:
            yield f"{cell.id} answers for the learner"


def misconceptions(lesson: LessonNotebook) -> Iterator[str]:
    """Each is told, refuted by a code cell, and shared with faults and hints."""
    facts = lesson.facts
    said = lesson.text("wrong-answers")
    for each in facts.misconceptions:
        cell = lesson.cell(each.refuted_in)
        if cell is None or not cell.is_code:
            yield f"{each.id} is refuted in {each.refuted_in}, which is no code cell"
        if each.belief not in said:
            yield f"wrong-answers does not say: {each.belief}"
    if not 3 <= len(facts.misconceptions) <= 5:
        yield f"{len(facts.misconceptions)} misconceptions, not 3 to 5"
    if lesson.exercise is None:
        return
    faults = {fault.name for fault in faults_of(lesson.exercise)}
    named = {name for each in facts.misconceptions for name in each.faults}
    yield from (f"there is no fault {name}" for name in sorted(named - faults))
    if not named:
        yield "no misconception names a fault"
    hinted = {name for hint in lesson.exercise.about.hints for name in hint.misconceptions}
    known = {each.id for each in facts.misconceptions}
    yield from (f"a hint names the misconception {name}" for name in sorted(hinted - known))


def terms(lesson: LessonNotebook) -> Iterator[str]:
    """Each is in bold where it comes up, and again in the recap."""
    before = "\n".join(cell.source for cell in lesson.markdown if cell.id != "recap")
    recap = lesson.text("recap")
    for term in lesson.facts.terms:
        if f"**{term}**" not in before:
            yield f"the term {term} is nowhere introduced in bold"
        if term not in recap:
            yield f"the recap does not name {term}"
    if not 5 <= len(lesson.facts.terms) <= 8:
        yield f"{len(lesson.facts.terms)} terms, not 5 to 8"


def links(lesson: LessonNotebook) -> Iterator[str]:
    """Every link leads to a file that is there, or to a cell that is there."""
    for cell in lesson.markdown:
        for found in LINK.findall(FENCE.sub("", cell.source)):
            target = unquote(found[0] or found[1])
            if not target.startswith(("https://", "http://")) and not _resolves(target, lesson):
                yield f"{cell.id} links to {target}"


def suite_sections(lesson: LessonNotebook) -> Iterator[str]:
    """Every criterion of the suite sends its reader to a cell that is there."""
    if lesson.exercise is None or not lesson.exercise.suite.is_file():
        return
    named = set(CRITERION_SECTION.findall(lesson.exercise.suite.read_text("utf-8")))
    yield from (f"the suite names the cell {n}" for n in sorted(named) if lesson.cell(n) is None)


def hand_off(lesson: LessonNotebook) -> Iterator[str]:
    """The lesson ends with the command of its exercise and the way to the reference."""
    said = lesson.text("hand-off")
    wanted = ["dojo watch"]
    if lesson.exercise is not None:
        reference = lesson.exercise.part.replace(".", "/")
        wanted = [f"dojo watch {int(lesson.exercise.number)}", f"../{reference}.py"]
    yield from (f"the hand-off does not say: {text}" for text in wanted if text not in said)


def earlier_lessons(lesson: LessonNotebook) -> Iterator[str]:
    """At least two questions of the retrieval are about earlier lessons, where there are any."""
    numbers = re.findall(r"lesson (\d\d)", lesson.text("retrieval"))
    earlier = [number for number in numbers if number < lesson.facts.number]
    if lesson.facts.number != FIRST and len(earlier) < 2:
        yield f"{len(earlier)} questions from earlier lessons, not 2"


def _resolves(target: str, lesson: LessonNotebook) -> bool:
    path, _, fragment = target.partition("#")
    file = (LESSONS / path).resolve() if path else lesson.file
    if not file.exists():
        return False
    if not fragment.startswith("cell-id="):
        return not fragment or bool(path)
    there = lesson if file == lesson.file else LessonNotebook(file)
    return there.cell(fragment.removeprefix("cell-id=")) is not None


def _one_line(text: str) -> str:
    return " ".join(text.split())
