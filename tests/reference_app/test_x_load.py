"""X4: the load scenario drives the mix it states, cuts off its warm-up, and reports percentiles."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_app.running import Backend, Service
from tests.reference_app.stack import DEPLOY

MIX = {"list orders": 0.60, "read user": 0.25, "place order": 0.10, "log in": 0.05}
PEOPLE = 20
CHEAP_PASSWORDS = {"PASSWORD_MEMORY_KIB": "1024", "PASSWORD_TIME_COST": "1"}
SCENARIO = DEPLOY / "load" / "scenario.py"


@pytest.fixture(scope="module")
def seeded(backend: Backend) -> Iterator[Service]:
    with backend.service(settings=CHEAP_PASSWORDS) as service:
        subprocess.run(
            [sys.executable, "-m", "reference_app", "seed", "--users", "100", "--orders", "2000"],
            env={
                **os.environ,
                **CHEAP_PASSWORDS,
                "DATABASE_URL": service.database.url,
                "REDIS_URL": "redis://127.0.0.1:1",
                "SECRET_KEY": service.settings["SECRET_KEY"],
            },
            check=True,
            capture_output=True,
        )
        yield service


def drive(url: str, report: Path, seconds: int) -> tuple[int, dict[str, Any]]:
    """Run the scenario; its exit status and what it reported."""
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "locust",
                "--locustfile",
                SCENARIO,
                "--headless",
                "--host",
                url,
            ),
            *("--users", str(PEOPLE), "--spawn-rate", "10", "--run-time", f"{seconds}s"),
            "--only-summary",
        ],
        env={**os.environ, "LOAD_REPORT": str(report), "WARM_UP_SECONDS": "2"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert report.exists(), done.stderr
    return done.returncode, json.loads(report.read_text())


@pytest.mark.spec("X4")
def test_the_scenario_drives_the_mix_it_states_and_nothing_fails(
    seeded: Service, tmp_path: Path
) -> None:
    status, report = drive(seeded.url, tmp_path / "report.json", 12)
    assert status == 0, report["errors"]
    assert report["all"]["failures"] == 0
    assert report["all"]["requests"] > 100
    shares = {kind: figures["share"] for kind, figures in report["by_kind"].items()}
    assert shares.keys() == MIX.keys()
    # Four standard deviations of a draw of that many.
    for kind, share in MIX.items():
        tolerance = 4 * (share * (1 - share) / report["all"]["requests"]) ** 0.5
        assert abs(shares[kind] - share) < tolerance, shares
    assert report["seconds"] < 11, "the warm-up is not part of it"
    assert report["rate"] < 1.5 * PEOPLE, "people think for a second, give or take chance"
    for figures in report["by_kind"].values():
        assert 0 < figures["p50"] <= figures["p95"] <= figures["p99"]
    [row] = rows(seeded)
    assert row["people"] > PEOPLE / 4, "orders come from all over, not from one hot row"


def rows(service: Service) -> list[dict[str, Any]]:
    with service.database.connect() as connection:
        return connection.execute(
            "SELECT count(DISTINCT user_id) AS people FROM orders WHERE created_at > now() - "
            "interval '1 minute'"
        ).fetchall()


@pytest.mark.spec("X4")
def test_a_service_that_fails_fails_the_run(seeded: Service, tmp_path: Path) -> None:
    with seeded.database.connect() as connection:
        connection.execute("ALTER TABLE order_items RENAME TO lost")
        try:
            status, report = drive(seeded.url, tmp_path / "report.json", 5)
        finally:
            connection.execute("ALTER TABLE lost RENAME TO order_items")
    assert status == 1
    assert report["by_kind"]["list orders"]["failures"] > 0
    assert report["by_kind"]["read user"]["failures"] == 0
