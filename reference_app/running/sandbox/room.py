"""The container of the present learner; the next one's warms up meanwhile."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from reference_app.running.sandbox.container import LearnerContainer


class Room:
    """Gives the container to be used now. `make` makes one that is ready."""

    def __init__(self, make: Callable[[], LearnerContainer]) -> None:
        self._make = make
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="room")
        self._present: LearnerContainer | None = None
        self._next: Future[LearnerContainer] = self._workers.submit(make)

    def container(self) -> LearnerContainer:
        """That of the present learner, or a new one if that is broken.

        Where the one that was made ready has failed, another is made now; if that fails as well,
        its error is raised.
        """
        if self._present is None or not self._present.alive:
            self._part()
            if self._next.done() and self._next.exception() is not None:
                self._next = self._workers.submit(self._make)
            self._present = self._next.result()
            self._next = self._workers.submit(self._make)
        return self._present

    def fresh(self) -> None:
        """From now on somebody else's: nothing of the present container runs any more."""
        self._part()

    def close(self) -> None:
        """Make no more, and end what was made; it is removed with the run."""
        self._part()
        self._workers.shutdown(cancel_futures=True)
        if not self._next.cancelled() and self._next.exception() is None:
            self._next.result().end()

    def _part(self) -> None:
        present, self._present = self._present, None
        if present is not None:
            present.end()
            self._workers.submit(present.remove)
