"""A learner's own copies of the lessons."""

from pathlib import Path

from exercises.grading.lesson.copies import my_copy, shown_as


def test_a_copy_is_made_once_and_then_left_alone(tmp_path: Path) -> None:
    lesson = tmp_path / "06_queries.ipynb"
    lesson.write_text("handed out")
    copy = my_copy(lesson)
    assert copy.read_text() == "handed out"
    copy.write_text("worked on")
    assert my_copy(lesson).read_text() == "worked on"


def test_a_learner_is_sent_to_their_own_copy_where_there_is_one(tmp_path: Path) -> None:
    lesson = tmp_path / "06_queries.ipynb"
    lesson.write_text("handed out")
    assert shown_as(lesson) == lesson
    copy = my_copy(lesson)
    assert shown_as(lesson) == copy
