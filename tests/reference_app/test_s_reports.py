"""S2, P1: an export of all orders is a file for the staff, and no burden to anybody else."""

import csv
import io
import re
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from reference_app import reports
from reference_app.running import Backend
from tests.reference_app.client import Client
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.exporting import EXPORTING, PATH, Export, exporting, exports
from tests.reference_app.traffic import wait_until

AT_ONCE = 8
ORDERS = 200_000
FILL = """
    INSERT INTO orders (user_id, total_amount, created_at)
    SELECT %s, n / 100.0, timestamptz '2026-01-01' + n * interval '1 s'
    FROM generate_series(1, %s) n
"""


@pytest.fixture(scope="module")
def archive(backend: Backend) -> Iterator[Client]:
    """A service of its own with many orders, which these tests read and do not change."""
    with backend.service(settings=SETTINGS | {"EXPORTS_AT_ONCE": str(AT_ONCE)}) as service:
        client = Client(service)
        owner = client.person()
        with service.database.connect(superuser=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(FILL, [owner.id, ORDERS])
            connection.execute("ANALYZE orders")
        yield client
        client.close()


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.spec("S2")
def test_the_file_has_a_line_for_each_order_that_was_asked_for(client: Client) -> None:
    ada, support = client.person(), client.person("support")
    assert table(client.get(PATH, by=support)) == []
    first, second = client.order(ada), client.order(ada)
    client.patch(f"/api/v1/orders/{second['id']}", by=ada, json={"status": "cancelled"})
    answer = client.get(PATH, by=support)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="orders.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    lines = {line["id"]: line for line in table(answer)}
    assert lines[first["id"]] == {
        "id": first["id"],
        "created_at": first["created_at"],
        "status": "pending",
        "total_amount": "37.50",
        "customer_id": ada.id,
        "customer_name": "Ada Lovelace",
    }
    assert sorted(lines) == sorted([first["id"], second["id"]])
    for query, found in (
        ({"status": "cancelled"}, [second]),
        ({"created_from": second["created_at"]}, [second]),
        ({"created_before": second["created_at"]}, [first]),
        ({"created_before": second["created_at"], "status": "cancelled"}, []),
    ):
        got = [line["id"] for line in table(client.get(PATH, by=support, params=query))]
        assert got == [order["id"] for order in found]


@pytest.mark.spec("S2")
@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_name_is_no_formula_in_a_spreadsheet(client: Client, name: str) -> None:
    ada, support = client.person(), client.person("support")
    client.order(ada)
    client.sql("UPDATE users SET full_name = %s WHERE id = %s", name, ada.id)
    [line] = table(client.get(PATH, by=support))
    assert line["customer_name"] == f"'{name}"


@pytest.mark.spec("A6")
def test_only_the_staff_exports_and_refusals_are_in_the_envelope(client: Client) -> None:
    assert client.get(PATH).status_code == 401
    statuses = {
        role: client.get(PATH, by=client.person(role)) for role in ("user", "support", "admin")
    }
    assert [answer.status_code for answer in statuses.values()] == [403, 200, 200]
    assert statuses["user"].json()["error"]["code"] == "FORBIDDEN"
    admin = client.person("admin")
    for query in ("status=lost", "created_from=2026-01-01", "created_from=x", "limit=5"):
        answer = client.get(f"{PATH}?{query}", by=admin)
        assert answer.status_code == 400, query
        assert answer.json()["error"]["details"][0]["field"] == query.split("=")[0]


@pytest.mark.spec("S2")
def test_a_client_that_leaves_before_the_first_line_takes_its_statement_along(
    client: Client,
) -> None:
    support = client.person("support")
    with client.service.database.connect(superuser=True) as blocker:
        blocker.execute("BEGIN")
        blocker.execute("LOCK TABLE orders")
        export = Export(client, support)
        wait_until(lambda: len(client.sql(f"{EXPORTING} AND wait_event_type = 'Lock'")) == 1)
        export.close()
        wait_until(lambda: exporting(client) == 0)
        blocker.execute("ROLLBACK")
    assert client.log("request_refused") == [], "it ended by its time-out"
    assert table(client.get(PATH, by=support)) == []


@pytest.mark.spec("S2")
@pytest.mark.spec("D7")
def test_exports_are_few_and_leave_the_pool_to_requests(archive: Client) -> None:
    ada, admin = archive.person(), archive.person("admin")
    with exports(archive, AT_ONCE):
        refused = archive.get(PATH, by=admin)
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "TOO_MANY_EXPORTS"
        assert int(refused.headers["Retry-After"]) >= 1
        answers = archive.at_once(5, "GET", f"{ada.path}/orders", by=ada)
        assert {answer.status_code for answer in answers} == {200}
        assert exporting(archive) == AT_ONCE
    wait_until(lambda: exporting(archive) == 0)
    with exports(archive, AT_ONCE):
        pass
    wait_until(lambda: exporting(archive) == 0)


@pytest.mark.spec("S2")
def test_an_export_that_breaks_is_cut_and_not_ended(archive: Client) -> None:
    with exports(archive, 1) as [export]:
        export.read(lambda: export.bytes > 1e5)
        archive.sql(EXPORTING.replace("SELECT", "SELECT pg_terminate_backend(pid)"))
        with pytest.raises((AssertionError, ConnectionError)):
            export.read()
    assert archive.get("/health").status_code == 200
    wait_until(lambda: exporting(archive) == 0)


@pytest.mark.spec("S2")
@pytest.mark.parametrize("bound", ["IDLE_SECONDS = 30", "WHOLE_SECONDS = 600"])
def test_a_reader_that_stops_is_cut_and_gives_its_place_to_the_next(
    backend: Backend, archive: Client, tmp_path: Path, bound: str
) -> None:
    source = Path(reports.__file__).read_text("utf-8")
    assert source.count(f"\n{bound}\n") == 1
    impatient = tmp_path / "reports.py"
    impatient.write_text(source.replace(bound, f"{bound.split()[0]} = 2"), "utf-8")
    support, paid = archive.person("support"), {"status": "paid"}
    with (
        backend.service(
            beside=archive.service,
            settings={"EXPORTS_AT_ONCE": "1", "RATE_LIMIT_EXPORT": "100000/minute"},
            replace={reports.__name__: impatient},
        ) as service,
        closing(Client(service)) as client,
        closing(Export(client, support)) as stopped,
    ):
        wait_until(lambda: exporting(client) == 1)
        assert client.get(PATH, by=support, params=paid).status_code == 503
        wait_until(lambda: client.get(PATH, by=support, params=paid).status_code == 200)
        with pytest.raises((AssertionError, ConnectionError)):
            stopped.read()


def resident_bytes(client: Client) -> float:
    """What the operating system says of the memory of the service's process."""
    found = re.search(
        r"^process_resident_memory_bytes (\S+)$", client.get("/metrics").text, re.MULTILINE
    )
    assert found is not None
    return float(found[1])


def waits(client: Client, times: int) -> list[float]:
    """How long `GET /health` takes, again and again."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        assert client.get("/health").status_code == 200
        taken.append(time.perf_counter() - started)
    return taken


@pytest.mark.spec("S2")
def test_others_have_their_turn_while_exports_run(archive: Client) -> None:
    idle = statistics.median(waits(archive, 50))
    enough = threading.Event()
    with exports(archive, AT_ONCE) as begun, ThreadPoolExecutor(AT_ONCE) as readers:
        reading = [readers.submit(one.read, enough.is_set) for one in begun]
        wait_until(lambda: all(one.bytes > 1e5 for one in begun))
        busy = statistics.median(waits(archive, 50))
        still = [one for one in begun if not one.ended]
        enough.set()
        for one in reading:
            one.result(10)
    assert len(still) == AT_ONCE
    assert busy / idle < 60, f"{idle * 1000:.1f} ms, {busy * 1000:.1f} ms while exports run"


@pytest.mark.spec("S2")
def test_an_export_takes_the_same_memory_however_many_orders_there_are(archive: Client) -> None:
    with exports(archive, 1) as [export]:
        export.read(lambda: export.bytes > 2e6)
        early = resident_bytes(archive)
        export.read()
        late = resident_bytes(archive)
    assert export.bytes > ORDERS * 100
    assert late - early < export.bytes / 4
