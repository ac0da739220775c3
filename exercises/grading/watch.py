"""`dojo watch`: a verdict after every save, single keys for everything else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread

from rich.console import Console
from rich.text import Text
from watchfiles import watch

from exercises.grading import terminal
from exercises.grading.catalog import Exercise, exercises
from exercises.grading.hints import give_next_hint
from exercises.grading.keyboard import next_key, single_keys
from exercises.grading.pair import Pair
from exercises.grading.places import ROOT
from exercises.grading.progress import Progress
from exercises.grading.verdict import CannotJudge, Verdict

SAVED = "saved"
KEYS = "h hint · d evidence · l list · n next · r run · q quit"
SETTLE_MS = 20
"""An editor's several writes within this time count as one save."""


class Watch:
    """Judges one exercise again and again, by graders that stay warm."""

    def __init__(
        self, exercise: Exercise, graders: Pair, console: Console, progress: Progress
    ) -> None:
        self._exercise = exercise
        self._graders = graders
        self._console = console
        self._progress = progress
        self._verdict: Verdict | None = None
        self._judged: bytes | None = None
        self._shown = 0
        self._events: Queue[str] = Queue()
        self._stop = Event()

    def run(self) -> None:
        """Goes on until `q`, Ctrl-C or the end of the input."""
        threads = [Thread(target=self._notice_saves, daemon=True)]
        if sys.stdin.isatty():
            with single_keys():
                self._go(threads)
        else:
            self._go(threads)

    def _go(self, threads: list[Thread]) -> None:
        if sys.stdin.isatty():
            threads.append(Thread(target=self._notice_keys, daemon=True))
        for thread in threads:
            thread.start()
        try:
            self._judge()
            while (event := self._wait()) != "q":
                self._answer(event)
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(timeout=2)

    def _wait(self) -> str:
        while True:
            try:
                return self._events.get(timeout=0.5)
            except Empty:
                continue

    def _answer(self, event: str) -> None:
        actions: dict[str, Callable[[], None]] = {
            SAVED: self._judge_if_changed,
            "r": self._judge,
            "h": self._hint,
            "d": self._evidence,
            "l": self._list,
            "n": self._next,
        }
        action = actions.get(event)
        if action is not None:
            action()

    def _judge_if_changed(self) -> None:
        if self._content() != self._judged:
            self._judge()

    def _judge(self) -> None:
        self._judged = self._content()
        self._shown = 0
        try:
            self._verdict = self._graders.judge(self._exercise, "exercises")
        except CannotJudge as error:
            self._verdict = None
            self._console.print(str(error), style="bold red", markup=False)
            return
        self._console.clear()
        self._console.print(terminal.verdict_view(self._verdict, self._exercise, details=0))
        for finding in self._verdict.failures[:1]:
            self._console.print(Text(f"\n{finding.criterion.title}:", "bold"))
            self._console.print(Text(finding.message))
        self._footer()
        self._progress.record(self._verdict)

    def _footer(self) -> None:
        file = self._exercise.learner_file.relative_to(ROOT)
        self._console.print(Text(f"\nWatching {file}   {KEYS}", "dim"))

    def _evidence(self) -> None:
        """Shows the evidence of a failure; each press goes on to the next one."""
        if self._verdict is None or not self._verdict.failures:
            self._console.print("Nothing to show: every criterion is met.")
            return
        failures = self._verdict.failures
        finding = failures[self._shown % len(failures)]
        self._shown += 1
        self._console.print(terminal.finding_view(finding, self._exercise))
        self._footer()

    def _hint(self) -> None:
        given = give_next_hint(self._exercise, self._progress)
        self._console.print(terminal.hint_view(given[-1], len(given), self._exercise))

    def _list(self) -> None:
        for each in exercises():
            standing = self._progress.standing(each.slug)
            here = "▸" if each is self._exercise else " "
            self._console.print(
                f"{here} {each.slug:<18} {standing.best:>3}/{standing.total}  {each.about.title}",
                markup=False,
            )

    def _next(self) -> None:
        if self._verdict is None or not self._verdict.passed:
            self._console.print("Not yet: `n` goes on once this exercise has full marks.")
            return
        later = [each for each in exercises() if each.number > self._exercise.number]
        if not later:
            self._console.print("That was the last exercise.")
            return
        self._exercise = later[0]
        self._judge()

    def _content(self) -> bytes | None:
        file = self._exercise.learner_file
        return file.read_bytes() if file.is_file() else None

    def _notice_saves(self) -> None:
        folders: list[Path] = [each.folder for each in exercises()]
        for _ in watch(
            *folders,
            debounce=SETTLE_MS,
            step=SETTLE_MS // 2,
            stop_event=self._stop,
            recursive=False,
        ):
            self._events.put(SAVED)

    def _notice_keys(self) -> None:
        while not self._stop.is_set():
            key = next_key()
            if key is not None:
                self._events.put(key)
