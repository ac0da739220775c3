"""Redis full, hanging, dead, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

from exercises.grading.answer import Answer
from exercises.grading.people import People, Person
from exercises.grading.requests import NoAnswer
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
    """A read now gives what the database has, soon enough."""
    must_have_been_served(service.look_at(read(service, user_id, reader)), what)


def must_have_been_served(answer: Answer, what: str) -> None:
    assert answer.status == 200, (
        f"{what}; a read was answered with {answer.status}, though the database is well."
    )
    assert answer.data["full_name"] == OLD, f"{what}; the read gave another name."
    assert answer.seconds < 2, (
        f"{what}; a read took {answer.seconds:.1f} s. One wait of REDIS_TIMEOUT_SECONDS, 0.4 s "
        "here, is enough to know."
    )


def write(service: Subject, user_id: str, admin: Person) -> Answer:
    path = f"/api/v1/users/{user_id}"
    return service.patch(path, json={"full_name": NEW}, token=admin.token)


def must_have_been_taken(answer: Answer, what: str) -> None:
    assert answer.status == 200, (
        f"{what}; a PATCH was committed, and then answered with {answer.status}."
    )


def must_go_on_while_it_hangs(service: Subject, ada: str, grace: str, admin: Person) -> None:
    """Ten read one user and somebody renames another, at the same moment."""
    what = "Redis hung, its connections open"
    with service.meanwhile(lambda: write(service, grace, admin)) as written:
        try:
            answers = service.together([lambda: read(service, ada, admin)] * 10)
        except NoAnswer:
            raise AssertionError(
                f"{what}; of ten who read the same user at the same moment, one had no answer "
                "after 3 s. Each look into Redis takes REDIS_TIMEOUT_SECONDS, 0.4 s here, to fail. "
                "Readers who queue up for theirs wait through those of all before them, too."
            ) from None
        for answer in answers:
            must_have_been_served(service.look_at(answer), f"{what}, and ten read the same user")
        must_have_been_taken(service.look_at(written()), what)


def must_believe_the_database(service: Subject, user_id: str, admin: Person) -> None:
    """Redis is dead, and another replica renames a user whom this one has seen."""
    service.sql("UPDATE users SET full_name = 'Ada King' WHERE id = %s", user_id)
    shown = name_in(service.look_at(read(service, user_id, admin)))
    assert shown == "Ada King", (
        f"Redis was killed, and another replica renamed the user; this one still shows “{shown}”: "
        "without Redis, only the database knows."
    )


def check_lost_cache(service: Subject, people: People) -> None:
    """Reads and writes without Redis; then it is started again."""
    admin, ada, grace = people.admin(), add_user(service), add_user(service)
    with full(service.cache):
        what = "Redis had no memory left and refused to store"
        must_be_served(service, ada, admin, what)
        must_have_been_taken(service.look_at(write(service, grace, admin)), what)
    name_in(read(service, ada, admin))
    service.cache_server.pause()
    must_go_on_while_it_hangs(service, ada, grace, admin)
    service.cache_server.resume()
    service.cache_server.kill()
    must_be_served(service, ada, admin, "Redis was killed")
    must_be_served(service, ada, admin, "Redis was killed")
    must_believe_the_database(service, ada, admin)
    must_have_been_taken(service.look_at(write(service, ada, admin)), "Redis was killed")
    after = service.look_at(read(service, ada, admin))
    assert name_in(after) == NEW, f"Without the cache, a read after a PATCH shows “{OLD}”."
    service.cache_server.start()

    def used() -> bool:
        return name_in(read(service, ada, admin)) == NEW and bool(service.cache.exists(key_of(ada)))

    assert poll(used, seconds=2.5), (
        "Redis was started again, and more than two seconds later it still is not used."
    )
