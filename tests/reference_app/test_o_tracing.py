"""O3: one trace from the caller through HTTP, SQL and Redis, and nobody's data in it."""

import re
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from socket import create_server

import pytest

from reference_app.running import Backend, Service
from tests.reference_app.client import PASSWORD, Client
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.otlp import Caller, Receiver, Span

TOLD = {
    *("http.request.method", "http.route", "http.response.status_code", "error.type"),
    *("http.method", "http.status_code", "server.address"),
    *("db.system", "db.name", "db.operation", "db.statement", "db.redis.pipeline_length"),
}
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "50"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def endpoint(backend: Backend, port: int) -> dict[str, str]:
    return {**SETTINGS, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{backend.this_machine}:{port}"}


@pytest.fixture(scope="module")
def traced_service(backend: Backend, receiver: Receiver) -> Iterator[Service]:
    with backend.service(settings={**endpoint(backend, receiver.port), **SOON}) as service:
        yield service


@pytest.fixture
def traced(traced_service: Service) -> Iterator[Client]:
    traced_service.reset()
    client = Client(traced_service)
    yield client
    client.close()


def server_span(spans: list[Span]) -> Span:
    [server] = [span for span in spans if span.kind == "SERVER"]
    return server


@pytest.mark.spec("O3")
def test_one_trace_goes_from_the_caller_through_http_to_sql_and_redis(
    traced: Client, receiver: Receiver
) -> None:
    ada, caller = traced.person(), Caller.new()
    assert traced.get(ada.path, by=ada, headers=caller.headers).status_code == 200
    spans = receiver.trace(caller.trace_id)
    server = server_span(spans)
    assert server.parent_id == caller.span_id
    assert server.name == "GET /api/v1/users/{user_id}"
    assert server.attributes["http.route"] == "/api/v1/users/{user_id}"
    assert server.attributes["http.request.method"] == "GET"
    assert server.attributes["http.response.status_code"] == "200"
    children = [span for span in spans if span is not server]
    assert {span.parent_id for span in children} == {server.span_id}
    assert {span.kind for span in children} == {"CLIENT"}
    assert all(server.started <= one.started <= one.ended <= server.ended for one in children)
    assert [one.name for one in children if one.of("postgresql")].count("SELECT") == 2
    assert "GET" in [one.name for one in children if one.of("redis")]


@pytest.mark.spec("O3")
def test_concurrent_requests_have_a_trace_each(traced: Client, receiver: Receiver) -> None:
    ada = traced.person()
    callers = [Caller.new() for _ in range(20)]
    with ThreadPoolExecutor(4) as threads:
        for caller in callers:
            threads.submit(traced.get, f"{ada.path}/orders", by=ada, headers=caller.headers)
    shapes = set()
    for caller in callers:
        spans = receiver.trace(caller.trace_id)
        assert {one.parent_id for one in spans} == {caller.span_id, server_span(spans).span_id}
        shapes.add(tuple(sorted(one.name for one in spans)))
    assert len(shapes) == 1


@pytest.mark.spec("O3")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"traceparent": "garbage"},
        {"traceparent": f"00-{'0' * 32}-{'1' * 16}-01"},
        {"traceparent": f"ff-{'1' * 32}-{'1' * 16}-01"},
        {"traceparent": "00-" + "1" * 10_000},
        {"traceparent": "\N{SNOWMAN}".encode()},
        {"tracestate": "a=1," * 100},
    ],
    ids=lambda headers: str(headers)[:40],
)
def test_without_a_usable_header_a_trace_begins_and_the_log_has_its_ids(
    traced: Client, receiver: Receiver, headers: dict[str, str]
) -> None:
    answer = traced.get("/health", headers=headers)
    assert answer.status_code == 200
    [line] = traced.log("request_finished", of=answer)
    server = server_span(receiver.trace(line["trace_id"]))
    assert server.parent_id == ""
    assert server.span_id == line["span_id"]


@pytest.mark.spec("O3")
def test_a_trace_that_the_caller_does_not_keep_is_not_exported(
    traced: Client, receiver: Receiver
) -> None:
    dropped, kept = Caller.new(sampled=False), Caller.new()
    answer = traced.get("/health", headers=dropped.headers)
    traced.get("/health", headers=kept.headers)
    receiver.trace(kept.trace_id)
    assert receiver.so_far(dropped.trace_id) == []
    [line] = traced.log("request_finished", of=answer)
    assert line["trace_id"] == dropped.trace_id


@pytest.mark.spec("O3")
def test_what_failed_is_marked_and_what_the_client_did_wrong_is_not(
    traced: Client, receiver: Receiver
) -> None:
    ada, ours, theirs = traced.person(), Caller.new(), Caller.new()
    traced.get("/nowhere", headers=theirs.headers)
    traced.sql("ALTER TABLE orders RENAME TO elsewhere")
    try:
        answer = traced.get(f"{ada.path}/orders", by=ada, headers=ours.headers)
    finally:
        traced.sql("ALTER TABLE elsewhere RENAME TO orders")
    assert answer.status_code == 500
    spans = receiver.trace(ours.trace_id)
    assert server_span(spans).failed
    assert server_span(spans).attributes["error.type"] == "500"
    assert [one.name for one in spans if one.failed and one.of("postgresql")] == ["SELECT"]
    unknown = server_span(receiver.trace(theirs.trace_id))
    assert unknown.name == "GET"
    assert not unknown.failed


@pytest.mark.spec("O3")
def test_spans_of_what_was_given_up_have_an_end(
    backend: Backend, traced: Client, receiver: Receiver
) -> None:
    caller = Caller.new()
    traced.get("/ready")
    backend.postgres.pause()
    try:
        assert traced.get("/ready", headers=caller.headers).status_code == 503
    finally:
        backend.postgres.resume()
    spans = receiver.trace(caller.trace_id)
    assert server_span(spans).failed
    assert any(one.failed and one.of("postgresql") for one in spans)


@pytest.mark.spec("O3")
def test_nothing_of_a_user_is_in_a_trace(traced: Client, receiver: Receiver) -> None:
    ada, last = traced.person(), Caller.new()
    traced.get(ada.path, by=ada)
    order = traced.order(ada)
    traced.get(f"/api/v1/orders/{order['id']}", by=ada)
    assert traced.register(ada.email).status_code == 409
    traced.log_in(ada.email, "a mistyped secret")
    traced.refresh(ada.refresh_token)
    traced.patch(ada.path, by=ada, json={"full_name": "Augusta"})
    traced.get(f"/api/v1/users?email={ada.email}&token={ada.token}", by=ada)
    traced.get(f"/{ada.token}/{ada.email}")
    traced.send("DELETE", ada.path, by=traced.person("admin"), headers=last.headers)
    receiver.trace(last.trace_id)
    [row] = traced.sql("SELECT password_hash FROM users WHERE id = %s", ada.id)
    sent = receiver.everything
    for private in (
        *(ada.id, ada.email, ada.token, ada.refresh_token, order["id"], row["password_hash"]),
        *(PASSWORD, "mistyped", "Augusta", "Ada Lovelace", "Punched cards", "@example.com"),
    ):
        assert private.encode() not in sent, private
    for span in receiver.spans:
        assert re.fullmatch(r"[A-Z ]+|connect|[A-Z]+ /[a-z0-9_/{}]+", span.name)
        assert span.attributes.keys() <= TOLD
        assert span.message == "", "drivers quote values in what they say of errors"


@pytest.mark.spec("O3")
def test_the_share_of_new_traces_is_a_setting_and_callers_have_their_own_say(
    backend: Backend, receiver: Receiver
) -> None:
    settings = {**endpoint(backend, receiver.port), **SOON, "OTEL_TRACES_SAMPLER_ARG": "0"}
    with backend.service(settings=settings) as service:
        client, caller = Client(service), Caller.new()
        answer = client.get("/health")
        client.get("/health", headers=caller.headers)
        receiver.trace(caller.trace_id)
        [line] = client.log("request_finished", of=answer)
        assert receiver.so_far(line["trace_id"]) == []
        client.close()


@pytest.mark.spec("O3")
def test_a_collector_that_never_answers_delays_nobody(backend: Backend, traced: Client) -> None:
    with create_server(("0.0.0.0", 0)) as silent:  # noqa: S104 - a container has to reach it
        small = {"OTEL_BSP_MAX_QUEUE_SIZE": "64", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "32"}
        settings = {**endpoint(backend, silent.getsockname()[1]), **SOON, **small}
        with backend.service(settings=settings) as service:
            other = Client(service)
            people = {other: other.person(), traced: traced.person()}
            took: dict[Client, list[float]] = {other: [], traced: []}
            for _ in range(30):
                for client, ada in people.items():
                    started = time.perf_counter()
                    assert client.get(f"{ada.path}/orders", by=ada).status_code == 200
                    took[client].append(time.perf_counter() - started)
            assert statistics.median(took[other]) < 1.5 * statistics.median(took[traced])
            started = time.monotonic()
            service.stop()
            assert time.monotonic() - started < 5
            assert "Finished server process" in service.logs()[-1]
            other.close()
