"""Redis full, hanging, dead, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

from exercises.grading.people import People, Person
from exercises.grading.subject import Subject
from tests.exercises.cached_users import NEW, OLD, add_user, key_of, name_in, poll, read


@contextmanager
def full(cache: Redis) -> Iterator[None]:
    """Redis answers, and refuses every command that needs memory."""
    before = str(cache.config_get("maxmemory")["maxmemory"])
    cache.config_set("maxmemory", 1)
    try:
        yield
    finally:
        cache.config_set("maxmemory", before)


def must_be_served(service: Subject, user_id: str, reader: Person, what: str) -> None:
    answer = service.look_at(read(service, user_id, reader))
    assert answer.status == 200, (
        f"{what}; a read was answered with {answer.status}, though the database is well."
    )
    assert answer.data["full_name"] == OLD, f"{what}; the read gave another name."
    assert answer.seconds < 2, (
        f"{what}; a read took {answer.seconds:.1f} s. One wait of REDIS_TIMEOUT_SECONDS, 0.4 s "
        "here, is enough to know."
    )


def check_lost_cache(service: Subject, people: People) -> None:
    """Reads and a write without Redis; then it is started again."""
    admin, ada = people.admin(), add_user(service)
    with full(service.cache):
        must_be_served(service, ada, admin, "Redis had no memory left and refused to store")
    name_in(read(service, ada, admin))
    service.cache_server.pause()
    must_be_served(service, ada, admin, "Redis hung, its connections open")
    service.cache_server.resume()
    service.cache_server.kill()
    must_be_served(service, ada, admin, "Redis was killed")
    must_be_served(service, ada, admin, "Redis was killed")
    path = f"/api/v1/users/{ada}"
    written = service.look_at(service.patch(path, json={"full_name": NEW}, token=admin.token))
    assert written.status == 200, (
        f"Redis was killed; a PATCH was committed, and then answered with {written.status}."
    )
    after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, f"Without the cache, a read after a PATCH shows “{OLD}”."
    service.cache_server.start()

    def used() -> bool:
        return name_in(read(service, ada, admin)) == NEW and bool(service.cache.exists(key_of(ada)))

    assert poll(used, seconds=2.5), (
        "Redis was started again, and more than two seconds later it still is not used."
    )
