"""L2: alive and ready are two questions."""

import time

import pytest

from reference_app.running import Backend
from tests.reference_app.client import Client

TIMEOUT_SECONDS = 1.0


def wrong(client: Client, query: str = "") -> set[str]:
    """What /ready says is wrong, in bounded time."""
    started = time.monotonic()
    answer = client.get(f"/ready{query}")
    assert time.monotonic() - started < 2 * TIMEOUT_SECONDS
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    return {one["field"] for one in answer.json()["error"]["details"]}


@pytest.mark.spec("L2")
def test_a_service_with_all_it_needs_is_alive_and_ready(client: Client) -> None:
    assert client.get("/health").status_code == 200
    assert client.get("/ready").json()["data"] == {
        "status": "ready",
        "database": "ok",
        "cache": "ok",
        "migrations": "ok",
    }


@pytest.mark.spec("L2")
def test_health_asks_nothing_of_the_database(client: Client) -> None:
    before = client.statements()
    client.get("/health")
    assert client.statements() == before


@pytest.mark.spec("L2")
@pytest.mark.parametrize("how", ["kill", "pause"])
@pytest.mark.parametrize(
    ("part", "names"), [("postgres", {"database", "migrations"}), ("cache", {"cache"})]
)
def test_a_missing_part_makes_it_unready_and_not_unhealthy(
    backend: Backend, client: Client, part: str, names: set[str], how: str
) -> None:
    server = getattr(backend, part)
    client.get("/ready")
    getattr(server, how)()
    try:
        assert wrong(client) == names
        assert client.get("/health").status_code == 200
    finally:
        server.resume()
        server.start()
    deadline = time.monotonic() + 5
    while client.get("/ready").status_code != 200:
        assert time.monotonic() < deadline


@pytest.mark.spec("L2")
@pytest.mark.parametrize("how", ["kill", "pause"])
def test_whoever_can_do_without_the_cache_may_leave_it_out_of_the_question(
    backend: Backend, client: Client, how: str
) -> None:
    getattr(backend.cache, how)()
    try:
        answer = client.get("/ready?exclude=cache")
        assert answer.status_code == 200
        assert client.log("not_ready") == [], "it is not even asked"
        assert answer.json()["data"] == {
            "status": "ready",
            "database": "ok",
            "cache": "excluded",
            "migrations": "ok",
        }
        assert wrong(client) == {"cache"}
    finally:
        backend.cache.resume()
        backend.cache.start()


@pytest.mark.spec("L2")
def test_what_is_left_out_is_named_and_nothing_else_is_left_out(
    backend: Backend, client: Client
) -> None:
    backend.postgres.kill()
    try:
        assert wrong(client, "?exclude=cache") == {"database", "migrations"}
        assert wrong(client, "?exclude=cache&exclude=database") == {"migrations"}
        assert client.get("/ready?exclude=database&exclude=migrations").status_code == 200
    finally:
        backend.postgres.start()
    unknown = client.get("/ready?exclude=chache")
    assert unknown.status_code == 400
    assert unknown.json()["error"]["details"][0]["field"] == "exclude.0"


@pytest.mark.spec("L2")
def test_many_probes_of_a_frozen_database_take_one_connection(
    backend: Backend, client: Client
) -> None:
    ada = client.person()
    client.get("/ready")
    client.service.database.reset()
    backend.postgres.pause()
    try:
        started = time.monotonic()
        probes = client.at_once(20, "GET", "/ready")
        assert time.monotonic() - started < 3 * TIMEOUT_SECONDS
        assert {probe.status_code for probe in probes} == {503}
    finally:
        backend.postgres.resume()
    assert client.get(ada.path, by=ada).status_code == 401, "the pool has connections left"
    [row] = client.sql(
        "SELECT sum(calls)::int AS asked FROM pg_stat_statements"
        " WHERE query LIKE '%version_num FROM alembic_version%' AND query NOT LIKE '%pg_stat%'"
        " AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    assert row["asked"] <= 2


@pytest.mark.spec("L2")
def test_an_old_schema_makes_it_unready(client: Client) -> None:
    [row] = client.sql("SELECT version_num FROM alembic_version")
    client.sql("UPDATE alembic_version SET version_num = '0001'")
    try:
        assert wrong(client) == {"migrations"}
    finally:
        client.sql("UPDATE alembic_version SET version_num = %s", row["version_num"])


@pytest.mark.spec("X5")
def test_the_schema_of_the_next_version_leaves_this_one_ready(client: Client) -> None:
    [row] = client.sql("SELECT version_num FROM alembic_version")
    client.sql("UPDATE alembic_version SET version_num = 'of the next version'")
    try:
        assert client.get("/ready").status_code == 200
    finally:
        client.sql("UPDATE alembic_version SET version_num = %s", row["version_num"])
