"""What is promised of `reference_app/data/orders.py`: pages whose cost does not grow."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from exercises.grading.answer import Answer
from exercises.grading.people import People, Person
from exercises.grading.subject import Subject
from tests.exercises import order_book
from tests.exercises.order_book import cost, fill, ids, page_of, stored_orders, with_times

STATUSES = "(ARRAY['pending', 'paid', 'shipped'])[n % 3 + 1]"
SHUFFLED = "now() - (n * 5 % 13) * interval '1 hour'"
HALF_OF_THEM_PAID = "CASE n % 2 WHEN 0 THEN 'paid' ELSE 'pending' END"
LETTER = "(SELECT string_agg(md5(c::text), '') FROM generate_series(1, 1500) c)"
LINES = [
    {"product_name": "O'Neil'); DROP TABLE orders; --", "quantity": 3, "unit_price": "0.10"},
    {"product_name": '100 % :name $1 {x} "\\" ½', "quantity": 7, "unit_price": "19.99"},
    {"product_name": "Ribbon", "quantity": 1, "unit_price": "0.01"},
    {"product_name": "Ribbon", "quantity": 1, "unit_price": "0.01"},
]


@pytest.mark.criterion(
    "A page of 100 costs as many statements as one of 1", points=16, spec=["D6"], lesson="measure"
)
def test_number_of_statements_is_constant(service: Subject, people: People) -> None:
    """A statement for each order is a round trip for each: pages get slower as they fill."""
    ada = people.user()
    fill(service, ada.id, 101)
    one, ten, hundred = (cost(service, ada, limit)[0] for limit in (1, 10, 100))
    assert hundred <= one and ten <= one, (
        f"A page of 1 order took {one} statements, of 10 orders {ten}, of 100 orders {hundred}; "
        "the number has to stay the same. Below is the SQL of the last page: what is counted there "
        "many times ran once for each order."
    )


@pytest.mark.criterion(
    "A page reads the rows that it shows", points=10, spec=["P1"], lesson="measure-law-note"
)
def test_rows_read_fit_the_page(service: Subject, people: People) -> None:
    """Each page of somebody with 50,000 orders would fill the memory of the service."""
    ada = people.user()
    fill(service, ada.id, 200, items=3)
    rows = cost(service, ada, 10)[1]
    assert rows <= 2 * (10 + 10 * 3), (
        "The customer has 200 orders. For a page of 10 with 3 items each, the database handed "
        f"over {rows} rows where 40 and a few do. Counting and choosing are the database's "
        "work; what leaves it is the page and a number."
    )


@pytest.mark.criterion(
    "The limit counts orders, not items", points=7, spec=["R3"], lesson="second-look-note"
)
def test_limit_counts_orders(service: Subject, people: People) -> None:
    """A page of 20 that shows 7 makes clients believe that there are no more."""
    ada = people.user()
    fill(service, ada.id, 7, items=3)
    first, second = page_of(service, ada, limit=5), page_of(service, ada, limit=5, page=2)
    for page, count in ((first, 5), (second, 2)):
        service.look_at(page)
        assert len(page.data) == count, (
            f"Of 7 orders with 3 items each, page {page.pagination['page']} with limit=5 shows "
            f"{len(page.data)} instead of {count}. The limit is a number of orders, not of rows."
        )
    assert len({*ids(first.data), *ids(second.data)}) == 7, (
        "The two pages of 7 orders show some of them twice and others never."
    )
    assert first.pagination["total_items"] == 7, (
        f"There are 7 orders; total_items says {first.pagination['total_items']}."
    )


@pytest.mark.criterion(
    "Orders come whole, with their items as they were given",
    points=8,
    spec=["D6"],
    lesson="together-note",
)
def test_orders_come_whole(service: Subject, people: People) -> None:
    """Whoever packs the parcel packs what the page shows."""
    ada = people.user("Ada King")
    for items, status in ((5, "'shipped'"), (1, "'pending'"), (3, "'cancelled'")):
        fill(service, ada.id, 1, items=items, status=status, created_at=SHUFFLED)
    order_book.know_the_tables(service)
    listed = {order["id"]: order for order in page_of(service, ada).data}
    for order in stored_orders(service, ada.id):
        assert order["id"] in listed, "An order of the customer is not in the list."
        _assert_shown(listed[order["id"]], order, "In the list")
        alone = service.get(f"/api/v1/orders/{order['id']}", token=ada.token)
        _assert_shown(alone.data, order, "Asked for alone")


def _assert_shown(shown: dict[str, Any], stored: dict[str, Any], where: str) -> None:
    shown = with_times(shown)
    for name, value in stored.items():
        if name == "items":
            products = [[item["product_name"] for item in order[name]] for order in (shown, stored)]
            assert products[0] == products[1], (
                f"{where}, an order came with the items {products[0]}; by position it has "
                f"{products[1]}. Each has to come once, in the order of `position`."
            )
        assert shown.get(name) == value, (
            f"{where}, “{name}” of an order is {shown.get(name)!r}; the database has {value!r}."
        )


@pytest.mark.criterion(
    "An order without items is an order", points=4, spec=["R3"], lesson="second-look-note"
)
def test_order_without_items_is_listed(service: Subject, people: People) -> None:
    """Imported orders may have none; a list without them contradicts its own count."""
    ada = people.user()
    for items in (0, 1):
        fill(service, ada.id, 2, items=items)
    page = page_of(service, ada)
    assert sorted(len(order["items"]) for order in page.data) == [0, 0, 1, 1], (
        "The customer has 2 orders with one item and 2 without any; the list shows orders with "
        f"{[len(order['items']) for order in page.data]} items."
    )
    empty = next(order["id"] for order in page.data if not order["items"])
    alone = service.get(f"/api/v1/orders/{empty}", token=ada.token)
    assert alone.status == 200, f"Asked for alone, it came with {alone.status} instead of 200."


@pytest.mark.criterion(
    "A list holds and counts the customer's own orders",
    points=5,
    spec=["R3"],
    lesson="worked-example",
)
def test_list_holds_own_orders_only(service: Subject, people: People) -> None:
    """A stranger's order in the list is a breach that has to be reported."""
    ada = people.user()
    fill(service, ada.id, 2)
    fill(service, order_book.somebody_else(service), 3)
    page = page_of(service, ada)
    assert [order["user_id"] for order in page.data] == [ada.id] * 2, (
        f"The customer has 2 orders, somebody else has 3; the list shows {len(page.data)}."
    )
    assert page.pagination["total_items"] == 2, (
        f"The customer has 2 orders; total_items says {page.pagination['total_items']}."
    )


@pytest.mark.criterion(
    "Imported documents stay in the database", points=6, spec=["P1"], lesson="columns-note"
)
def test_documents_are_not_read(service: Subject, people: People) -> None:
    """A column that nobody sees makes a megabyte of a page of 20."""
    ada = people.user()
    fill(
        service,
        ada.id,
        20,
        status=HALF_OF_THEM_PAID,
        document=f"CASE n % 2 WHEN 0 THEN {LETTER} END",
    )
    blocks = {}
    for status in ("pending", "paid"):
        service.forget_statements()
        page_of(service, ada, status=status)
        blocks[status] = sum(order_book.blocks_looked_at(service).values())
    assert blocks["paid"] <= 2 * blocks["pending"], (
        f"To list 10 orders without a source_document, the database looked at {blocks['pending']} "
        f"blocks of 8 kB; to list 10 that have one of 48 kB, at {blocks['paid']}. The API never "
        "shows that column: ask for the columns that it shows."
    )


@pytest.mark.criterion(
    "Orders and items are found by their indexes", points=7, spec=["D3"], lesson="wrong-cast-note"
)
def test_indexes_find_orders_and_items(service: Subject, people: People) -> None:
    """A page that looks through everybody's orders slows down as others buy."""
    ada = people.user()
    fill(
        service,
        order_book.somebody_else(service),
        700,
        items=3,
        document="repeat('x', 900)",
        product="repeat('x', 190)",
    )
    fill(service, ada.id, 5)
    order_book.know_the_tables(service)
    service.forget_statements()
    page = service.look_at(page_of(service, ada, limit=2))
    service.get(f"/api/v1/orders/{page.data[0]['id']}", token=ada.token)
    table = min(order_book.size_in_blocks(service, name) for name in ("orders", "order_items"))
    statement, blocks = next(iter(order_book.blocks_looked_at(service).items()))
    assert blocks < table, (
        f"To show 2 orders of a customer who has 5, one statement looked at {blocks} blocks of "
        f"8 kB, which is all of a table. No index serves what it asks for: {statement[:500]}"
    )


@pytest.mark.criterion(
    "The newest orders need no sort", points=6, spec=["D3"], lesson="wrong-cast-note"
)
def test_newest_orders_need_no_sort(service: Subject, people: People) -> None:
    """Sorting a whole history to show its first 20 costs more with every order."""
    page_of(service, people.user())
    found = order_book.statements_that_must_sort(service)
    assert not found, (
        "There is an index on orders (user_id, created_at DESC, id), but this statement has to "
        "fetch and sort all orders of the customer before it can take the first ones: "
        f"{found[0][:700]}"
    )


@pytest.mark.criterion(
    "Equal orders keep one order over all pages", points=6, spec=["R3"], lesson="wrong-ties-note"
)
def test_ties_are_broken_by_id(service: Subject, people: People) -> None:
    """Without a last word, one order is on two pages and another on none."""
    ada = people.user()
    fill(service, ada.id, 11, created_at="now()")
    order_book.know_the_tables(service)
    by_id = ids(stored_orders(service, ada.id))
    for sort in ("status", "-created_at"):
        pages = [page_of(service, ada, sort=sort, limit=4, page=page) for page in (1, 2, 3)]
        shown = [order for page in pages for order in ids(page.data)]
        assert shown in (by_id, by_id[::-1]), (
            f"11 orders are equal in what sort={sort} goes by. Over pages of 4 came "
            f"{len(set(shown))} different ones, and not by id. Equal ones have to be told apart by "
            "their id, last of all."
        )


@pytest.mark.criterion(
    "Orders are sorted as asked, by several fields too",
    points=4,
    spec=["R3"],
    lesson="worked-example",
)
def test_sort_is_kept(service: Subject, people: People) -> None:
    """Page numbers mean nothing when the order is not the one that was asked for."""
    ada = people.user()
    fill(service, ada.id, 12, items=2, status=STATUSES, created_at=SHUFFLED)
    stored = stored_orders(service, ada.id)
    for sort in ("-created_at", "total_amount", "status,-total_amount", "-status,created_at"):
        shown = page_of(service, ada, sort=sort, limit=5, page=2).data
        assert ids(shown) == ids(_sorted(stored, sort))[5:10], (
            f"12 orders, limit=5, page=2, sort={sort}: the sixth to the tenth came as "
            f"{[[order[key.lstrip('-')] for key in sort.split(',')] for order in shown]}."
        )
    assert ids(page_of(service, ada).data) == ids(_sorted(stored, "-created_at")), (
        "Without sort, the newest order comes first."
    )


def _sorted(orders: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    for key in reversed(sort.split(",")):
        name = key.lstrip("-")
        orders = sorted(orders, key=lambda order: _value(order[name]), reverse=key != name)
    return orders


def _value(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) and value[0].isdigit() else value


@pytest.mark.criterion(
    "A filter holds for the page and for the total", points=5, spec=["R3"], lesson="count-note"
)
def test_filter_holds_for_page_and_total(service: Subject, people: People) -> None:
    """Whoever filters for paid orders ships what the list shows."""
    ada = people.user()
    fill(service, ada.id, 15, items=2, status=STATUSES)
    paid = [order for order in stored_orders(service, ada.id) if order["status"] == "paid"]
    page = page_of(service, ada, status="paid", limit=2, page=2)
    assert ids(page.data) == ids(_sorted(paid, "-created_at"))[2:4], (
        "With status=paid and limit=2, page 2 has to show the third and fourth newest paid order; "
        f"it shows {[order['status'] for order in page.data]}."
    )
    assert page.pagination["total_items"] == 5, (
        "5 of 15 orders are paid; with status=paid total_items says "
        f"{page.pagination['total_items']}."
    )


@pytest.mark.criterion(
    "The total is right on a page without orders", points=4, spec=["R3"], lesson="count-note"
)
def test_total_holds_on_an_empty_page(service: Subject, people: People) -> None:
    """A client that went a page too far would be told that there is nothing at all."""
    ada = people.user()
    for count in (0, 3):
        fill(service, ada.id, count)
        page = page_of(service, ada, limit=2, page=4)
        assert (page.data, page.pagination["total_items"]) == ([], count), (
            f"Of a customer with {count} orders, page 4 with limit=2 is empty and total_items is "
            f"{count}; it came with {len(page.data)} orders and total_items "
            f"{page.pagination['total_items']}."
        )


@pytest.mark.criterion(
    "Values travel beside the statement, as parameters",
    points=5,
    spec=["D8"],
    lesson="count-note",
)
def test_values_travel_as_parameters(service: Subject, people: People) -> None:
    """One value that nobody checked, and the statement is an attacker's."""
    ada = people.user()
    fill(service, ada.id, 2, status="'shipped'")
    for table in ("orders", "order_items"):
        lock = f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"
        sent, _ = order_book.held_up(service, lock, lambda: page_of(service, ada, status="shipped"))
        assert sent, f"While the table {table} was locked, the list came without waiting for it."
        for value in (ada.id, ada.id.replace("-", ""), "'shipped'"):
            assert value not in sent, (
                f"A statement on {table} came with the value {value} written into its text. Handed "
                "over as a parameter, a value can never change what a statement does."
            )


@pytest.mark.criterion(
    "A new order is kept to the cent and to the letter", points=4, spec=["D8"], lesson="predict-2"
)
def test_new_order_is_kept_exactly(service: Subject, people: People) -> None:
    """A lost line is found by an angry customer, a lost cent by an auditor."""
    ada = people.user()
    path = f"/api/v1/users/{ada.id}/orders"
    made = service.post(path, json={"items": LINES}, token=ada.token)
    assert made.status == 201, f"A valid order came with {made.status} instead of 201."
    kept = [{name: item[name] for name in LINES[0]} for item in made.data["items"]]
    assert kept == LINES, "Every line has to come back as it was sent, once, in the order sent."
    assert made.data["status"] == "pending", (
        f"A new order is pending; this one is {made.data['status']}."
    )
    assert made.data["total_amount"] == "140.25", (
        "3 × 0.10 + 7 × 19.99 + 0.01 + 0.01 is 140.25; total_amount says "
        f"{made.data['total_amount']}."
    )
    [stored] = stored_orders(service, ada.id)
    _assert_shown(made.data, stored, "In the answer to POST")


@pytest.mark.criterion(
    "A change of status is of one order, as it was read", points=3, spec=["P1"], lesson="practice"
)
def test_status_is_changed_as_it_was_read(service: Subject, people: People) -> None:
    """Paid a moment after it was cancelled: the money is taken, and nothing is sent."""
    support, customer = people.support(), order_book.somebody_else(service)
    fill(service, customer, 3)
    first, second, _ = ids(stored_orders(service, customer))
    shown = _pay(service, support, first).data["status"]
    states = [shown, *(order["status"] for order in stored_orders(service, customer))]
    assert states == ["paid", "paid", "pending", "pending"], (
        f"Of 3 pending orders one was paid. The answer shows it as {shown}, and now they are "
        f"{', '.join(states[1:])}."
    )
    cancelling = f"UPDATE orders SET status = 'cancelled' WHERE id = '{second}'"
    _, late = order_book.held_up(service, cancelling, lambda: _pay(service, support, second))
    service.look_at(late)
    assert late.status == 409, (
        "An order was pending when the service read it, and cancelled before it could write. "
        f"Making it paid came with {late.status}; it has to be 409: what was read no longer holds."
    )


def _pay(service: Subject, person: Person, order: str) -> Answer:
    return service.patch(f"/api/v1/orders/{order}", json={"status": "paid"}, token=person.token)
