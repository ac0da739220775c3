"""Predictions: noted, shown beside the measurement, kept on disk, never in the way."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from exercises.grading.lesson.facts import Lesson, Misconception, Objective, Option, Prediction
from exercises.grading.lesson.predictions import Predictions

LESSON = Lesson(
    number="42",
    question="How many?",
    minutes=50,
    prerequisites=(),
    out_of_scope="",
    objectives=(Objective(id="count", text="count", cells=("measure",)),) * 3,
    predictions=(
        Prediction(
            id="q1",
            question="How many?",
            options={
                "a": Option(text="1", misconception="magic"),
                "b": Option(text="51"),
                "c": Option(text="no idea"),
            },
            answer="b",
            asked_in="predict-1",
            compared_in="measure",
        ),
    ),
    misconceptions=(Misconception(id="magic", belief="It joins.", refuted_in="measure"),),
    terms={},
)


@pytest.fixture
def predictions(tmp_path: Path) -> Predictions:
    return Predictions(LESSON, tmp_path / "local" / "predictions.sqlite3")


def test_an_open_question_is_told_and_nothing_more(predictions: Predictions) -> None:
    assert "a, b, c" in predictions.commit("q1", "?")
    assert "nothing yet" in predictions.beside("q1", 51)


@pytest.mark.parametrize(
    ("letter", "remark"),
    [
        ("B", "Right"),
        ("a", "Many believe: It joins. The measurement says otherwise."),
        ("c", "Now you know"),
    ],
)
def test_the_remark_fits_the_answer(predictions: Predictions, letter: str, remark: str) -> None:
    predictions.commit("q1", letter)
    assert remark in predictions.beside("q1", 51)


def test_answers_are_kept(predictions: Predictions, tmp_path: Path) -> None:
    predictions.commit("q1", "a")
    predictions.commit("q1", "b")
    with closing(sqlite3.connect(tmp_path / "local" / "predictions.sqlite3")) as database:
        rows = database.execute("SELECT lesson, question, answer FROM predictions").fetchall()
    assert rows == [("42", "q1", "a"), ("42", "q1", "b")]


def test_an_unknown_question_is_an_error_of_the_author(predictions: Predictions) -> None:
    with pytest.raises(LookupError, match="only q1"):
        predictions.commit("q2", "a")


@pytest.mark.parametrize(
    "spoilt",
    [
        {"answer": "e"},
        {"options": {"a": {"text": "1"}, "b": {"text": "2"}, "c": {"text": "no idea"}}},
        {"options": {"a": {"text": "1", "misconception": "m"}, "b": {"text": "2"}}},
    ],
)
def test_options_that_stand_for_nothing_are_refused(spoilt: dict[str, object]) -> None:
    content = LESSON.predictions[0].model_dump() | spoilt
    with pytest.raises(ValueError, match=r"q1|at least 3"):
        Prediction.model_validate(content)
