"""Demonstration data, the same every time: made by the database itself, so that it is quick (S1).

User n is `user<n>@example.com`; orders go round the users, with one to three items each. Every
tenth order was imported, and has the document it came from.
"""

import asyncio
import time
from textwrap import dedent

import asyncpg
from sqlalchemy.engine import make_url

from reference_app.config import Settings
from reference_app.security.passwords import Passwords

PASSWORD = "a demonstration only"  # noqa: S105 - printed for whoever seeds  # pragma: allowlist secret

USERS = """
    INSERT INTO users (id, email, password_hash, full_name, status, created_at, updated_at)
    SELECT md5('user ' || n)::uuid, 'user' || n || '@example.com', $2,
           (ARRAY['Ada','Alan','Barbara','Edsger','Frances','Grace','Ken','Margaret'])[1 + n % 8]
           || ' ' ||
           (ARRAY['Allen','Dijkstra','Hamilton','Hopper','Liskov','Lovelace','Turing'])[1 + n % 7],
           CASE WHEN n % 20 = 0 THEN 'suspended' WHEN n % 20 = 10 THEN 'inactive' ELSE 'active' END,
           at, at
    FROM generate_series(1, $1::int) n, LATERAL (
        SELECT timestamptz '2026-01-01 00:00+00' + n * interval '1 minute' AS at) t
"""
STAFF = """
    INSERT INTO users (id, email, password_hash, full_name, role)
    VALUES (md5('admin')::uuid, 'admin@example.com', $1, 'Radia Perlman', 'admin'),
           (md5('support')::uuid, 'support@example.com', $1, 'Hedy Lamarr', 'support')
"""
ORDERS = """
    INSERT INTO orders (id, user_id, status, total_amount, source_document, created_at, updated_at)
    SELECT md5('order ' || n)::uuid, md5('user ' || 1 + n % $2::int)::uuid,
           (ARRAY['pending','paid','shipped','delivered','cancelled'])[1 + n / 7 % 5],
           (SELECT sum((1 + (n + p) % 4) * (199 + (n * 37 + p * 11) % 5000) / 100.0)
            FROM generate_series(0, n % 3) p),
           CASE WHEN n % 10 = 0 THEN '<order number="' || n || '">'
                || (SELECT string_agg(md5(n || '.' || k), E'\\n')
                    FROM generate_series(1, 60 + n % 60) k) || '</order>' END,
           at, at
    FROM generate_series(1, $1::int) n, LATERAL (
        SELECT timestamptz '2026-02-01 00:00+00' + n * interval '10 seconds' AS at) t
"""
ITEMS = """
    INSERT INTO order_items (id, order_id, position, product_name, quantity, unit_price)
    SELECT md5('item ' || n || '.' || p)::uuid, md5('order ' || n)::uuid, p,
           (ARRAY['Punched cards','Core memory','Paper tape','Vacuum tube','Slide rule'])
               [1 + (n + p) % 5],
           1 + (n + p) % 4, (199 + (n * 37 + p * 11) % 5000) / 100.0
    FROM generate_series(1, $1::int) n, generate_series(0, n % 3) p
"""


def seed(settings: Settings, *, users: int, orders: int) -> None:
    """Fill an empty, migrated database and say what was made and how to log in.

    Raises SystemExit when the numbers make no sense or there are users already.
    """
    if users < 1 or orders < 0:
        raise SystemExit("At least one user, and no fewer than no orders.")
    asyncio.run(_seed(settings, users, orders))


async def _seed(settings: Settings, users: int, orders: int) -> None:
    started = time.perf_counter()
    passwords = Passwords(settings)
    password_hash = await passwords.hash(PASSWORD)
    passwords.close()
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        async with connection.transaction():
            if await connection.fetchval("SELECT EXISTS (SELECT FROM users)"):
                raise SystemExit("There are users already; seeding needs an empty database.")
            await connection.execute(USERS, users, password_hash)
            await connection.execute(STAFF, password_hash)
            await connection.execute(ORDERS, orders, users)
            await connection.execute(ITEMS, orders)
        await connection.execute("VACUUM (ANALYZE) users, orders, order_items")
        items = await connection.fetchval("SELECT count(*) FROM order_items")
    finally:
        await connection.close()
    print(
        dedent(f"""\
        {users + 2} users, {orders} orders, {items} items in {time.perf_counter() - started:.1f} s.
        Log in as user1@example.com, support@example.com or admin@example.com;
        the password of all of them is "{PASSWORD}".""")
    )
