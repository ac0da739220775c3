"""What a service in a sandbox does to its database and cache hurts and fools nobody else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from reference_app.running import Service
from reference_app.running.bounded_session import Overdue
from reference_app.running.container_process import LOOPBACK
from reference_app.running.sandbox.backend import SandboxBackend
from tests.running.hostile import CACHING

PATIENCE_SECONDS = 20.0
MEBIBYTE = 1024**2


@pytest.fixture
def service(sandbox: SandboxBackend) -> Iterator[Service]:
    """A service with a right answer; what is done to its stores, its file could do."""
    with sandbox.service(replace={CACHING.part: CACHING.solution_file}) as running:
        yield running


def cache_of(sandbox: SandboxBackend, service: Service) -> redis.Redis:
    """A client with the service's own rights."""
    url = urlsplit(service.settings["REDIS_URL"])
    return redis.Redis(
        LOOPBACK,
        sandbox.outside.cache_port,
        db=int(url.path[1:]),
        username=url.username,
        password=url.password,
    )


def test_a_trigger_runs_as_somebody_with_no_more_rights(service: Service) -> None:
    database = service.database
    with database.connect() as owner, database.connect(superuser=True) as observer:
        for statement in (
            "CREATE TABLE caught (who text, super boolean, outcome text)",
            "CREATE FUNCTION catch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " BEGIN CREATE ROLE evil SUPERUSER; EXCEPTION WHEN OTHERS THEN"
            " INSERT INTO caught SELECT current_user, rolsuper, SQLERRM FROM pg_roles"
            " WHERE rolname = current_user; END; RETURN NEW; END $$",
            "CREATE TRIGGER catch BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION catch()",
            "ALTER TABLE users ENABLE ALWAYS TRIGGER catch",
        ):
            owner.execute(statement)
        observer.execute("SET session_replication_role = replica")
        observer.execute(ADD_USER)
        [caught] = owner.execute("SELECT * FROM caught").fetchall()
        [roles] = observer.execute(
            "SELECT array_agg(rolname::text) AS mine FROM pg_roles"
            " WHERE pg_has_role(rolname, 'MEMBER') AND rolname LIKE 'dojo_%'"
        ).fetchall()
    assert caught["who"] == database.observer.user
    assert not caught["super"]
    assert "permission denied" in caught["outcome"]
    assert set(roles["mine"]) == {database.name, database.observer.user}


STUBBORN = {"silent": "PERFORM pg_sleep(60)", "talkative": "RAISE NOTICE 'still here'"}
ADD_USER = (
    "INSERT INTO users (email, password_hash, full_name, sort_name) VALUES ('a@b.c', '-', 'A', 'a')"
)


@pytest.mark.parametrize("work", STUBBORN.values(), ids=STUBBORN)
def test_a_trigger_without_an_end_is_ended_with_the_session_that_waits(
    service: Service, work: str
) -> None:
    database = service.database
    with database.connect() as owner:
        owner.execute(
            "CREATE FUNCTION work() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN LOOP BEGIN {work}; EXCEPTION WHEN query_canceled THEN NULL; END;"
            " END LOOP; END $$"
        )
        owner.execute(
            "CREATE TRIGGER work BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION work()"
        )
    observer = database.connect(superuser=True, seconds=1)
    observer.execute("SET statement_timeout = '500ms'")
    with pytest.raises(Overdue, match="within 1 s"):
        observer.execute(ADD_USER)
    assert observer.closed
    with database.connect(superuser=True) as next_one:
        [others] = next_one.execute(
            "SELECT count(*) AS number FROM pg_stat_activity"
            " WHERE usename = current_user AND pid <> pg_backend_pid()"
        ).fetchall()
        assert others["number"] == 0
        next_one.execute("ALTER TABLE users DISABLE TRIGGER work")
        next_one.execute(ADD_USER)


def test_a_reset_ends_though_a_policy_sleeps(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = service.database
    with database.connect() as owner:
        owner.execute(f"ALTER DATABASE {database.name} SET statement_timeout = 0")
        owner.execute("CREATE TABLE bait AS SELECT 1 AS n")
        owner.execute("CREATE POLICY doze ON bait USING (pg_sleep(600) IS NOT NULL)")
        owner.execute("ALTER TABLE bait ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    monkeypatch.setattr("reference_app.running.database.RESET_SECONDS", 1.0)
    with pytest.raises(Overdue):
        service.reset()
    with database.connect() as owner:
        owner.execute("DROP TABLE bait")
    service.reset()


def test_statistics_cannot_be_forged(service: Service) -> None:
    database = service.database
    with database.connect() as owner, database.connect(superuser=True) as observer:
        owner.execute("SELECT 4711 AS genuine")
        for session in (owner, observer):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute("SELECT statistics.pg_stat_statements_reset()")
        owner.execute("DROP SCHEMA public CASCADE")
        owner.execute("CREATE SCHEMA public")
        owner.execute("GRANT USAGE ON SCHEMA public TO public")
        owner.execute("CREATE VIEW public.pg_stat_statements AS SELECT 'forged'::text AS query")
        owner.execute(f"ALTER DATABASE {database.name} SET search_path = public, pg_catalog")
    with database.connect_for_statistics() as evidence:
        found = evidence.execute("SELECT query FROM pg_stat_statements WHERE query ~ 'genuine'")
        assert len(found.fetchall()) == 1


def test_a_full_database_is_an_error_of_its_owner_only(
    sandbox: SandboxBackend, service: Service
) -> None:
    with service.database.connect() as owner:
        owner.execute("CREATE TABLE hoard (content text STORAGE EXTERNAL)")
        with pytest.raises(psycopg.errors.DiskFull):
            hoard_rows(owner)
    service.close()
    sandbox.fresh()
    with sandbox.service(replace={CACHING.part: CACHING.solution_file}) as next_one:
        next_one.reset()


def hoard_rows(owner: psycopg.Connection[dict[str, object]]) -> None:
    for _ in range(200):
        owner.execute(
            "INSERT INTO hoard SELECT repeat(md5(n::text), 32768) FROM generate_series(1, 8) n"
        )


def test_a_full_cache_is_an_error_of_its_user_only(
    sandbox: SandboxBackend, service: Service
) -> None:
    with cache_of(sandbox, service) as client:
        client.script_load("return 'an answer for the next exercise'")
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            hoard_keys(client)
    service.close()
    sandbox.fresh()
    about = sandbox._cache_users.client.info()
    assert about["used_memory"] < 64 * MEBIBYTE
    assert about["number_of_cached_scripts"] == 0


def hoard_keys(client: redis.Redis) -> None:
    for number in range(300):
        client.set(str(number), bytes(MEBIBYTE))


def test_role_and_user_end_with_the_service(sandbox: SandboxBackend, service: Service) -> None:
    user = str(urlsplit(service.settings["REDIS_URL"]).username)
    users = sandbox._cache_users.client.acl_list
    assert user in str(users())
    assert connects(service.database.url)
    service.close()
    assert user not in str(users())
    deadline = time.monotonic() + PATIENCE_SECONDS
    while connects(service.database.url):
        assert time.monotonic() < deadline


def connects(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_cache_that_was_killed_comes_back_with_its_user(
    sandbox: SandboxBackend, service: Service
) -> None:
    sandbox.cache.kill()
    sandbox.cache.start()
    with cache_of(sandbox, service) as client:
        assert client.ping()


def test_a_database_that_was_killed_comes_back_with_its_rows(
    sandbox: SandboxBackend, service: Service
) -> None:
    with service.database.connect() as owner:
        owner.execute("CREATE TABLE kept AS SELECT 1 AS one")
    sandbox.postgres.kill()
    sandbox.postgres.start()
    with service.database.connect() as owner:
        assert owner.execute("SELECT one FROM kept").fetchone() == {"one": 1}
