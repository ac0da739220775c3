"""X5, X3: releases, the way back, and the other runbooks, followed word by word under traffic."""

from pathlib import Path

import docker  # type: ignore[import-untyped]
import httpx
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from reference_app.running import build_context
from tests.reference_app.client import ITEMS, PASSWORD
from tests.reference_app.stack import IMAGE, VERSION, Stack, Traffic, logged_in, until

NOTE = "9000"
NEWEST = ScriptDirectory.from_config(
    Config(build_context.ROOT / "reference_app" / "alembic.ini")
).get_current_head()


@pytest.mark.spec("X5")
def test_a_release_and_the_way_back_leave_no_request_unanswered(
    stack: Stack, engine: docker.DockerClient, edge: httpx.Client
) -> None:
    build_version(engine, "next", "2.0.0")
    user = logged_in(edge, "hopper@example.com")
    path = f"/api/v1/users/{user['id']}/orders"

    def versions() -> set[str]:
        return {edge.get("/openapi.json").json()["info"]["version"] for _ in range(12)}

    with Traffic(
        lambda: edge.get(path), lambda: edge.post(path, json=ITEMS), lambda: edge.get("/health")
    ) as traffic:
        assert versions() == {"1.0.0"}
        released = stack.follow("release", NEW="next")
        assert released.returncode == 0, released.stdout + released.stderr
        until(lambda: versions() == {"2.0.0"})
        assert stack.sql("SELECT version_num FROM alembic_version") == NOTE
        back = stack.follow("rollback", OLD=VERSION)
        assert back.returncode == 0, back.stdout + back.stderr
        until(lambda: versions() == {"1.0.0"})
    assert stack.sql("SELECT version_num FROM alembic_version") == NOTE, "the schema stays"
    assert traffic.answers.keys() <= {200, 201}, traffic.answers
    assert traffic.answers[201] > 20
    assert int(stack.sql("SELECT count(*) FROM orders")) >= traffic.answers[201]


@pytest.mark.spec("X5")
def test_a_version_that_does_not_get_ready_is_taken_back_by_itself(
    stack: Stack, engine: docker.DockerClient, edge: httpx.Client
) -> None:
    build_version(engine, "broken", "3.0.0", "raise SystemExit('planted')")
    with Traffic(lambda: edge.get("/health")) as traffic:
        released = stack.run("release", "broken")
    assert released.returncode == 1
    assert "does not get ready" in released.stderr
    assert traffic.answers.keys() == {200}, traffic.answers
    images_used = stack.compose("ps", "--format", "{{.Image}}", "first", "second").split()
    assert images_used == [f"{IMAGE}:{VERSION}"] * 2


def answers(edge: httpx.Client) -> bool:
    """Whether a request is answered: the first ones may wait for a replica that hangs."""
    try:
        return edge.get("/health", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def build_version(
    engine: docker.DockerClient, tag: str, version: str, last_words: str = ""
) -> None:
    """An image of a later version, which says so and brings a migration of its own."""
    migration = (
        f"revision = {NOTE!r}\ndown_revision = {NEWEST!r}\n"
        "from alembic import op\n"
        "def upgrade(): op.execute('ALTER TABLE users ADD COLUMN IF NOT EXISTS note text')\n"
    )
    recipe = (
        f"FROM {IMAGE}:{VERSION}\nUSER 0\n"
        "COPY migration.py /app/reference_app/data/migrations/versions/9000_note.py\n"
        f'RUN sed -i \'s/version="1.0.0"/version="{version}"/\' reference_app/application.py'
        f' && echo "{last_words}" >> reference_app/application.py\n'
        "USER 10001:10001\n"
    )
    files = {"Dockerfile": recipe.encode(), "migration.py": migration.encode()}
    engine.images.build(
        fileobj=build_context.BuildContext(files).archive(),
        custom_context=True,
        tag=f"{IMAGE}:{tag}",
        forcerm=True,
    )


@pytest.mark.spec("X3")
def test_the_runbook_of_restoring_brings_back_what_was_lost(
    stack: Stack, edge: httpx.Client, tmp_path: Path
) -> None:
    user = logged_in(edge, "wilkes@example.com")
    made = edge.post(f"/api/v1/users/{user['id']}/orders", json=ITEMS)
    done = stack.follow("restore", BACKUPS=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "dojo.backup").stat().st_size > 0
    until(lambda: edge.get("/health").status_code == 200)
    assert edge.get(made.headers["Location"]).status_code == 200
    names = stack.sql("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database")
    assert {"dojo", "dojo_before"} <= set(names.split())
    stack.sql_outside("DROP DATABASE dojo_before WITH (FORCE)")


@pytest.mark.spec("H5")
def test_the_runbook_of_rotating_keys_ends_sessions_and_nothing_else(
    stack: Stack, edge: httpx.Client
) -> None:
    user = logged_in(edge, "cerf@example.com")
    path = f"/api/v1/users/{user['id']}"
    assert edge.get(path).status_code == 200
    with Traffic(lambda: edge.get("/health")) as traffic:
        done = stack.follow("key-rotation", SECRETS=str(stack.secrets))
    assert done.returncode == 0, done.stdout + done.stderr
    assert traffic.answers.keys() == {200}, traffic.answers
    assert edge.get(path).status_code == 401
    login = {"email": "cerf@example.com", "password": PASSWORD}
    assert edge.post("/api/v1/auth/login", json=login).status_code == 200


@pytest.mark.spec("X2")
@pytest.mark.spec("L5")
def test_the_runbook_of_an_incident_shows_what_is_wrong_and_puts_it_right(
    stack: Stack, edge: httpx.Client
) -> None:
    stack.compose("kill", "--signal", "SIGSTOP", "first")
    until(lambda: answers(edge))
    done = stack.follow("incident")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "first running" in done.stdout
    until(lambda: "first running healthy" in stack.status())
