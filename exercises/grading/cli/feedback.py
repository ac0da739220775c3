"""`dojo feedback`: reports on a class, out of its gradebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exercises.grading.classroom.reports.format import Format
from exercises.grading.cli.gradebook import gradebook_errors
from exercises.grading.cli.screen import fail, out

if TYPE_CHECKING:
    from exercises.grading.classroom.reports.shelf import Shelf
    from exercises.grading.classroom.reports.summary import Summary

FOLDER = "reports"
PAGES = "learners/"


def feedback(
    folder: Annotated[
        Path, typer.Argument(metavar="OUT", help="The folder that `dojo grade` was given as --out.")
    ],
    *,
    wanted: Annotated[
        list[Format] | None,
        typer.Option("--format", help="What to write; may be given more than once. Without: all."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write reports of what was graded: pages for learners and the class, tables, documents."""
    from exercises.grading.classroom.gradebook import FILE_NAME, Gradebook  # takes its time
    from exercises.grading.classroom.reports.shelf import NotOurs, Shelf
    from exercises.grading.classroom.reports.writing import write_reports

    shelf = Shelf(folder / FOLDER)
    try:
        with gradebook_errors():
            gradebook = Gradebook(folder / FILE_NAME)
            summary = write_reports(gradebook.marks, wanted or list(Format), shelf)
        if not summary.marks:
            fail(f"Nothing is graded yet in {gradebook.file}. `dojo grade` does that.")
    except NotOurs as error:
        fail(str(error))
    except OSError as error:
        fail(f"The reports cannot be written: {error}. Those that are there are whole.")
    else:
        _tell(shelf, summary, as_json=as_json)


def _tell(shelf: Shelf, summary: Summary, *, as_json: bool) -> None:
    counts = {"learners": summary.learners, "marks": summary.marks}
    if as_json:
        files = {"written": shelf.written, "removed": shelf.removed}
        typer.echo(json.dumps({"folder": str(shelf.folder), **files, **counts}))
        return
    out.print("{marks} marks of {learners} learners:".format_map(counts))
    pages = [name for name in shelf.written if name.startswith(PAGES)]
    if pages:
        out.print(f"  {shelf.folder / PAGES}/  {len(pages)} pages", markup=False, soft_wrap=True)
    for name in shelf.written:
        if name not in pages:
            out.print(f"  {shelf.folder / name}", markup=False, soft_wrap=True)
    if shelf.removed:
        out.print(f"Removed: {len(shelf.removed)} of an earlier run, which are true no more.")
