"""O3: what leaves in a trace is what was decided, holds nobody's data, and delays nobody."""

import re
import statistics
import time
from socket import create_server
from urllib.parse import urlsplit

import pytest

from reference_app.running import Backend
from reference_app.running.payment_account import PaymentAccount
from tests.reference_app.client import PASSWORD, Client
from tests.reference_app.conftest import SETTINGS
from tests.reference_app.otlp import SOON, Caller, Receiver, endpoint

TOLD = {
    *("http.request.method", "http.route", "http.response.status_code", "error.type"),
    *("http.method", "http.status_code", "server.address"),
    *("db.system", "db.name", "db.operation", "db.statement", "db.redis.pipeline_length"),
}


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
def test_nothing_of_a_user_is_in_a_trace(
    traced: Client, receiver: Receiver, provider: PaymentAccount
) -> None:
    ada, last = traced.person(), Caller.new()
    traced.get(ada.path, by=ada)
    order = traced.order(ada)
    paid = {"status": "paid"}
    traced.patch(f"/api/v1/orders/{order['id']}", by=traced.person("support"), json=paid)
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
        urlsplit(provider.url).path,
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
    settings = {
        **SETTINGS,
        **endpoint(backend, receiver.port),
        **SOON,
        "OTEL_TRACES_SAMPLER_ARG": "0",
    }
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
        settings = {**SETTINGS, **endpoint(backend, silent.getsockname()[1]), **SOON, **small}
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
