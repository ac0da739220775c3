"""A whole set of reports, each format by what writes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from exercises.grading.classroom.reports import documents, tables
from exercises.grading.classroom.reports.by_exercise import put_rest_for_canvas, put_worksheets
from exercises.grading.classroom.reports.format import Format
from exercises.grading.classroom.reports.pages import put_pages
from exercises.grading.classroom.reports.roll import Marks
from exercises.grading.classroom.reports.shelf import Shelf
from exercises.grading.classroom.reports.summary import Summary, summarise

Writer = Callable[[Marks, Summary], Iterator[str]]

FILES: dict[Format, tuple[str, Writer, str]] = {
    Format.CSV: ("grades.csv", tables.grades, "utf-8-sig"),  # Excel takes plain UTF-8 for Latin
    Format.CANVAS: ("canvas.csv", tables.canvas, "utf-8"),
    Format.MOODLE: ("moodle.csv", tables.moodle, "utf-8"),
    Format.JUNIT: ("junit.xml", documents.junit, "utf-8"),
    Format.JSON: ("grades.json", documents.document, "utf-8"),
}
"""File name, writer and encoding of what is one file for the whole class."""

MORE: dict[Format, Callable[[Marks, Summary, Shelf], None]] = {
    Format.HTML: put_pages,
    Format.CANVAS: put_rest_for_canvas,
    Format.MOODLE: put_worksheets,
}
"""What puts down any number of files, in a folder of their own."""


def write_reports(marks: Marks, wanted: Collection[Format], shelf: Shelf) -> Summary:
    """Writes the reports of a class, if there is a mark at all; the shelf tells which files.

    Raises:
        NotOurs: a file is in the way that no earlier run put there.
    """
    summary = summarise(marks())
    for each in Format if summary.marks else ():
        if each not in wanted:
            continue
        if each in FILES:
            name, write, encoding = FILES[each]
            shelf.put(name, write(marks, summary), encoding)
        if each in MORE:
            MORE[each](marks, summary, shelf)
    return summary
