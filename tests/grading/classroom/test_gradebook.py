"""The gradebook keeps what the machine said and what people did, each once and for good."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from exercises.grading.classroom.gradebook import By, Edit, Gradebook, NotInGradebook
from exercises.grading.classroom.gradebook.edits import Kind
from exercises.grading.classroom.mark import Mark
from tests.grading.classroom.made_up import entry, verdict

BY = By(suite="suite 1", image="embedded")


@pytest.fixture
def gradebook(tmp_path: Path) -> Gradebook:
    return Gradebook(tmp_path / "gradebook.sqlite3", new=True)


def only_mark(gradebook: Gradebook) -> Mark:
    [mark] = gradebook.marks()
    return mark


def edit(kind: Kind, points: int | None = None, why: str = "was ill") -> Edit:
    return Edit("ada", "06_queries", kind, points, why, "Ms Byron")


def test_a_verdict_comes_back_as_it_was(gradebook: Gradebook) -> None:
    gradebook.record(entry(), verdict(40), BY)
    mark = only_mark(Gradebook(gradebook.file))
    assert mark.verdict == verdict(40)
    assert (mark.learner, mark.exercise, mark.attempt) == ("ada", "06_queries", 1)
    assert (mark.handed_in, mark.suite, mark.image) == (entry().digest, "suite 1", "embedded")
    assert mark.graded_at.utcoffset() is not None
    assert mark.points == 40


def test_marks_come_by_learner_then_exercise(gradebook: Gradebook) -> None:
    wanted = [(f"learner {n:02}", e) for n in range(25) for e in ("06_queries", "10_tokens")]
    for learner, exercise in reversed(wanted):
        gradebook.record(entry(learner, exercise), verdict(40, exercise), BY)
    assert [(mark.learner, mark.exercise) for mark in gradebook.marks()] == wanted


def test_the_same_verdict_is_never_stored_twice(gradebook: Gradebook) -> None:
    gradebook.record(entry(), verdict(40), BY)
    with pytest.raises(IntegrityError):
        gradebook.record(entry(), verdict(60), BY)
    assert only_mark(gradebook).points == 40


def test_an_unchanged_file_is_taken_over_and_is_no_new_attempt(gradebook: Gradebook) -> None:
    assert gradebook.take_over(entry(), BY) is None
    gradebook.record(entry(), verdict(40), BY)
    assert gradebook.take_over(entry(), BY) == gradebook.score_of(entry(), BY) == 40
    assert only_mark(gradebook).attempt == 1
    assert len(gradebook.history("ada", "06_queries")) == 1


@pytest.mark.parametrize("by", [By("suite 2", "embedded"), By("suite 1", "sandbox:7")])
def test_another_suite_or_image_judges_anew(gradebook: Gradebook, by: By) -> None:
    gradebook.record(entry(), verdict(40), BY)
    assert gradebook.score_of(entry(), by) is None
    gradebook.record(entry(), verdict(60), by)
    mark = only_mark(gradebook)
    assert (mark.points, mark.attempt, mark.suite, mark.image) == (60, 1, by.suite, by.image)


def test_who_goes_back_to_an_earlier_file_gets_its_verdict(gradebook: Gradebook) -> None:
    gradebook.record(entry(content="good"), verdict(90), BY)
    gradebook.record(entry(content="worse"), verdict(10), BY)
    assert gradebook.take_over(entry(content="good"), BY) == 90
    mark = only_mark(gradebook)
    assert (mark.points, mark.attempt) == (90, 3)


def test_a_round_judges_everything_again_once(gradebook: Gradebook) -> None:
    gradebook.record(entry(), verdict(40), BY)
    again = By(BY.suite, BY.image, gradebook.begin_round())
    assert gradebook.score_of(entry(), again) is None
    gradebook.record(entry(), verdict(60), again)
    assert gradebook.score_of(entry(), again) == gradebook.score_of(entry(), BY) == 60
    mark = only_mark(gradebook)
    assert (mark.points, mark.attempt) == (60, 1)


def test_a_round_that_did_not_end_goes_on(gradebook: Gradebook) -> None:
    first = gradebook.begin_round()
    assert gradebook.begin_round() == first
    gradebook.end_rounds()
    assert gradebook.begin_round() != first


def test_what_could_not_be_judged_is_no_mark(gradebook: Gradebook) -> None:
    with pytest.raises(ValueError, match="no verdict"):
        gradebook.record(entry(), verdict(40, outcome="error"), BY)
    with pytest.raises(ValueError, match="no verdict"):
        gradebook.record(entry(), verdict(40, "10_tokens"), BY)
    assert list(gradebook.marks()) == []


def test_what_people_do_stands_beside_the_verdict(gradebook: Gradebook) -> None:
    gradebook.record(entry(), verdict(40), BY)
    for each in (edit("override", 80), edit("penalty", 10), edit("comment", why="Well done")):
        gradebook.edit(each)
    mark = only_mark(gradebook)
    assert mark.verdict.score == 40
    assert (mark.override, mark.penalty, mark.points) == (80, 10, 70)
    assert mark.comments == ("Well done",)


def test_the_newest_edit_counts_and_takes_back_the_one_before(gradebook: Gradebook) -> None:
    gradebook.record(entry(), verdict(40), BY)
    for each in (edit("override", 80), edit("penalty", 10), edit("comment", why="Late again")):
        gradebook.edit(each)
    for each in (edit("override"), edit("penalty", 0), edit("comment", why="But a good reason")):
        gradebook.edit(each)
    mark = only_mark(gradebook)
    assert (mark.override, mark.penalty, mark.points) == (None, 0, 40)
    assert mark.comments == ("Late again", "But a good reason")


def test_edits_outlive_a_new_attempt(gradebook: Gradebook) -> None:
    gradebook.record(entry(), verdict(40), BY)
    gradebook.edit(edit("penalty", 10))
    gradebook.record(entry(content="second try"), verdict(90), BY)
    assert only_mark(gradebook).points == 80


def test_the_history_says_who_did_what_when_and_why(gradebook: Gradebook) -> None:
    gradebook.record(entry(), verdict(40), BY)
    gradebook.edit(edit("override", 80, "misread the question"))
    gradebook.edit(edit("override", None, "checked again"))
    trail = gradebook.history("ada", "06_queries")
    assert [(each.who, each.what, each.points) for each in trail] == [
        ("dojo grade", "verdict", 40),
        ("Ms Byron", "override", 80),
        ("Ms Byron", "override", None),
    ]
    assert entry().digest in trail[0].why
    assert trail[1].why == "misread the question"
    assert trail == sorted(trail, key=lambda each: each.at)


@pytest.mark.parametrize("change", ["UPDATE {} SET id = 99", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["verdicts", "attempts", "edits"])
def test_what_was_written_cannot_be_changed(gradebook: Gradebook, table: str, change: str) -> None:
    gradebook.record(entry(), verdict(40), BY)
    gradebook.edit(edit("penalty", 10))
    engine = create_engine(f"sqlite:///{gradebook.file}")
    with engine.connect() as connection, pytest.raises(IntegrityError, match="only ever added"):
        connection.execute(text(change.format(table)))
    engine.dispose()


def test_an_unknown_learner_is_answered_with_those_there_are(gradebook: Gradebook) -> None:
    gradebook.record(entry("ada lovelace"), verdict(40), BY)
    with pytest.raises(NotInGradebook, match="ada lovelace"):
        gradebook.edit(Edit("ada lovelac", "06_queries", "comment", None, "Well done", "me"))
    with pytest.raises(NotInGradebook, match="06_queries"):
        gradebook.history("ada lovelace", "10_tokens")


@pytest.mark.parametrize(
    "wrong",
    [
        edit("override", 101),
        edit("penalty"),
        edit("penalty", -1),
        edit("comment", 5),
        edit("comment", why=" "),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(gradebook: Gradebook, wrong: Edit) -> None:
    gradebook.record(entry(), verdict(40), BY)
    with pytest.raises(IntegrityError):
        gradebook.edit(wrong)
    assert only_mark(gradebook).points == 40
