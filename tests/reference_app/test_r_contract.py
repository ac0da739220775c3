"""R5: the service does what its OpenAPI document says, as judged by tools that others wrote.

Schemathesis reads the document and sends what it allows and what it does not: examples, bounds,
random values, and sequences of requests. Its settings, with reasons, are in `contract/`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exercises.grading.places import ROOT
from reference_app.running import Backend, Service
from tests.reference_app.client import Client
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.contract.judging import judge

GENEROUS = SETTINGS | {
    "LOGIN_ATTEMPTS_PER_ACCOUNT": "100000/minute",
    "LOGIN_ATTEMPTS_PER_ADDRESS": "100000/minute",
}
AS_ALWAYS = ["--seed", "1", "--max-examples", "5"]


@pytest.fixture(scope="module")
def generous_service(backend: Backend) -> Iterator[Service]:
    """A service that refuses nobody for coming often."""
    with backend.service(settings=GENEROUS) as service:
        yield service


@pytest.mark.spec("R5", "E4", "C2", "C3", "C4", "C7", "H1", "H2", "A6")
@pytest.mark.parametrize("role", ["nobody", "user", "support", "admin"])
def test_schemathesis_finds_nothing(generous_service: Service, role: str, tmp_path: Path) -> None:
    generous_service.reset()
    client = Client(generous_service)
    people = {"nobody": 0, "user": 2}.get(role, 1)
    callers = [client.person(role) for _ in range(people)]
    for one in callers:
        client.order(one)
    found = judge(generous_service.url, role, callers, tmp_path, *AS_ALWAYS)
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr
    roles = [client.get("/api/v1/users/me", by=one).json()["data"]["role"] for one in callers]
    client.close()
    assert roles == [role] * people, "the caller lost account or role on the way"


BREAKS = {
    "accepts what the document forbids": (
        *("collections", "        if wrong:\n", "        if not self:\n"),
        *("list_users", "Schema-violating request accepted"),
    ),
    "answers what the document does not know": (
        *("orders", "    if order is None:\n        raise NotFound\n", "    assert order\n"),
        *("get_order", "Server error"),
    ),
}


@pytest.mark.spec("R5")
@pytest.mark.parametrize(
    ("module", "right", "wrong", "operation", "title"), BREAKS.values(), ids=BREAKS
)
def test_schemathesis_finds_a_service_that(
    backend: Backend,
    tmp_path: Path,
    module: str,
    right: str,
    wrong: str,
    operation: str,
    title: str,
) -> None:
    source = (ROOT / "reference_app" / "api" / f"{module}.py").read_text("utf-8")
    assert right in source
    broken = tmp_path / f"{module}.py"
    broken.write_text(source.replace(right, wrong, 1), "utf-8")
    with backend.service(
        replace={f"reference_app.api.{module}": broken}, settings=GENEROUS
    ) as service:
        client = Client(service)
        caller = client.person()
        client.order(caller)
        only = ["--include-operation-id", operation]
        found = judge(service.url, "user", [caller], tmp_path, *AS_ALWAYS, *only)
        client.close()
    assert found.returncode == 1
    assert title in found.stdout
