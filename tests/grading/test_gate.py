"""The gate: what it holds, what it lets pass, and that nothing is left of it."""

from collections.abc import Iterator

import pytest

from exercises.grading.bench import Bench, open_bench
from exercises.grading.catalog import find_exercise
from exercises.grading.gate import Gate, NobodyCame
from exercises.grading.people import People, Person
from exercises.grading.requests import NoAnswer
from exercises.grading.subject import Subject


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with open_bench("embedded") as bench:
        yield bench


@pytest.fixture
def service(bench: Bench) -> Subject:
    subject = bench.reference(find_exercise("16"))
    subject.reset()
    return subject


@pytest.fixture
def ada(service: Subject) -> Person:
    return People(service).user()


def orders_status(service: Subject, person: Person, timeout: float = 3.0) -> int:
    path = f"/api/v1/users/{person.id}/orders"
    return service.get(path, token=person.token, timeout=timeout).status


def test_a_read_waits_until_the_gate_is_opened(service: Subject, ada: Person) -> None:
    with (
        Gate(service, "users", ada.id) as gate,
        service.meanwhile(lambda: orders_status(service, ada)) as status,
    ):
        gate.await_arrival()
        assert gate.waiting == 1
        gate.open()
        assert status() == 200


def test_only_so_many_are_held(service: Subject, ada: Person) -> None:
    with (
        Gate(service, "users", ada.id, holds=1) as gate,
        service.meanwhile(lambda: orders_status(service, ada)) as first,
    ):
        gate.await_arrival()
        assert orders_status(service, ada) == 200
        gate.open()
        assert first() == 200


def test_a_read_can_be_made_to_fail(service: Subject, ada: Person) -> None:
    with (
        Gate(service, "users", ada.id, fails=True) as gate,
        service.meanwhile(lambda: orders_status(service, ada)) as status,
    ):
        gate.await_arrival()
        gate.open()
        assert status() == 503


def test_who_waits_for_nobody_is_told(service: Subject, ada: Person) -> None:
    with Gate(service, "users", ada.id) as gate, pytest.raises(NobodyCame):
        gate.await_arrival(seconds=0.05)


def test_it_is_gone_even_after_an_error(service: Subject, ada: Person) -> None:
    with pytest.raises(NoAnswer), Gate(service, "users", ada.id):
        orders_status(service, ada, timeout=0.3)
    assert service.sql("SELECT 1 FROM pg_policies") == []
    assert service.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'gate'") == []
    assert orders_status(service, ada) == 200
