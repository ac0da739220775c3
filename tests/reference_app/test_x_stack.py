"""X2, X6: compose.yaml brought up whole with real servers, and used from outside over TLS."""

import json
import re
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from reference_app.running import images
from tests.reference_app.client import ITEMS, PASSWORD
from tests.reference_app.stack import DEPLOY, PROJECT, Stack, Traffic, logged_in, sweep, until


@pytest.mark.spec("X2")
@pytest.mark.spec("X6")
def test_somebody_registers_logs_in_and_orders_over_https(edge: httpx.Client) -> None:
    user = logged_in(edge, "ada@example.com")
    made = edge.post(f"/api/v1/users/{user['id']}/orders", json=ITEMS)
    assert made.status_code == 201
    for _ in range(8):  # either replica has it
        assert edge.get(made.headers["Location"]).json()["data"]["total_amount"] == "37.50"


@pytest.mark.spec("X6")
def test_plain_http_leads_to_https_which_is_remembered_and_modern(
    stack: Stack, edge: httpx.Client
) -> None:
    plain = httpx.get(f"{stack.url('balancer', 8080)}/api/v1/users?page=2", trust_env=False)
    assert plain.status_code == 308
    assert plain.headers["Location"] == "https://127.0.0.1/api/v1/users?page=2"
    assert "Strict-Transport-Security" not in plain.headers, "RFC 6797 section 7.2"
    for path in ("/health", "/metrics"):  # one that the service answers, one that the balancer does
        answer = edge.get(path)
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert answer.status_code == 404, "figures are for the inside"
    address = (edge.base_url.host, edge.base_url.port or 0)
    with (
        socket.create_connection(address) as connection,
        stack.trust().wrap_socket(connection, server_hostname="localhost") as secure,
    ):
        assert secure.version() == "TLSv1.3"
    old = stack.trust()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection(address) as connection, pytest.raises(ssl.SSLError):
        old.wrap_socket(connection, server_hostname="localhost")


@pytest.mark.spec("X6")
@pytest.mark.parametrize(
    "path",
    [
        *("/metrics", "/metrics?x", "/ready", "/ready?exclude=cache", "//metrics"),
        *("/%6Detrics", "/metric%73", "/read%79", "/api/../metrics", "/api/..%2Fmetrics"),
    ],
)
def test_what_is_for_the_inside_is_not_reached_by_any_spelling(
    edge: httpx.Client, path: str
) -> None:
    spelt = edge.base_url.copy_with(raw_path=path.encode())
    assert edge.get(spelt).status_code == 404


@pytest.mark.spec("X6")
def test_what_is_for_the_world_is_reached(edge: httpx.Client) -> None:
    for path in ("/health", "/docs", "/docs/start.js", "/openapi.json"):
        assert edge.get(path).status_code == 200, path
    assert edge.get("/api/v1/users").status_code == 401


@pytest.mark.spec("X6")
@pytest.mark.spec("H4")
def test_who_a_request_comes_from_is_believed_of_the_balancer_alone(
    stack: Stack, edge: httpx.Client
) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    body = {"email": "nobody@example.com", "password": PASSWORD}
    assert edge.post("/api/v1/auth/login", json=body, headers=forged).status_code == 401
    inside = (
        "import urllib.request as r, urllib.error as e\n"
        "try: r.urlopen(r.Request('http://second:8000/api/v1/auth/login',"
        f" {json.dumps(body)!r}.encode(), {{**{forged!r}, 'Content-Type': 'application/json'}}))\n"
        "except e.HTTPError as error: print(error.code)"
    )
    assert stack.compose("exec", "-T", "first", "python", "-c", inside).strip() == "401"
    keys = stack.compose(
        *("exec", "-T", "first", "python", "-c"),
        "import redis; print(redis.Redis.from_url(open('/run/secrets/redis_url').read().strip())"
        ".keys('*address*'))",
    )
    assert "address" in keys
    assert "203.0.113.9" not in keys


@pytest.mark.spec("X2")
def test_prometheus_sees_each_replica_and_understands_every_rule_and_panel(stack: Stack) -> None:
    url = stack.url("prometheus", 9090)

    def ask(expression: str) -> list[dict[str, Any]]:
        query = {"query": expression.replace("$__rate_interval", "1m")}
        answer = httpx.get(f"{url}/api/v1/query", params=query, trust_env=False)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    expected = {("first:8000", "1"), ("second:8000", "1")}
    until(lambda: {(one["metric"]["instance"], one["value"][1]) for one in ask("up")} == expected)
    groups = httpx.get(f"{url}/api/v1/rules", trust_env=False).json()["data"]["groups"]
    assert {rule["name"] for group in groups for rule in group["rules"]} >= {"ReplicaDown", "Slow"}
    known = set(httpx.get(f"{url}/api/v1/label/__name__/values", trust_env=False).json()["data"])
    dashboard = json.loads((DEPLOY / "metrics" / "dashboard.json").read_text())
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = shown + [rule["query"] for group in groups for rule in group["rules"]]
    for expression in asked:
        ask(expression)
        named = set(re.findall(r"\b(?:http|database|cache|process)_\w+", expression))
        assert named <= known, "no such figure"


@pytest.mark.spec("X2")
@pytest.mark.spec("S3")
def test_with_one_replica_stopped_the_other_answers(stack: Stack, edge: httpx.Client) -> None:
    stack.compose("kill", "--signal", "SIGKILL", "second")
    try:
        answers = [edge.get("/health").status_code for _ in range(50)]
        assert answers.count(200) == 50
    finally:
        stack.compose("start", "second")


@pytest.mark.spec("X2")
@pytest.mark.spec("S1")
def test_with_the_cache_stopped_both_replicas_keep_their_traffic(
    stack: Stack, edge: httpx.Client
) -> None:
    user = logged_in(edge, "kay@example.com")
    stack.compose("stop", "cache")
    try:
        with Traffic(lambda: edge.get(f"/api/v1/users/{user['id']}")) as traffic:
            until(lambda: traffic.answers.total() > 40)  # longer than the balancer takes to notice
        assert traffic.answers.keys() == {200}, traffic.answers
        assert "unhealthy" not in stack.status()
    finally:
        stack.compose("start", "cache")


@pytest.mark.spec("X2")
def test_the_service_reaches_postgresql_through_the_pooler_and_in_few_connections(
    stack: Stack, edge: httpx.Client
) -> None:
    user = logged_in(edge, "grace@example.com")
    for _ in range(20):
        assert edge.get(f"/api/v1/users/{user['id']}/orders").status_code == 200
    found = stack.sql(
        "SELECT count(*), count(DISTINCT client_addr) FROM pg_stat_activity WHERE usename = 'app'"
    )
    connections, addresses = map(int, found.split("|"))
    assert addresses == 1
    assert 0 < connections <= 20


@pytest.mark.spec("X2")
@pytest.mark.spec("S2")
def test_the_staff_exports_past_the_pooler(stack: Stack, edge: httpx.Client) -> None:
    user = logged_in(edge, "liskov@example.com")
    order = edge.post(f"/api/v1/users/{user['id']}/orders", json=ITEMS).json()["data"]
    stack.sql(f"UPDATE users SET role = 'support' WHERE id = '{user['id']}'")
    answer = edge.get("/api/v1/reports/orders")
    assert answer.status_code == 200, answer.text
    assert order["id"] in answer.text


@pytest.mark.spec("X2")
def test_what_not_every_machine_can_fetch_is_at_least_well_formed(stack: Stack) -> None:
    whole = json.loads(stack.compose("--profile", "watching", "config", "--format", "json"))
    assert {"grafana", "collector"} <= set(whole["services"])
    tags = [one["image"].rpartition(":")[2] for one in whole["services"].values()]
    assert "latest" not in tags and all(tag != "" for tag in tags)
    mounts = [mount for one in whole["services"].values() for mount in one.get("volumes", ())]
    for mount in mounts:
        assert mount["type"] == "volume" or Path(mount["source"]).is_file(), mount["source"]


def test_what_a_killed_run_of_these_tests_has_left_is_removed(stack: Stack, tmp_path: Path) -> None:
    owner = subprocess.Popen(["true"])
    owner.wait()
    left = f"{PROJECT}{owner.pid}-left"
    recipe = tmp_path / "compose.yaml"
    recipe.write_text(f"services: {{one: {{image: '{images.CACHE}', command: sleep 600}}}}\n")
    up = ["docker", "compose", "--project-name", left, "--file", str(recipe), "up", "--detach"]
    subprocess.run(up, check=True, capture_output=True, timeout=60)
    sweep()
    projects = subprocess.check_output(["docker", "compose", "ls", "--all", "--quiet"], text=True)
    assert left not in projects.split()
    assert stack.status(), "one that is in use stays"
