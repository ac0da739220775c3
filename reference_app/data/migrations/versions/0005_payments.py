"""What the payment provider took for which order, and the id it has there (L3).

Revision: 0005, after: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE payments (
            order_id   uuid           NOT NULL,
            charge_id  text           NOT NULL,
            amount     numeric(12, 2) NOT NULL,
            created_at timestamptz    NOT NULL DEFAULT now(),
            CONSTRAINT pk_payments PRIMARY KEY (order_id),
            CONSTRAINT fk_payments_order_id
                FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE payments")
