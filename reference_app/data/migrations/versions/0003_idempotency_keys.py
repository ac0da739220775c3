"""Keys of requests that were answered, with the answer, so that a repeated one is harmless (L1).

Revision: 0003, after: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE idempotency_keys (
            user_id     uuid         NOT NULL,
            key         varchar(255) NOT NULL,
            fingerprint bytea        NOT NULL,
            answer      jsonb,
            expires_at  timestamptz  NOT NULL,
            CONSTRAINT pk_idempotency_keys PRIMARY KEY (user_id, key),
            CONSTRAINT fk_idempotency_keys_user_id
                FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
        )
    """)


def downgrade() -> None:
    op.execute("DROP TABLE idempotency_keys")
