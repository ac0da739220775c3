"""Users: unique addresses among the living, a status that cannot be misspelt (D1, D2, D3).

Revision: 0001, after: nothing
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
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


def downgrade() -> None:
    op.execute("DROP TABLE users")
    op.execute("DROP FUNCTION touch_updated_at()")
