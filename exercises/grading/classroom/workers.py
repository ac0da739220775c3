"""The worker processes of this machine: kept warm, and replaced when they are lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Lock

from exercises.grading.classroom.answers import Problem, read_answer
from exercises.grading.classroom.crew import Crew
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.worker_link import BenchName, Worker, WorkerLost
from reference_app.running import BackendUnavailable

PAUSES = (0.0, 1.0, 4.0, 10.0)
"""Seconds before each try to replace a worker: a container engine may be starting again."""

Report = Callable[[str], None]
"""Is told what takes its time, a line at a time."""


@contextmanager
def local_crew(bench: BenchName, number: int, report: Report) -> Iterator[Crew]:
    """So many workers, each in a process of its own; all of them are gone afterwards.

    Raises:
        BackendUnavailable: what they need cannot be had; NoEngine where it is a container engine.
        WorkerLost: they cannot be had; the message says why.
    """
    workers = Workers(bench, report)
    with ThreadPoolExecutor(number, "worker-link") as threads:
        try:
            workers.open(number)
            yield Crew(lambda entries: threads.submit(workers.judge, entries), lambda: number)
        finally:
            workers.close()


class Workers:
    """As many workers as are judging at once; who is done is kept for the next. Safe in threads."""

    def __init__(self, bench: BenchName, report: Report = lambda _: None) -> None:
        self._bench = bench
        self._report = report
        self._preparing = Lock()
        self._prepared = bench != "sandbox"
        self._lock = Lock()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._closed = Event()

    def open(self, number: int) -> None:
        """Has so many workers ready.

        Raises:
            BackendUnavailable: what they need is not to be had.
            WorkerLost: one of them is not to be had.
        """
        self._prepare()
        with ThreadPoolExecutor(number) as threads:
            try:
                for opening in [threads.submit(self._open) for _ in range(number)]:
                    self._give_back(opening.result())
            except BaseException:  # Ctrl-C too: those that are still opening are not waited for
                self.close()
                raise

    def judge(self, entries: Sequence[Entry]) -> list[str]:
        """The answers to the entries of one learner, from one worker unless that is lost.

        Raises:
            WorkerLost: there is no worker any more.
        """
        answers = []
        worker = None
        for entry in entries:
            worker = worker or self._take()
            try:
                line = worker.judge(entry)
            except WorkerLost as lost:
                line = Problem(str(lost)).as_line()
            answers.append(line)
            if isinstance(read_answer(line, entry.exercise), Problem):
                self._let_go(worker)  # its bench may be the cause: the next one starts afresh
                worker = None
        if worker is not None:
            self._give_back(worker)
        return answers

    def close(self) -> None:
        """Ends them all; whoever waits for an answer gets none."""
        self._closed.set()
        with self._lock:
            for worker in (*self._busy, *self._idle):
                worker.hang_up()
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def _take(self) -> Worker:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
            if worker is not None:
                self._busy.add(worker)
                return worker
        for pause in PAUSES[:-1]:
            if self._closed.wait(pause):
                break
            try:
                return self._open()
            except WorkerLost:
                continue
        self._closed.wait(PAUSES[-1])
        return self._open()

    def _prepare(self) -> None:
        """Gets the sandbox's images once, before a worker is opened: that may take minutes, and
        is none of the time in which a worker that is well says so."""
        with self._preparing:
            if not self._prepared:
                from exercises.grading import sandbox

                sandbox.prepare(self._report)
                self._prepared = True

    def _open(self) -> Worker:
        try:
            self._prepare()
        except BackendUnavailable as error:
            raise WorkerLost(str(error)) from error
        if self._closed.is_set():
            raise WorkerLost("The workers were closed.")
        worker = Worker(self._bench)
        with self._lock:
            self._busy.add(worker)
            if self._closed.is_set():
                worker.hang_up()
        try:
            worker.await_bench()
        except WorkerLost:
            self._let_go(worker)
            raise
        return worker

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            if not self._closed.is_set():
                self._idle.append(worker)
                return
        worker.close()

    def _let_go(self, worker: Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
        worker.close()
