"""What is promised of `reference_app/data/orders.py`: pages whose cost does not grow."""

from __future__ import annotations

import pytest

from exercises.grading.people import People
from exercises.grading.subject import Subject
from tests.exercises import order_book, order_changes, order_costs, order_sorting, order_writing
from tests.exercises.order_book import assert_shown, fill, ids, page_of, stored_orders
from tests.exercises.order_statements import values_in_statements

STATUSES = "(ARRAY['pending', 'paid', 'shipped', 'delivered', 'cancelled'])[n % 5 + 1]"


@pytest.mark.criterion(
    "A page of 100 costs as many statements as one of 1", points=16, spec=["D6"], lesson="measure"
)
def test_number_of_statements_is_constant(service: Subject, people: People) -> None:
    """A statement for each order is a round trip for each: pages get slower as they fill."""
    ada = people.user()
    rare = order_costs.cost_of_a_rare_page(service, ada)
    fill(service, ada.id, 101, items=11)
    costs = [order_costs.cost(service, ada, items=11, limit=limit) for limit in (1, 10, 100)]
    one, ten, hundred = (each.statements for each in costs)
    assert max(ten, hundred) <= one, (
        f"A page of 1 order took {one} statements, of 10 orders {ten}, of 100 orders {hundred}. "
        "Below is the SQL of the last page: what has a high count there ran once for each order."
    )
    service.look_at(rare.page)
    assert rare.statements <= one + 2, (
        f"A page of 1 order took {one} statements; one of 15 orders that have no items, filtered "
        f"by status and sorted by amount, {rare.statements}: {rare.most}. It must not matter what "
        "is asked for, nor what orders are like. (Below is the SQL of a page of 100.)"
    )


@pytest.mark.criterion(
    "A page reads the rows that it shows", points=10, spec=["P1"], lesson="worked-example"
)
def test_rows_read_fit_the_page(service: Subject, people: People) -> None:
    """Each page of somebody with 50,000 orders would fill the memory of the service."""
    ada = people.user()
    fill(service, ada.id, 1_005, items=2, status=STATUSES)
    late = {"page": 6, "status": "paid", "sort": "total_amount"}
    for query, count in ({"page": 1}, 1_005), (late, 201):
        read = order_costs.cost(service, ada, items=2, limit=10, **query)
        total = read.page.pagination["total_items"]
        assert total == count, f"It is {count} orders ({query}); total_items says {total}."
        assert read.rows <= 2 * (10 + 10 * 2), (
            f"For 10 of {count} orders with 2 items each ({query}), the database handed over "
            f"{read.rows} rows; 30 and a few do: {order_costs.rows_by_statement(service)}. "
            "Counting, sorting and choosing the page are the database's work."
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
    order_book.fill_with_odd_ones(service, ada.id)
    order_book.must_be_listed_whole(service, ada)
    cancelled = [each for each in stored_orders(service, ada.id) if each["status"] == "cancelled"]
    order_book.must_come_alone(service, ada, cancelled, "Asked for alone")
    service.sql("UPDATE order_items SET quantity = quantity + 1")
    service.sql("UPDATE users SET full_name = 'ada van ' || repeat('ö', 92) WHERE id = %s", ada.id)
    stored = stored_orders(service, ada.id)
    order_book.must_come_alone(service, ada, stored, "Alone, once customer and items had changed")
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
    for page, count in ((999_999_999, 0), (2, 0), (1, 3)):
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
    late = {"sort": "-total_amount", "limit": "5", "page": "2"}
    light, heavy = {"status": "pending"}, {"status": "paid"}
    for without, query, times in ((light, {}, 4), ({**light, **late}, {**heavy, **late}, 2)):
        few = order_costs.blocks_for_a_page(service, ada, **without)
        blocks = order_costs.blocks_for_a_page(service, ada, **query)
        assert blocks <= times * few, (
            f"A page of orders without a source_document took {few} blocks of 8 kB ({without}); "
            f"where there are some, of 48 kB each, it took {blocks} ({query or 'by default'}). The "
            "API never shows them: ask for what it shows."
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
    page_of(service, ada, limit=2, page=2, sort="total_amount", status="pending")
    order, cancelled = page.data[0]["id"], {"status": "cancelled"}
    service.patch(f"/api/v1/orders/{order}", json=cancelled, token=ada.token)
    table = order_costs.blocks_of_the_smallest_table(service)
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
    order_sorting.fill_with_close_ones(service, ada.id)
    stored = stored_orders(service, ada.id)
    two, three = "status,-total_amount", "-status,created_at,-total_amount"
    for sort in ("-created_at", "created_at", "total_amount", two, three):
        shown = order_sorting.all_pages(service, ada, sort=sort, limit=20)
        wrong = order_sorting.out_of_order(shown, stored, sort)
        assert not wrong, f"24 orders with sort={sort}, in pages of 20: {wrong}"


@pytest.mark.criterion(
    "A filter holds for the page and for the total", points=5, spec=["R3"], lesson="count-note"
)
def test_filter_holds_for_page_and_total(service: Subject, people: People) -> None:
    """Whoever filters for paid orders ships what the list shows."""
    ada = people.user()
    fill(service, ada.id, 25, items=2, status=STATUSES)
    stored = order_sorting.in_order(stored_orders(service, ada.id), "-created_at")
    for status in ("paid", "delivered", "cancelled"):
        page = page_of(service, ada, status=status, limit=2, page=2)
        assert ids(page.data) == [each["id"] for each in stored if each["status"] == status][2:4], (
            f"With status={status} and limit=2, page 2 has to show the third and fourth newest "
            f"{status} order; it shows {[order['status'] for order in page.data]}."
        )
        total = page.pagination["total_items"]
        assert total == 5, f"5 of 25 orders are {status}; filtered, total_items says {total}."


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
    fill(service, ada.id, 1, created_at="now() + interval '1 day'")
    lines = [*order_writing.LINES, *[order_writing.LINES[-1]] * 93]
    order_writing.must_be_kept(service, ada, lines, "100141.17")
    order_writing.must_be_kept(service, ada, order_writing.FREE, "0.00")
    order_writing.must_leave_nothing_behind(service, ada)


@pytest.mark.criterion(
    "A change of status is of one order, as it was read", points=3, spec=["P1"], lesson="practice"
)
def test_status_is_changed_as_it_was_read(service: Subject, people: People) -> None:
    """Paid a moment after it was cancelled: the money is taken, and nothing is sent."""
    support, closed = people.support(), order_book.somebody_else(service)
    fill(service, support.id, 1)
    fill(service, closed, 5, document="'Imported'")
    order_changes.close_account(service, closed)
    one, other, third, free, begun = ids(stored_orders(service, closed))
    [listed] = ids(stored_orders(service, support.id))
    order_changes.must_not_wait_for_others(service, support, {one, listed}, free)
    meanwhile = {one: "pending", other: "cancelled", third: "paid"}
    calls = ((one, "paid"), (one, "paid"), (other, "paid"), (third, "cancelled"))
    *same, paying, cancelling = order_changes.changed_while_held(service, support, meanwhile, calls)
    order_changes.must_be_a_conflict(service, paying, "paid", meanwhile="cancelled")
    order_changes.must_be_a_conflict(service, cancelling, "cancelled", meanwhile="paid")
    paid = order_changes.must_win_once(service, same)
    assert_shown(paid.data, stored_orders(service, closed)[0], "In the answer to PATCH")
    order_changes.must_be_undone_with_its_caller(service, support, begun)
    order_changes.must_have_become(
        service, {one: "paid", other: "cancelled", third: "paid", free: "paid", begun: "pending"}
    )
