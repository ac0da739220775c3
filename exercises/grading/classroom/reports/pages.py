"""HTML: a page of feedback for each learner, and one that shows the whole class."""

from __future__ import annotations

from collections.abc import Iterator

from exercises.grading.classroom.mark import Mark
from exercises.grading.classroom.reports.rendering import render
from exercises.grading.classroom.reports.roll import Learner, Marks, learners
from exercises.grading.classroom.reports.shelf import Shelf
from exercises.grading.classroom.reports.summary import Summary
from exercises.grading.verdict import Outcome

FOLDER = "learners"


def put_pages(marks: Marks, summary: Summary, shelf: Shelf) -> None:
    """Puts the pages onto the shelf, and takes away those of learners who are gone.

    Raises:
        NotOurs: a file is in the way.
    """
    for learner in learners(marks()):
        shelf.put(f"{FOLDER}/{learner.page}", learner_page(learner))
    shelf.put("overview.html", overview(marks, summary))
    shelf.remove_others(FOLDER)


def learner_page(learner: Learner) -> Iterator[str]:
    """What one learner is told, as a page that needs nothing else."""
    return render("learner.html", learner=learner, account=account)


def overview(marks: Marks, summary: Summary) -> Iterator[str]:
    """The whole class on one page: who met what, what was hardest, how the points spread."""
    return render(
        "overview.html",
        learners=learners(marks()),
        summary=summary,
        folder=FOLDER,
        outcomes_of=outcomes,
    )


def outcomes(mark: Mark) -> dict[str, Outcome]:
    """What came of each criterion, by id; empty when none could be tried."""
    if mark.verdict.obstacle is not None:
        return {}
    return {finding.criterion.id: finding.outcome for finding in mark.verdict.findings}


def account(mark: Mark) -> str:
    """How the points of a mark came about, in words."""
    said = [f"{mark.verdict.score} by the machine"]
    if mark.override is not None:
        said.append(f"set to {mark.override} by hand")
    if mark.penalty:
        said.append(f"{mark.penalty} taken off")
    return ", ".join(said)
