"""Workers of a cluster: the same processes, on the machines of a Dask scheduler.

On each of them this project is installed in the same version, and for the sandbox a container
engine runs. https://distributed.dask.org
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic

from distributed import Client, WorkerPlugin, get_worker
from distributed import Worker as Member

from exercises.grading.classroom.crew import Crew
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.worker_link import BenchName, WorkerLost
from exercises.grading.classroom.workers import Workers

PREFIX = "backend-dojo-"
CONNECT_SECONDS = 10
DESERTED_SECONDS = 300
"""A cluster that all members have left may get new ones; so long they are waited for."""

GOES_ON = "The same command goes on from here."
AHEAD = 2
"""Learners for each thread of the cluster: one is judged, the next one is on its way."""


class JudgingPlugin(WorkerPlugin):
    """Gives each member of the cluster a pool of workers, for as long as the class is graded.

    It is called after the grader's client, as no other is: classes that share a cluster share no
    worker, for another class may vouch for its learners and have no sandbox.
    """

    def __init__(self, bench: BenchName, client: str) -> None:
        self.name = PREFIX + client
        self._bench = bench

    def setup(self, worker: Member) -> None:  # noqa: ARG002 - Dask names it
        self.workers = Workers(self._bench)

    async def teardown(self, worker: Member) -> None:  # noqa: ARG002 - Dask names it
        await asyncio.to_thread(self.workers.close)


@contextmanager
def cluster_crew(bench: BenchName, address: str) -> Iterator[Crew]:
    """The members of the cluster whose scheduler is at the address, such as `tcp://host:8786`.

    Raises:
        WorkerLost: there is no such scheduler, or it has no members. Later also by `Crew.room`,
            when the scheduler is gone, or has had no members for `DESERTED_SECONDS`.
    """
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise WorkerLost(f"No scheduler of Dask answers at {address}: {error}") from error
    with client:
        if not client.nthreads():
            raise WorkerLost(f"The scheduler at {address} has no workers yet.")
        _sweep(client)
        plugin = JudgingPlugin(bench, client.id)
        client.register_plugin(plugin)
        try:
            threads = client.get_executor(pure=False)
            members = _Members(client)
            yield Crew(
                lambda entries: threads.submit(judge_here, plugin.name, entries), members.room
            )
        finally:
            with suppress(OSError, ValueError):  # no scheduler any more, or a new one without it
                client.unregister_worker_plugin(plugin.name)


def _sweep(client: Client) -> None:
    """Ends the pools of graders that are there no more: one that was killed left its own behind."""
    plugins = client.run(lambda dask_worker: list(dask_worker.plugins), on_error="ignore")
    graders = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.clients))
    for name in {each for of_one in plugins.values() for each in of_one if each.startswith(PREFIX)}:
        if name.removeprefix(PREFIX) not in graders:
            with suppress(ValueError):  # somebody else was quicker
                client.unregister_worker_plugin(name)


def judge_here(crew: str, entries: Sequence[Entry]) -> list[str]:
    """Runs on a member of the cluster: the answers of the workers that it has for this crew."""
    plugin = get_worker().plugins[crew]
    assert isinstance(plugin, JudgingPlugin)
    return plugin.workers.judge(entries)


class _Members:
    """Who is there to judge, as the scheduler says whenever it is asked."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._seen = monotonic()

    def room(self) -> int:
        """How many learners they can take; for 1 while all are gone and new ones may come."""
        try:
            threads: int = sum(self._client.nthreads().values())
        except OSError as error:
            raise WorkerLost(
                f"The scheduler of Dask does not answer any more. {GOES_ON}"
            ) from error
        if threads:
            self._seen = monotonic()
        elif monotonic() - self._seen > DESERTED_SECONDS:
            raise WorkerLost(
                f"The scheduler of Dask has had no workers for {DESERTED_SECONDS} s. "
                f"Start some. {GOES_ON}"
            )
        return AHEAD * max(threads, 1)
