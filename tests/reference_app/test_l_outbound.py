"""L3: whatever the payment provider does, calls to it are bounded and nothing else suffers."""

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from itertools import islice
from typing import Any

import pytest

from reference_app.running import Backend, Service
from tests.reference_app.client import Client
from tests.reference_app.shop import (
    BREAKER,
    DEADLINE,
    TRY,
    Shop,
    is_unavailable,
    paid_within,
    timed,
)


@pytest.mark.spec("L3")
@pytest.mark.parametrize(
    ("how", "charges"),
    [
        ({"does": "fail", "status": 500}, False),
        ({"does": "fail", "status": 429}, False),
        ({"does": "fail", "status": 408}, False),
        ({"does": "reset"}, False),
        ({"does": "reset"}, True),
        ({"does": "garbage"}, True),
        ({"does": "hang"}, True),
        ({"does": "drip"}, True),
    ],
)
def test_what_passes_is_tried_again_and_charged_once(
    shop: Shop, how: dict[str, Any], *, charges: bool
) -> None:
    """`charges`: the money was taken, and the answer lost."""
    order_id = shop.order()
    shop.provider.behave(**how, times=1, charges=charges)
    assert shop.pay(order_id).status_code == 200
    assert shop.tries(order_id) == 2
    assert list(shop.provider.seen().charges).count(order_id) == 1
    assert order_id in shop.payments()


@pytest.mark.spec("L3")
@pytest.mark.parametrize("status", [302, 400, 404, 409])
def test_what_will_not_get_better_is_not_tried_again_and_not_taken_for_success(
    shop: Shop, status: int
) -> None:
    order_id = shop.order()
    shop.provider.behave("fail", times=1, status=status)
    assert is_unavailable(shop.pay(order_id))
    assert (shop.tries(order_id), shop.status(order_id)) == (1, "pending")
    assert order_id not in shop.payments()


@pytest.mark.spec("L3")
@pytest.mark.parametrize("does", ["hang", "drip", "fail", "reset", "garbage"])
def test_a_provider_that_stays_ill_is_a_503_in_bounded_time_and_with_bounded_tries(
    shop: Shop, does: Any
) -> None:
    order_id = shop.order()
    shop.provider.behave(does)
    answer, took = timed(shop, order_id)
    assert is_unavailable(answer)
    assert took < 1.5 * DEADLINE
    assert shop.tries(order_id) == 3
    assert shop.status(order_id) == "pending"


@pytest.mark.spec("L3")
def test_the_deadline_holds_for_all_tries_together(
    backend: Backend, paying_service: Service, shop: Shop
) -> None:
    order_id, deadline = shop.order(), 1.5 * TRY
    shop.provider.behave("hang")
    with (
        backend.service(
            beside=paying_service, settings={"OUTBOUND_DEADLINE_SECONDS": str(deadline)}
        ) as replica,
        closing(Client(replica)) as client,
    ):
        hurried = Shop(client, shop.provider, shop.ada, shop.support)
        answer, took = timed(hurried, order_id)
    assert is_unavailable(answer)
    assert shop.tries(order_id) <= 2
    assert took < 3 * TRY, "three tries in full would take longer"


@pytest.mark.spec("L3")
def test_pauses_grow_and_are_jittered(shop: Shop) -> None:
    orders = [shop.order() for _ in range(8)]
    for order_id in orders:
        shop.provider.behave("fail", times=1)
        assert shop.pay(order_id).status_code == 200
    firsts = [shop.gaps(order_id)[0] for order_id in orders]
    assert min(firsts) > 0.08
    assert max(firsts) - min(firsts) > 0.02
    shop.provider.behave("fail", times=2)
    last = shop.order()
    assert shop.pay(last).status_code == 200
    assert shop.gaps(last)[1] > 1.5 * min(firsts)


@pytest.mark.spec("L3")
@pytest.mark.parametrize("status", [429, 503])
def test_the_wish_for_a_pause_is_granted_when_there_is_time(shop: Shop, status: int) -> None:
    order_id = shop.order()
    shop.provider.behave("fail", times=1, status=status, retry_after="1")
    assert shop.pay(order_id).status_code == 200
    [gap] = shop.gaps(order_id)
    assert 1 <= gap < DEADLINE


@pytest.mark.spec("L3")
@pytest.mark.parametrize("wish", ["60", "Fri, 31 Dec 2100 23:59:59 GMT", "9" * 400])
def test_the_wish_for_a_long_pause_is_passed_on_at_once(shop: Shop, wish: str) -> None:
    order_id = shop.order()
    shop.provider.behave("fail", times=1, status=429, retry_after=wish)
    answer, took = timed(shop, order_id)
    assert is_unavailable(answer)
    assert int(answer.headers["Retry-After"]) in (60, 3600)
    assert (shop.tries(order_id), took < DEADLINE) == (1, True)


@pytest.mark.spec("L3")
def test_a_provider_that_is_down_is_left_alone_and_a_single_probe_finds_it_well(
    shop: Shop,
) -> None:
    orders = [shop.order() for _ in range(4)]
    shop.provider.behave("fail")
    assert [shop.pay(order_id).status_code for order_id in orders[:2]] == [503, 503]
    assert shop.tries(*orders) == 5, "the breaker opens in the middle of the second call"
    assert all(is_unavailable(shop.pay(order_id)) for order_id in orders)
    assert shop.tries(*orders) == 5, "open: nothing reaches the provider"

    shop.provider.behave("hang")
    deadline = time.monotonic() + 2 * BREAKER
    while shop.tries(*orders) == 5:
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(shop.pay, orders))
        assert all(map(is_unavailable, answers))
        assert time.monotonic() < deadline
    assert shop.tries(*orders) == 6, "half open: one probe, and no second try of it"

    shop.provider.behave("charge")
    paid_within(shop, orders[0], 2 * BREAKER + 2)
    assert [shop.pay(order_id).status_code for order_id in orders[1:]] == [200, 200, 200]
    assert len(shop.client.log("breaker_opened")) == 2
    assert len(shop.client.log("breaker_closed")) == 1


@pytest.mark.spec("L3")
def test_a_slow_provider_has_its_share_of_calls_and_nothing_else_waits_for_it(
    backend: Backend, paying_service: Service, shop: Shop
) -> None:
    """Four calls hang until the end; all else is answered meanwhile, with two connections."""
    orders = [shop.order() for _ in range(12)]
    patient = {"OUTBOUND_TRY_SECONDS": "60", "OUTBOUND_DEADLINE_SECONDS": "60"}
    shop.provider.behave("hang")
    with (
        backend.service(beside=paying_service, settings=patient) as replica,
        closing(Client(replica)) as client,
        ThreadPoolExecutor(12) as threads,
    ):
        slow = Shop(client, shop.provider, shop.ada, shop.support)
        calls = [threads.submit(slow.pay, order_id) for order_id in orders]
        refused = [call.result() for call in islice(as_completed(calls, timeout=20), 8)]
        others = [client.get(shop.ada.path, by=shop.ada) for _ in range(4)]
        assert sum(call.done() for call in calls) == 8
        replica.kill()
    assert all(is_unavailable(answer) for answer in refused)
    assert {other.status_code for other in others} == {200}
    assert shop.tries(*orders) == shop.provider.seen().most_at_once == 4


@pytest.mark.spec("L3")
def test_a_provider_that_cannot_be_reached_is_a_503(
    backend: Backend, paying_service: Service, shop: Shop
) -> None:
    order_id = shop.order()
    nowhere = {"PAYMENT_URL": "http://127.0.0.1:9/nobody"}
    with (
        backend.service(beside=paying_service, settings=nowhere) as replica,
        closing(Client(replica)) as client,
    ):
        answer = Shop(client, shop.provider, shop.ada, shop.support).pay(order_id)
    assert is_unavailable(answer)
    assert shop.status(order_id) == "pending"
