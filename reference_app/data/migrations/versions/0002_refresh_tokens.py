"""The ledger of refresh tokens: which were used, which were revoked, which belong together (A3).

Revision: 0002, after: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE refresh_tokens (
            jti        uuid        NOT NULL,
            family     uuid        NOT NULL,
            user_id    uuid        NOT NULL,
            expires_at timestamptz NOT NULL,
            used_at    timestamptz,
            revoked_at timestamptz,
            CONSTRAINT pk_refresh_tokens PRIMARY KEY (jti),
            CONSTRAINT fk_refresh_tokens_user_id
                FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX ix_refresh_tokens_family ON refresh_tokens (family)")
    op.execute("CREATE INDEX ix_refresh_tokens_user_id ON refresh_tokens (user_id)")


def downgrade() -> None:
    op.execute("DROP TABLE refresh_tokens")
