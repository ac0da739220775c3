"""Orders whose payment has begun, so that none is cancelled while money may have been taken (L3).

Revision: 0007, after: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE payment_attempts (
            order_id   uuid        NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_payment_attempts PRIMARY KEY (order_id),
            CONSTRAINT fk_payment_attempts_order_id
                FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE payment_attempts")
