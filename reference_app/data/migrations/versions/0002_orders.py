"""Orders and their items: money is NUMERIC, every foreign key has an index (D4).

Revision: 0002, after: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
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


def downgrade() -> None:
    op.execute("DROP TABLE order_items")
    op.execute("DROP TABLE orders")
