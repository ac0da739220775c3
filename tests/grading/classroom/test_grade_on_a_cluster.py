"""A class graded by a cluster has the marks that it has from one machine, also when a part dies."""

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from exercises.grading.classroom import cluster
from exercises.grading.classroom.cluster import JudgingPlugin, cluster_crew
from exercises.grading.classroom.entry import Entry
from exercises.grading.classroom.events import Event, Marked
from exercises.grading.classroom.grade import Grading
from exercises.grading.classroom.gradebook import FILE_NAME, Gradebook
from exercises.grading.classroom.inbox import read_inbox
from exercises.grading.classroom.worker_link import WorkerLost
from tests.grading.classroom.conftest import Graded
from tests.grading.classroom.made_up import entry
from tests.grading.classroom.small_class import FIRST, marks_in
from tests.reference_app.traffic import wait_until

NOBODY = "tcp://127.0.0.1:1"


def test_the_marks_are_the_same_though_a_member_is_killed(graded: Graded, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_once(event: Event) -> None:
        if isinstance(event, Marked) and event.status == "judged" and not killed:
            killed.append(processes[0])
            os.kill(processes[0], signal.SIGKILL)

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as members,
        Client(members) as client,
    ):
        processes = list(client.run(os.getpid).values())
        with cluster_crew("embedded", members.scheduler_address) as crew:
            grading = Grading(Gradebook(tmp_path / FILE_NAME, new=True), [FIRST], kill_once)
            finished = grading.run(lambda: read_inbox(graded.submissions, [FIRST]), crew)
    assert len(killed) == 1
    assert finished.not_judged == 0
    assert marks_in(tmp_path) == graded.first_marks


class Told:
    """Stands for a member's workers: the answer is the bench that they were to judge on."""

    def __init__(self, bench: str) -> None:
        self._bench = bench

    def judge(self, entries: Sequence[Entry]) -> list[str]:
        return [self._bench for _ in entries]

    def close(self) -> None:
        pass


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCluster]:
    """A cluster of one member in this process, whose workers only tell what bench they have."""
    monkeypatch.setattr(cluster, "Workers", Told)
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as members:
        yield members


def test_two_classes_on_one_cluster_have_workers_of_their_own(
    told: LocalCluster,
) -> None:
    [member] = told.workers.values()
    before = set(member.plugins)
    with cluster_crew("sandbox", told.scheduler_address) as first:
        with cluster_crew("embedded", told.scheduler_address) as second:
            assert first.submit([entry()]).result() == ["sandbox"]
            assert second.submit([entry()]).result() == ["embedded"]
        assert first.submit([entry()]).result() == ["sandbox"]
    assert set(member.plugins) == before


def test_the_next_grader_ends_the_workers_of_one_that_was_killed(
    told: LocalCluster,
) -> None:
    [member] = told.workers.values()
    with cluster_crew("embedded", told.scheduler_address):
        beside = set(member.plugins)
        with Client(told.scheduler_address) as killed:
            killed.register_plugin(JudgingPlugin("embedded", killed.id))
        assert set(member.plugins) > beside
        with cluster_crew("embedded", told.scheduler_address):
            assert len(set(member.plugins) - beside) == 1
        assert set(member.plugins) == beside


def test_a_cluster_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(WorkerLost, match="No scheduler"), cluster_crew("embedded", NOBODY):
        pass


def test_a_cluster_that_everybody_has_left_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as members,
        cluster_crew("embedded", members.scheduler_address) as crew,
    ):
        assert crew.room() == cluster.AHEAD
        members.scale(0)
        wait_until(lambda: not members.scheduler_info["workers"])
        assert crew.room() == cluster.AHEAD
        monkeypatch.setattr(cluster, "DESERTED_SECONDS", 0)
        with pytest.raises(WorkerLost, match="no workers"):
            crew.room()
