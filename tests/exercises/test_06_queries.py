"""What is promised of `reference_app/data/orders.py`: pages whose cost does not grow."""

from __future__ import annotations

import pytest

from exercises.grading.people import People
from exercises.grading.subject import Subject
from tests.exercises import order_book, order_costs
from tests.exercises.order_book import assert_shown, fill, ids, page_of, stored_orders
from tests.exercises.order_statements import values_in_statements
from tests.exercises.order_writing import LINES, paid_while_held_up

STATUSES = "(ARRAY['pending', 'paid', 'shipped'])[n % 3 + 1]"
HOURS_THAT_COME_TWICE = "now() - (n * 5 % 7) * interval '1 hour'"


@pytest.mark.criterion(
    "A page of 100 costs as many statements as one of 1", points=16, spec=["D6"], lesson="measure"
)
def test_number_of_statements_is_constant(service: Subject, people: People) -> None:
    """A statement for each order is a round trip for each: pages get slower as they fill."""
    ada = people.user()
    fill(service, ada.id, 101, items=11)
    costs = [order_costs.cost(service, ada, items=11, limit=limit) for limit in (1, 10, 100)]
    one, ten, hundred = (each.statements for each in costs)
    assert max(ten, hundred) <= one, (
        f"A page of 1 order took {one} statements, of 10 orders {ten}, of 100 orders {hundred}. "
        "Below is the SQL of the last page: what has a high count there ran once for each order."
    )


@pytest.mark.criterion(
    "A page reads the rows that it shows", points=10, spec=["P1"], lesson="worked-example"
)
def test_rows_read_fit_the_page(service: Subject, people: People) -> None:
    """Each page of somebody with 50,000 orders would fill the memory of the service."""
    ada = people.user()
    fill(service, ada.id, 200, items=3, status=STATUSES)
    for query in {"page": 1}, {"page": 6, "status": "paid"}:
        read = order_costs.cost(service, ada, items=3, limit=10, **query)
        total = read.page.pagination["total_items"]
        assert total == 200 or "status" in query, f"There are 200 orders; total_items says {total}."
        assert read.rows <= 2 * (10 + 10 * 3), (
            f"For 10 of 200 orders with 3 items each ({query}), the database handed over "
            f"{read.rows} rows; 40 and a few do: {order_costs.rows_by_statement(service)}. "
            "Counting and choosing the page are the database's work."
        )


@pytest.mark.criterion(
    "The limit counts orders, not items", points=7, spec=["R3"], lesson="second-look"
)
def test_limit_counts_orders(service: Subject, people: People) -> None:
    """A page of 20 that shows 7 makes clients believe that there are no more."""
    ada = people.user()
    fill(service, ada.id, 7, items=3)
    for number, count in ((1, 5), (2, 2)):
        page = page_of(service, ada, limit=5, page=number)
        assert len(page.data) == count, (
            f"Of 7 orders with 3 items each, page {number} with limit=5 shows {len(page.data)} "
            f"instead of {count}. The limit is a number of orders, not of rows."
        )
        total = page.pagination["total_items"]
        assert total == 7, f"There are 7 orders with 21 items; total_items says {total}."


@pytest.mark.criterion(
    "Orders come whole, items by position", points=12, spec=["D6"], lesson="together-note"
)
def test_orders_come_whole(service: Subject, people: People) -> None:
    """Whoever packs the parcel packs what is shown; imported orders may have no items at all."""
    ada = people.user("Ada King")
    for items, status in ((51, "'shipped'"), (0, "'pending'"), (3, "'cancelled'")):
        fill(service, ada.id, 1, items=items, status=status)
    order_book.know_the_tables(service)
    listed = {order["id"]: order for order in page_of(service, ada).data}
    stored = stored_orders(service, ada.id)
    for order in stored:
        items = len(order["items"])
        assert order["id"] in listed, f"An order with {items} items is not in the list."
        assert_shown(listed[order["id"]], order, "In the list")
    service.sql("UPDATE users SET full_name = 'Ada Byron' WHERE id = %s", ada.id)
    for order in stored:
        order["customer"]["full_name"] = "Ada Byron"
        items = len(order["items"])
        alone = service.get(f"/api/v1/orders/{order['id']}", token=ada.token)
        assert alone.status == 200, f"Alone, an order with {items} items came with {alone.status}."
        assert_shown(alone.data, order, "Asked for alone")
    order_book.must_be_nowhere(service, ada)


@pytest.mark.criterion(
    "A list holds and counts the customer's own orders", points=9, spec=["R3"], lesson="count-note"
)
def test_list_holds_and_counts_own_orders(service: Subject, people: People) -> None:
    """A stranger's order in it is a breach; a total of 0 past the end hides all the others."""
    ada = people.user()
    before = page_of(service, ada, limit=5).pagination["total_items"]
    assert before == 0, f"Before the first order, total_items says {before}."
    fill(service, ada.id, 3)
    fill(service, order_book.somebody_else(service), 4)
    for page, count in ((1, 3), (2, 0)):
        shown = page_of(service, ada, limit=5, page=page)
        assert [order["user_id"] for order in shown.data] == [ada.id] * count, (
            f"A customer has 3 orders, somebody else 4. With limit=5, page {page} has to show "
            f"{count} and shows {len(shown.data)}."
        )
        total = shown.pagination["total_items"]
        assert total == 3, f"It is 3 orders, on page {page} too; total_items says {total}."


@pytest.mark.criterion(
    "Imported documents stay in the database", points=6, spec=["P1"], lesson="columns-note"
)
def test_documents_are_not_read(service: Subject, people: People) -> None:
    """A column that nobody sees makes a megabyte of a page of 20."""
    ada = people.user()
    fill(service, ada.id, 10, status="'pending'")
    fill(service, ada.id, 10, status="'paid'", document=order_book.LETTER)
    light = order_costs.blocks_for_a_page(service, ada, status="pending")
    for query, orders in ({"status": "paid"}, 10), ({}, 20):
        heavy = order_costs.blocks_for_a_page(service, ada, **query)
        assert heavy <= 2 * light * orders // 10, (
            f"To list 10 orders took {light} blocks of 8 kB; to list {orders}, 10 of them with a "
            f"source_document of 48 kB, {heavy}. The API never shows it: ask for what it shows."
        )


@pytest.mark.criterion(
    "Orders and items are found by their indexes", points=7, spec=["D3"], lesson="wrong-cast-note"
)
def test_indexes_find_orders_and_items(service: Subject, people: People) -> None:
    """A page that looks through everybody's orders slows down as others buy."""
    ada = people.user()
    fill(service, ada.id, 5)
    order_book.fill_for_others(service)
    service.forget_statements()
    page = service.look_at(page_of(service, ada, limit=2))
    page_of(service, ada, limit=2, status="pending")
    order, cancelled = page.data[0]["id"], {"status": "cancelled"}
    service.patch(f"/api/v1/orders/{order}", json=cancelled, token=ada.token)
    table = order_costs.blocks_of_the_smaller_table(service)
    statement, blocks = next(iter(order_costs.blocks_looked_at(service).items()))
    assert blocks < table, (
        f"To show 2 of a customer's 5 orders and cancel 1, one statement looked at {blocks} blocks "
        f"of 8 kB, which is all of a table. No index serves what it asks for: {statement[:500]}"
    )


@pytest.mark.criterion(
    "The newest orders need no sort", points=6, spec=["D3"], lesson="wrong-cast-note"
)
def test_newest_orders_need_no_sort(service: Subject, people: People) -> None:
    """Sorting a whole history to show its first 20 costs more with every order."""
    ada = people.user()
    fill(service, ada.id, 3)
    page_of(service, ada)
    found = order_costs.statements_that_must_sort(service)
    assert not found, (
        "Orders have an index on (user_id, created_at DESC, id). This statement cannot use it; it "
        f"sorts all orders of the customer to find the first ones: {found[0][:700]}"
    )


@pytest.mark.criterion(
    "Orders come as asked, equal ones by id", points=10, spec=["R3"], lesson="wrong-ties-note"
)
def test_orders_come_as_asked(service: Subject, people: People) -> None:
    """Without one order for all pages, an order shows up on two of them and another on none."""
    ada = people.user()
    fill(service, ada.id, 12, items=2, status=STATUSES, created_at=HOURS_THAT_COME_TWICE)
    order_book.know_the_tables(service)
    stored = stored_orders(service, ada.id)
    for sort in ("-created_at", "created_at", "status,-total_amount", "status"):
        shown = order_book.all_pages(service, ada, sort=sort, limit=5)
        wrong = order_book.out_of_order(shown, stored, sort)
        assert not wrong, f"12 orders with sort={sort}, in pages of 5: {wrong}"


@pytest.mark.criterion(
    "A filter holds for the page and for the total", points=5, spec=["R3"], lesson="count-note"
)
def test_filter_holds_for_page_and_total(service: Subject, people: People) -> None:
    """Whoever filters for paid orders ships what the list shows."""
    ada = people.user()
    fill(service, ada.id, 15, items=2, status=STATUSES)
    paid = [order for order in stored_orders(service, ada.id) if order["status"] == "paid"]
    page = page_of(service, ada, status="paid", limit=2, page=2)
    assert ids(page.data) == ids(order_book.in_order(paid, "-created_at"))[2:4], (
        "With status=paid and limit=2, page 2 has to show the third and fourth newest paid order; "
        f"it shows {[order['status'] for order in page.data]}."
    )
    total = page.pagination["total_items"]
    assert total == 5, f"5 of 15 orders are paid; with status=paid, total_items says {total}."


@pytest.mark.criterion(
    "Values travel beside the statement", points=5, spec=["D8"], lesson="count-note"
)
def test_values_travel_as_parameters(service: Subject, people: People) -> None:
    """One value that nobody checked, and the statement is an attacker's."""
    ada, support = people.user(), people.support()
    fill(service, ada.id, 14, status="'shipped'")
    found = values_in_statements(service, ada, support)
    assert not found, (
        f"A statement has the value {found[0][0]} in its text. As a parameter, it can never change "
        f"what a statement does: {found[0][1][:500]}"
    )


@pytest.mark.criterion(
    "A new order is kept to the cent and to the letter", points=4, spec=["D8"], lesson="predict-2"
)
def test_new_order_is_kept_exactly(service: Subject, people: People) -> None:
    """A lost line is found by an angry customer, a lost cent by an auditor."""
    ada = people.user()
    made = service.post(f"/api/v1/users/{ada.id}/orders", json={"items": LINES}, token=ada.token)
    assert made.status == 201, f"A valid order came with {made.status} instead of 201."
    kept = [{name: item[name] for name in LINES[0]} for item in made.data["items"]]
    assert kept == LINES, "Every line has to come back as it was sent, once, in the order sent."
    total, status = made.data["total_amount"], made.data["status"]
    assert total == "140.25", f"3 × 0.10 + 7 × 19.99 + 0.01 + 0.01 is 140.25, not {total}."
    assert status == "pending", f"A new order is pending; this one is {status}."
    assert_shown(made.data, stored_orders(service, ada.id)[0], "In the answer to POST")


@pytest.mark.criterion(
    "A change of status is of one order, as it was read", points=3, spec=["P1"], lesson="practice"
)
def test_status_is_changed_as_it_was_read(service: Subject, people: People) -> None:
    """Paid a moment after it was cancelled: the money is taken, and nothing is sent."""
    support, customer = people.support(), order_book.somebody_else(service)
    fill(service, customer, 4)
    one, other, third, _ = ids(stored_orders(service, customer))
    held = {one: "pending", other: "cancelled", third: "paid"}
    paid, *late = paid_while_held_up(service, support, held)
    for answer, became in zip(late, ("cancelled", "paid"), strict=True):
        assert service.look_at(answer).status == 409, (
            f"An order was pending when the service read it, and {became} before it could write. "
            f"Paying it came with {answer.status}; it has to be 409: what was read holds no longer."
        )
    assert service.look_at(paid).status == 200, (
        "While an order was to be paid, somebody else held it and left it as it was. Paying it "
        f"came with {paid.status}; it is a conflict only when the status has changed."
    )
    stored = stored_orders(service, customer)
    states = [order["status"] for order in stored]
    assert states == ["paid", "cancelled", "paid", "pending"], f"The orders are now {states}."
    assert_shown(paid.data, stored[0], "In the answer to PATCH")
