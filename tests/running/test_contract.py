"""What `reference_app.running.backend` promises, on both back ends alike."""

from http import HTTPStatus
from pathlib import Path

import httpx
import psycopg
import pytest

from reference_app.running import Backend, Part, Service, start
from tests.running.questions import access_lines, becomes, ready, register, users

REPLACED = "reference_app.reliability.health"


def test_says_which_back_end_it_is_and_why(backend: Backend, on: str) -> None:
    assert backend.name == on
    assert backend.reason
    assert "\n" not in backend.reason


def test_the_service_writes_to_the_database_that_is_handed_out(service: Service) -> None:
    assert register(service).status_code == HTTPStatus.CREATED
    assert users(service) == 1


def test_the_owner_is_no_superuser_and_the_superuser_is(service: Service) -> None:
    question = "SELECT usesuper FROM pg_user WHERE usename = current_user"
    for superuser in (False, True):
        with service.database.connect(superuser=superuser) as connection:
            assert connection.execute(question).fetchone() == {"usesuper": superuser}


def test_reset_leaves_no_row_no_key_no_statistics_and_no_log_line(service: Service) -> None:
    register(service)
    assert becomes(1, lambda: access_lines(service))  # it is written after the answer
    service.cache.set("left", "over")
    with service.database.connect(superuser=True) as statistics:
        count = (
            "SELECT count(*) AS calls FROM pg_stat_statements "
            "WHERE query LIKE 'INSERT INTO users%' "
            "AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert statistics.execute(count).fetchone() == {"calls": 1}
        service.reset()
        assert statistics.execute(count).fetchone() == {"calls": 0}
        versions = statistics.execute("SELECT count(*) AS n FROM alembic_version").fetchone()
    assert versions == {"n": 1}
    assert users(service) == 0
    assert service.cache.dbsize() == 0
    assert service.logs() == []


def test_reset_ends_a_session_that_holds_a_lock(service: Service) -> None:
    left_over = service.database.connect()
    left_over.execute("BEGIN")
    left_over.execute("LOCK TABLE users")
    service.reset()
    with pytest.raises(psycopg.OperationalError):
        left_over.execute("SELECT 1")
    assert users(service) == 0


def test_logs_have_what_the_service_writes(service: Service) -> None:
    httpx.get(f"{service.url}/no/such/path")
    assert becomes(1, lambda: access_lines(service))


@pytest.mark.parametrize("server", ["postgres", "cache"])
def test_a_killed_server_is_missed_and_comes_back(
    backend: Backend, service: Service, server: str
) -> None:
    part: Part = getattr(backend, server)
    assert ready(service) == HTTPStatus.OK
    part.kill()
    assert part.exit_code == -9
    assert ready(service) == HTTPStatus.SERVICE_UNAVAILABLE
    part.start()
    assert becomes(HTTPStatus.OK, lambda: ready(service))


@pytest.mark.parametrize("server", ["postgres", "cache"])
def test_a_paused_server_keeps_what_it_knows(
    backend: Backend, service: Service, server: str
) -> None:
    register(service)
    service.cache.set("kept", "yes")
    part: Part = getattr(backend, server)
    part.pause()
    assert part.running
    assert ready(service) == HTTPStatus.SERVICE_UNAVAILABLE
    part.resume()
    assert becomes(HTTPStatus.OK, lambda: ready(service))
    assert users(service) == 1
    assert service.cache.get("kept") == "yes"


def test_what_was_committed_survives_a_killed_postgres(backend: Backend, service: Service) -> None:
    register(service)
    backend.postgres.kill()
    backend.postgres.start()
    assert users(service) == 1


def test_reset_repairs_whatever_a_test_broke(backend: Backend, service: Service) -> None:
    backend.postgres.pause()
    backend.cache.kill()
    service.kill()
    service.reset()
    assert ready(service) == HTTPStatus.OK


def test_stop_is_orderly(service: Service) -> None:
    assert service.exit_code is None
    assert service.stop() == 0
    assert not service.running
    assert any("Application shutdown complete" in line for line in service.logs())
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{service.url}/health")
    service.start()
    assert any("Application shutdown complete" in line for line in service.logs())
    assert ready(service) == HTTPStatus.OK


def test_a_killed_service_tells_the_signal(service: Service) -> None:
    service.kill()
    assert service.exit_code == -9


def test_a_paused_service_answers_when_it_goes_on(service: Service) -> None:
    service.pause()
    with pytest.raises(httpx.TimeoutException):
        httpx.get(f"{service.url}/health", timeout=0.5)
    service.resume()
    assert ready(service) == HTTPStatus.OK


def test_a_file_takes_the_place_of_a_module(backend: Backend, learner_file: Path) -> None:
    with backend.service(replace={REPLACED: learner_file}) as replaced:
        assert "the file of a learner" in replaced.logs()
        assert ready(replaced) == HTTPStatus.OK


def test_the_file_counts_as_it_was_when_the_service_was_made(
    backend: Backend, learner_file: Path
) -> None:
    with backend.service(replace={REPLACED: learner_file}, start=False) as replaced:
        assert not replaced.running
        learner_file.write_text("raise SystemExit('saved too late')")
        replaced.start()
        assert "the file of a learner" in replaced.logs()


def test_the_next_file_is_read_even_when_size_and_time_are_the_same(
    backend: Backend, learner_file: Path
) -> None:
    first = learner_file.read_text()
    for text in (first, first.replace("the file of", "THE FILE OF")):
        learner_file.write_text(text)
        with backend.service(replace={REPLACED: learner_file}) as replaced:
            assert text.splitlines()[-1][7:-2] in replaced.logs()


def test_services_have_a_database_and_keys_of_their_own(backend: Backend, service: Service) -> None:
    with backend.service() as other:
        register(service)
        service.cache.set("mine", "yes")
        assert users(other) == 0
        assert other.cache.get("mine") is None
        assert service.url != other.url


def test_a_service_can_be_given_a_database_that_outlives_it(backend: Backend) -> None:
    database = backend.database()
    with backend.service(database=database) as first:
        register(first)
    with backend.service(database=database) as second:
        assert users(second) == 1
    database.drop()
    database.drop()


def test_settings_reach_the_service_and_nothing_else_does(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, learner_file: Path
) -> None:
    monkeypatch.setenv("OF_THE_CALLER", "secret")
    spy = tmp_path / "spy.py"
    spy.write_text(f"{learner_file.read_text()}\nimport os\nprint('has', *sorted(os.environ))\n")
    with backend.service(replace={REPLACED: spy}, settings={"LOG_LEVEL": "debug"}) as service:
        seen = next(line for line in service.logs() if line.startswith("has"))
    assert seen.split() == ["has", *sorted(service.settings)]
    assert service.settings["LOG_LEVEL"] == "debug"
    assert "OF_THE_CALLER" not in seen


def test_a_service_can_be_closed_while_the_servers_are_paused(backend: Backend) -> None:
    service = backend.service()
    backend.cache.pause()
    backend.postgres.pause()
    service.close()
    backend.cache.resume()
    backend.postgres.resume()


def test_two_back_ends_at_once(backend: Backend, service: Service, on: str) -> None:
    with start(on) as second, second.service() as other:  # type: ignore[arg-type]
        register(service)
        assert users(other) == 0
        second.postgres.kill()
        assert ready(service) == HTTPStatus.OK
        assert backend.postgres.running
