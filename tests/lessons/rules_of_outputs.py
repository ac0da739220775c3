"""A lesson is committed as it ran: in order, with outputs that any machine would show."""

from __future__ import annotations

import re
from collections.abc import Iterator

from exercises.grading.places import ROOT
from tests.lessons.reading import LessonNotebook

UNCHECKED = "nbval-ignore-output"
MOST_UNCHECKED = 4
LEAST_SHARE_WITH_OUTPUT = 0.5
VARYING = {
    "an id": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-"),
    "a time": re.compile(r"\b\d\d:\d\d:\d\d\b|\b\d{4}-\d\d-\d\d\b"),
    "a token": re.compile(r"\beyJ[\w-]{10,}"),
    "an object's repr": re.compile(r"<[^<>]* (object )?at 0x|\b0x[0-9a-f]{6,}"),
    "a port": re.compile(r"(127\.0\.0\.1|localhost|0\.0\.0\.0)[:/ ]+\d+"),
    "a path": re.compile(rf"/(tmp|home|Users|root|var)/|{re.escape(str(ROOT))}"),
}
FORBIDDEN_CODE = {
    "clear_output": re.compile(r"\bclear_output\b"),
    "update_display": re.compile(r"\bupdate_display\b|update=True"),
    "a shell line or a magic": re.compile(r"^\s*[!%]", re.MULTILINE),
    "a trailing semicolon": re.compile(r";\s*$"),
}


def executed_in_order(lesson: LessonNotebook) -> Iterator[str]:
    """Counts run from 1 to n, and the outputs are there."""
    counts = [cell.count for cell in lesson.code]
    if counts != list(range(1, len(counts) + 1)):
        yield f"not executed from top to bottom: {counts}"
    with_output = sum(bool(cell.outputs) for cell in lesson.code)
    if with_output < LEAST_SHARE_WITH_OUTPUT * len(lesson.code):
        yield f"only {with_output} of {len(lesson.code)} code cells show anything: stripped?"


def the_same_everywhere(lesson: LessonNotebook) -> Iterator[str]:
    """No output holds what differs from run to run or from machine to machine."""
    for cell in lesson.code:
        for mime, text in cell.shown():
            if mime != "image/png":
                found = [what for what, pattern in VARYING.items() if pattern.search(text)]
                yield from (f"{cell.id} shows {what}" for what in found)
            if mime == "image/svg+xml":
                yield f"{cell.id} shows an SVG"
            if mime == "text/html" and UNCHECKED not in cell.tags:
                yield f"{cell.id} shows HTML without the tag {UNCHECKED}"
        if any(output["output_type"] == "error" for output in cell.outputs):
            yield f"{cell.id} ended in an error"


def plain_code(lesson: LessonNotebook) -> Iterator[str]:
    """Only the one tag, on few cells, which then assert what matters; nothing that redraws."""
    unchecked = [cell for cell in lesson.code if UNCHECKED in cell.tags]
    if len(unchecked) > MOST_UNCHECKED:
        yield f"{len(unchecked)} cells have the tag {UNCHECKED}"
    yield from (f"{cell.id} asserts nothing" for cell in unchecked if "assert" not in cell.source)
    for cell in lesson.cells:
        if other := set(cell.tags) - {UNCHECKED}:
            yield f"{cell.id} has the tags {sorted(other)}"
    for cell in lesson.code:
        found = [what for what, pattern in FORBIDDEN_CODE.items() if pattern.search(cell.source)]
        yield from (f"{cell.id} has {what}" for what in found)


def plain_metadata(lesson: LessonNotebook) -> Iterator[str]:
    """Kernel `python3`, and no version, timing or editor's state."""
    metadata = lesson.json["metadata"]
    if metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel is not python3"
    if extra := set(metadata) - {"backend_dojo", "kernelspec", "language_info"}:
        yield f"metadata of an editor: {sorted(extra)}"
    for cell in lesson.json["cells"]:
        if extra := set(cell["metadata"]) - {"tags", "jupyter"}:
            yield f"{cell['id']} has metadata of an editor: {sorted(extra)}"
