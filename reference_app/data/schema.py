"""The first migration: users, orders and what was ordered, and the bad rows they refuse (D1–D4).

    users        one address among the living, whatever its case; a status that cannot be misspelt
    orders       money is NUMERIC, never a binary fraction; whose order it is, is never in doubt
    order_items  the lines of an order, in their order

It is a module of its own, and not in the numbered file, because Alembic finds those by path: what
it imports by name can be read, tested and replaced like any other part of the service.
"""

from alembic import op


def upgrade() -> None:
    """Make the tables, and the function that keeps `updated_at` true whoever writes (D2)."""
    _users()
    _orders()
    _order_items()


def downgrade() -> None:
    """Leave nothing behind: neither table nor type nor function."""
    op.execute("DROP TABLE order_items")
    op.execute("DROP TABLE orders")
    op.execute("DROP TABLE users")
    op.execute("DROP FUNCTION touch_updated_at()")


def _users() -> None:
    op.execute("""
        CREATE TABLE users (
            id            uuid         NOT NULL DEFAULT gen_random_uuid(),
            email         varchar(255) NOT NULL,
            password_hash varchar(255) NOT NULL,
            full_name     varchar(100) NOT NULL,
            status        varchar(20)  NOT NULL DEFAULT 'active',
            role          text         NOT NULL DEFAULT 'user',
            created_at    timestamptz  NOT NULL DEFAULT now(),
            updated_at    timestamptz  NOT NULL DEFAULT now(),
            deleted_at    timestamptz,
            CONSTRAINT pk_users PRIMARY KEY (id),
            CONSTRAINT ck_users_status CHECK (status IN ('active', 'inactive', 'suspended')),
            CONSTRAINT ck_users_role CHECK (role IN ('user', 'support', 'admin'))
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_users_email ON users (lower(email)) WHERE deleted_at IS NULL"
    )
    op.execute("CREATE INDEX ix_users_status ON users (status) WHERE deleted_at IS NULL")
    op.execute("CREATE INDEX ix_users_created_at ON users (created_at DESC, id)")
    op.execute("""
        CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.updated_at := clock_timestamp();
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER touch_users BEFORE UPDATE ON users
        FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
    """)


def _orders() -> None:
    op.execute("""
        CREATE TABLE orders (
            id              uuid           NOT NULL DEFAULT gen_random_uuid(),
            user_id         uuid           NOT NULL,
            status          varchar(20)    NOT NULL DEFAULT 'pending',
            total_amount    numeric(12, 2) NOT NULL,
            source_document text,
            created_at      timestamptz    NOT NULL DEFAULT now(),
            updated_at      timestamptz    NOT NULL DEFAULT now(),
            CONSTRAINT pk_orders PRIMARY KEY (id),
            CONSTRAINT fk_orders_user_id
                FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE RESTRICT,
            CONSTRAINT ck_orders_status
                CHECK (status IN ('pending', 'paid', 'shipped', 'delivered', 'cancelled')),
            CONSTRAINT ck_orders_total_amount CHECK (total_amount >= 0)
        )
    """)
    op.execute("CREATE INDEX ix_orders_user_id ON orders (user_id, created_at DESC, id)")
    op.execute("""
        CREATE TRIGGER touch_orders BEFORE UPDATE ON orders
        FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
    """)


def _order_items() -> None:
    op.execute("""
        CREATE TABLE order_items (
            id           uuid           NOT NULL DEFAULT gen_random_uuid(),
            order_id     uuid           NOT NULL,
            position     smallint       NOT NULL,
            product_name varchar(200)   NOT NULL,
            quantity     integer        NOT NULL,
            unit_price   numeric(12, 2) NOT NULL,
            CONSTRAINT pk_order_items PRIMARY KEY (id),
            CONSTRAINT fk_order_items_order_id
                FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
            CONSTRAINT uq_order_items_order_id UNIQUE (order_id, position),
            CONSTRAINT ck_order_items_quantity CHECK (quantity > 0),
            CONSTRAINT ck_order_items_unit_price CHECK (unit_price >= 0)
        )
    """)
