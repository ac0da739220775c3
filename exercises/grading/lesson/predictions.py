"""Predictions: the learner commits an answer before the measurement and meets it afterwards."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from exercises.grading.lesson.facts import NO_IDEA, Lesson, Prediction
from exercises.grading.places import LOCAL

OPEN = "?"
"""Stands in a lesson where the learner's letter belongs."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS predictions (
    lesson TEXT NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
"""


class Predictions:
    """The answers given in one run of a lesson; each is also kept in a local file.

    What is kept is never read back into a run: a lesson shows the same whoever ran it before.
    """

    def __init__(self, lesson: Lesson, file: Path = LOCAL / "predictions.sqlite3") -> None:
        self._lesson = lesson
        self._file = file
        self._given: dict[str, str] = {}

    def commit(self, question: str, letter: str) -> str:
        """Notes an answer; gives the line to print.

        Raises:
            LookupError: the lesson has no such question.
        """
        prediction = self._find(question)
        letter = letter.strip().lower()
        self._given.pop(question, None)
        if letter not in prediction.options:
            letters = ", ".join(prediction.options)
            return f"{question}: put one of {letters} in the place of the “{OPEN}”, then run this."
        self._given[question] = letter
        self._keep(question, letter)
        return f"{question}: “{letter}” is noted. Now measure."

    def beside(self, question: str, measured: object) -> str:
        """The prediction and the measurement, one under the other.

        Raises:
            LookupError: the lesson has no such question.
        """
        prediction = self._find(question)
        letter = self._given.get(question)
        said = f"{letter}) {prediction.options[letter].text}" if letter else "nothing yet"  # type: ignore[index]
        right = f"{prediction.answer}) {prediction.options[prediction.answer].text}"
        lines = [f"you predicted  {said}", f"measured       {measured}", f"so it is       {right}"]
        if letter:
            lines.append(self._remark(prediction, letter))
        return "\n".join(lines)

    def _remark(self, prediction: Prediction, letter: str) -> str:
        if letter == prediction.answer:
            return "Right: you saw it coming."
        option = prediction.options[letter]  # type: ignore[index]
        if option.text == NO_IDEA:
            return "Now you know. Say in one sentence why it is so, then read on."
        belief = next(m for m in self._lesson.misconceptions if m.id == option.misconception)
        return f"Many believe: {belief.belief} The measurement says otherwise."

    def _find(self, question: str) -> Prediction:
        for prediction in self._lesson.predictions:
            if prediction.id == question:
                return prediction
        known = ", ".join(prediction.id for prediction in self._lesson.predictions)
        raise LookupError(f"This lesson has no question “{question}”, only {known}.")

    def _keep(self, question: str, letter: str) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._file, timeout=10)) as database, database:
            database.execute(_SCHEMA)
            database.execute(
                "INSERT INTO predictions (lesson, question, answer) VALUES (?, ?, ?)",
                (self._lesson.number, question, letter),
            )
