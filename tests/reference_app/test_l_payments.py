"""L3: an order is charged once, whatever fails on the way, and what was charged is recorded."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from tests.reference_app.client import Client
from tests.reference_app.shop import BREAKER, Shop, paid_within
from tests.reference_app.traffic import wait_until


@pytest.mark.spec("L3")
def test_an_order_that_is_paid_was_charged_once_and_that_is_recorded(shop: Shop) -> None:
    order_id = shop.order()
    answer = shop.pay(order_id)
    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "paid")
    assert shop.tries(order_id) == 1
    assert shop.provider.seen().charges[order_id] == shop.payments()[order_id] == "37.50"
    [line] = shop.client.log("payment_collected", of=answer)
    assert (line["order_id"], line["amount"]) == (order_id, "37.50")


@pytest.mark.spec("L3")
def test_a_declined_payment_is_422_and_may_be_tried_again(shop: Shop) -> None:
    order_id = shop.order()
    shop.provider.behave("decline", times=1)
    answer = shop.pay(order_id)
    assert (answer.status_code, shop.status(order_id)) == (422, "pending")
    assert shop.tries(order_id) == 1
    assert shop.pay(order_id).status_code == 200


@pytest.mark.spec("L3")
def test_paid_by_several_at_once_it_is_charged_once(shop: Shop) -> None:
    order_id = shop.order()
    path = f"/api/v1/orders/{order_id}"
    answers = shop.client.at_once(4, "PATCH", path, by=shop.support, json={"status": "paid"})
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[200] == 1
    assert statuses.keys() <= {200, 409, 422, 503}
    assert list(shop.provider.seen().charges).count(order_id) == 1


@pytest.mark.spec("L3", "C4")
def test_an_order_that_is_being_charged_cannot_be_cancelled(shop: Shop) -> None:
    order_id = shop.order()
    shop.provider.behave("hang", times=1, charges=True)
    with ThreadPoolExecutor(1) as thread:
        paying = thread.submit(shop.pay, order_id)
        shop.wait_for_a_try(order_id)
        cancelled = shop.cancel(order_id)
    assert cancelled.status_code == 409
    assert cancelled.json()["error"]["code"] == "CONFLICT"
    assert "payment" in cancelled.json()["error"]["message"]
    assert paying.result().status_code == 200
    assert (shop.status(order_id), order_id in shop.payments()) == ("paid", True)


@pytest.mark.spec("L3", "C4")
def test_a_charge_whose_answer_was_lost_is_not_forgotten(shop: Shop) -> None:
    """Money was taken and nobody here knows: the order stays until somebody has found out."""
    order_id = shop.order()
    shop.provider.behave("hang", charges=True)
    assert shop.pay(order_id).status_code == 503
    read = shop.client.get(f"/api/v1/orders/{order_id}", by=shop.ada)
    assert [shop.cancel(order_id).status_code for _ in range(2)] == [409, 409]
    assert shop.cancel(order_id, if_match=read.headers["ETag"]).status_code == 409
    shop.provider.behave("charge")
    paid_within(shop, order_id, BREAKER + 3)
    assert list(shop.provider.seen().charges).count(order_id) == 1
    assert shop.payments()[order_id] == shop.provider.seen().charges[order_id]
    assert shop.cancel(order_id).status_code == 200, "what is known to be paid can be cancelled"


@pytest.mark.spec("L3")
def test_an_order_whose_payment_was_declined_can_be_cancelled(shop: Shop) -> None:
    order_id = shop.order()
    shop.provider.behave("decline", times=1)
    assert (shop.pay(order_id).status_code, shop.cancel(order_id).status_code) == (422, 200)
    assert shop.pay(order_id).status_code == 422
    assert shop.tries(order_id) == 1


@pytest.mark.spec("L3")
def test_an_order_that_was_cancelled_first_is_not_charged(shop: Shop) -> None:
    order_id = shop.order()
    with ThreadPoolExecutor(2) as threads, shop.held(order_id):
        cancelling = threads.submit(shop.cancel, order_id)
        wait_until(lambda: shop.waiting() == 1)
        paying = threads.submit(shop.pay, order_id)
        wait_until(lambda: shop.waiting() == 2)
    assert (cancelling.result().status_code, paying.result().status_code) == (200, 409)
    assert (shop.tries(order_id), shop.status(order_id)) == (0, "cancelled")


@pytest.mark.spec("L3")
def test_a_process_killed_while_it_charges_does_not_charge_again(shop: Shop) -> None:
    order_id, service = shop.order(), shop.client.service
    shop.provider.behave("hang", times=1, charges=True)
    with ThreadPoolExecutor(1) as thread:
        lost = thread.submit(shop.pay, order_id)
        shop.wait_for_a_try(order_id)
        service.kill()
    assert isinstance(lost.exception(), httpx.TransportError)
    service.start()
    with closing(Client(service)) as client:
        shop = Shop(client, shop.provider, shop.ada, shop.support)
        assert shop.payments().keys() & {order_id} == set()
        assert shop.pay(order_id).status_code == 200
        assert shop.tries(order_id) == 2
        assert shop.payments()[order_id] == shop.provider.seen().charges[order_id]
