"""O3: one trace from the caller through HTTP, SQL, Redis and outbound calls, and into the log."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from reference_app.running.payment_account import PaymentAccount
from tests.reference_app.client import Client
from tests.reference_app.otlp import Caller, Receiver, Span


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
def test_a_called_service_is_told_the_trace_of_whom_it_works_for(
    traced: Client, receiver: Receiver, provider: PaymentAccount
) -> None:
    order_id, caller = traced.order(traced.person())["id"], Caller.new()
    provider.behave("fail", times=1)
    path, support = f"/api/v1/orders/{order_id}", traced.person("support")
    answer = traced.patch(path, by=support, headers=caller.headers, json={"status": "paid"})
    assert answer.status_code == 200
    spans = receiver.trace(caller.trace_id)
    calls = [span for span in spans if span.attributes.get("http.method") == "POST"]
    assert [call.failed for call in calls] == [True, False]
    assert {call.parent_id for call in calls} == {server_span(spans).span_id}
    assert {call.attributes["server.address"] for call in calls} == {
        urlsplit(provider.url).hostname
    }
    told = [f"00-{caller.trace_id}-{call.span_id}-01" for call in calls]
    assert provider.seen().traces[-2:] == told


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
def test_spans_of_what_was_given_up_have_an_end(traced: Client, receiver: Receiver) -> None:
    ada, caller = traced.person(), Caller.new()
    with traced.service.database.connect(superuser=True) as blocker:
        blocker.execute("BEGIN")
        blocker.execute("LOCK TABLE orders")
        answer = traced.get(f"{ada.path}/orders", by=ada, headers=caller.headers)
        blocker.execute("ROLLBACK")
    assert answer.status_code == 503
    spans = receiver.trace(caller.trace_id)
    assert server_span(spans).failed
    assert [one.name for one in spans if one.failed and one.of("postgresql")] == ["SELECT"]
