"""A class is graded: everybody gets the mark that is due, and only where marks can be trusted."""

import shutil
from pathlib import Path

import pytest

from exercises.grading.classroom.gradebook import FILE_NAME, Gradebook, NoGradebook
from exercises.grading.classroom.lock import alone_in
from exercises.grading.places import ROOT
from tests.grading.classroom.conftest import LONGEST_RUN, Graded, grade, grading
from tests.grading.classroom.small_class import (
    EXERCISES,
    FIRST,
    LEARNERS,
    MISTAKES,
    SECOND,
    hand_in,
    marks_in,
)


def test_everybody_gets_the_mark_that_is_due(graded: Graded) -> None:
    points = {key: points for key, (points, _) in marks_in(graded.out).items()}
    assert points.keys() == {(name, each.slug) for name in LEARNERS for each in EXERCISES}
    assert points["ada", FIRST.slug] == points["ada", SECOND.slug] == 100
    assert 0 < points["bob", FIRST.slug] < 100
    assert points["dee", FIRST.slug] == points["dee", SECOND.slug] == 0


def test_a_mistake_costs_the_criteria_that_it_breaks(graded: Graded) -> None:
    for learner, fault in MISTAKES.items():
        _, outcomes = marks_in(graded.out)[learner, FIRST.slug]
        assert {name for name, outcome in outcomes if outcome == "failed"} >= set(fault.rejected_by)


def test_a_flaw_is_a_whole_verdict_that_says_what_is_wrong(graded: Graded) -> None:
    marks = [mark for mark in Gradebook(graded.out / FILE_NAME).marks() if mark.learner == "dee"]
    assert "empty" in (marks[0].verdict.obstacle or "")
    assert SECOND.file_name in (marks[1].verdict.obstacle or "")
    assert all(mark.verdict.max_score == 100 for mark in marks)


def test_every_mark_says_that_there_was_no_sandbox(graded: Graded) -> None:
    assert {mark.image for mark in Gradebook(graded.out / FILE_NAME).marks()} == {"embedded"}


def test_the_events_tell_all_that_happened(graded: Graded) -> None:
    first, *marked, last = graded.events
    number = len(LEARNERS) * len(EXERCISES)
    assert first["event"] == "started"
    assert first["learners"] == len(LEARNERS)
    assert first["entries"] == first["to_judge"] == number
    assert {event["event"] for event in marked} == {"judged"}
    told = {(event["learner"], event["exercise"]): event["score"] for event in marked}
    assert told == {key: points for key, (points, _) in marks_in(graded.out).items()}
    assert [e["status"] for e in marked if e["learner"] == "dee"] == ["flawed", "flawed"]
    assert [e["status"] for e in marked if e["learner"] == "ada"] == ["judged", "judged"]
    assert last["event"] == "done"
    assert (last["judged"], last["unchanged"], last["not_judged"]) == (number, 0, 0)
    for exercise in EXERCISES:
        scores = [points for (_, slug), points in told.items() if slug == exercise.slug]
        assert last["means"][exercise.slug] == round(sum(scores) / len(scores), 1)


def test_only_what_has_changed_is_judged_again(graded: Graded, tmp_path: Path) -> None:
    copy = tmp_path / "graded"
    shutil.copytree(graded.out.parent, copy)
    hand_in(copy / "class", "bob", FIRST, FIRST.solution_file.read_text("utf-8"))
    events = grade(copy / "class", copy / "out", "--exercises", FIRST.number, "--workers", "1")
    judged = [(e["learner"], e["exercise"]) for e in events if e.get("status") == "judged"]
    assert judged == [("bob", FIRST.slug)]
    marks = {(m.learner, m.exercise): m for m in Gradebook(copy / "out" / FILE_NAME).marks()}
    assert (marks["bob", FIRST.slug].points, marks["bob", FIRST.slug].attempt) == (100, 2)
    assert {mark.attempt for key, mark in marks.items() if key != ("bob", FIRST.slug)} == {1}


def test_a_second_grader_in_the_same_folder_is_refused(graded: Graded, tmp_path: Path) -> None:
    with alone_in(tmp_path), grading(graded.submissions, tmp_path) as grader:
        _, noted = grader.communicate(timeout=LONGEST_RUN)
    assert grader.returncode == 2
    assert "Another `dojo grade` is at work" in noted
    with pytest.raises(NoGradebook):
        Gradebook(tmp_path / FILE_NAME)


def test_nothing_is_graded_where_the_reference_itself_falls_short(
    project: Path, graded: Graded, tmp_path: Path
) -> None:
    broken = project / FIRST.reference_file.relative_to(ROOT)
    broken.write_text("raise RuntimeError('left half done')", "utf-8")
    with grading(graded.submissions, tmp_path, "--exercises", FIRST.number, cwd=project) as grader:
        told, noted = grader.communicate(timeout=LONGEST_RUN)
    assert grader.returncode == 2
    assert "no mark could be trusted" in " ".join(noted.split())
    assert told == ""
    assert marks_in(tmp_path) == {}
