"""A course system's download, sorted into what `dojo grade` reads: OUT/learner/NN_slug/part.

Files are copied as bytes, never run. Of several files for one exercise the newest is taken. What
an earlier run has put there is kept beside it under another name, or stays, when it is newer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exercises.grading.catalog import Exercise
from exercises.grading.classroom.candidates import Candidate, Rejected, candidates
from exercises.grading.classroom.course_systems import Handed, Names
from exercises.grading.classroom.download import Item, opened
from exercises.grading.classroom.participants import refuse_two_assignments
from exercises.grading.classroom.placing import folder_name, put
from exercises.grading.plain import one_line


@dataclass
class Report:
    """What came of it: learners, notes on what was placed, and what was not, with the reason."""

    learners: set[str] = field(default_factory=set)
    placed: list[tuple[str, str, str]] = field(default_factory=list)
    """Learner, exercise, and what happened: new, unchanged, or what was kept aside."""
    unplaced: list[tuple[str, str]] = field(default_factory=list)
    """Where it lies in the download, and why it was left there."""


def collect(
    downloads: Sequence[Path], wanted: Sequence[Exercise], out: Path, learner: str | None = None
) -> Report:
    """Sorts downloads into `out`, which is made when it is not there.

    Every learner that the download names gets a folder, an empty one when nothing fits. With
    `learner`, all of it is that one's, whatever it is called.

    Raises:
        Flaw: a download cannot be read at all.
        TwoAssignments: a person has another number in one than in another, or than in `out`.
    """
    report = Report()
    if learner is None:
        refuse_two_assignments(_numbered(downloads, out))
    for download in downloads:
        with opened(download) as items:
            if learner is None:
                theirs = _by_learner(items, report)
            else:
                theirs = {folder_name(learner): [(i, Handed(learner, i.path)) for i in items]}
            for who, files in sorted(theirs.items()):
                report.learners.add(who)
                (out / who).mkdir(parents=True, exist_ok=True)
                _place(who, files, wanted, out, report)
    return report


def _numbered(downloads: Sequence[Path], out: Path) -> Iterator[tuple[str, set[str]]]:
    """Who is in `out` already, and in each download of Moodle's."""
    if out.is_dir():
        yield str(out), {each.name for each in out.iterdir()}
    for download in downloads:
        with opened(download) as items:
            names = Names([item.path for item in items])
            handed = [names.handed(item.path) for item in items]
        if names.system == "Moodle":
            yield str(download), {folder_name(each.learner) for each in handed if each}


def _by_learner(items: list[Item], report: Report) -> dict[str, list[tuple[Item, Handed]]]:
    names = Names([item.path for item in items])
    theirs: defaultdict[str, list[tuple[Item, Handed]]] = defaultdict(list)
    for item in items:
        handed = names.handed(item.path)
        if handed is None:
            why = f"its name does not say whose it is ({names.system or 'no course system'})"
            report.unplaced.append((one_line(str(item.path)), why))
        else:
            theirs[folder_name(handed.learner)].append((item, handed))
    return theirs


def _place(
    learner: str,
    files: list[tuple[Item, Handed]],
    wanted: Sequence[Exercise],
    out: Path,
    report: Report,
) -> None:
    found: list[Candidate] = []
    for item, handed in files:
        for each in candidates(item, handed, wanted):
            if isinstance(each, Rejected):
                report.unplaced.append((each.source, each.why))
            elif each.exercise in wanted:
                found.append(each)
    for exercise in wanted:
        of_it = sorted((c for c in found if c.exercise is exercise), key=lambda each: each.age)
        for older in of_it[:-1]:
            report.unplaced.append((older.source, f"{of_it[-1].source} was taken instead"))
        for newest in of_it[-1:]:
            file = out / learner / exercise.slug / exercise.file_name
            note = put(newest.content, newest.changed, file)
            report.placed.append((learner, exercise.slug, note))
    if not found:
        shown = ", ".join(one_line(str(handed.path)) for _, handed in files[:3])
        parts = ", ".join(f"{each.slug}/{each.file_name}" for each in wanted)
        report.unplaced.append((learner, f"nothing in it is an answer ({shown}); expected {parts}"))
