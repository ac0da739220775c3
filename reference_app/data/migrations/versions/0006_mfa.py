"""Second factors: sealed secrets, recovery codes, and logins that wait for a code (A5).

Revision: 0006, after: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE mfa_enrolments (
            user_id      uuid     NOT NULL,
            key_id       text     NOT NULL,
            secret       bytea    NOT NULL,
            confirmed_at timestamptz,
            last_step    bigint,
            wrong_codes  smallint NOT NULL DEFAULT 0,
            paused_until timestamptz,
            CONSTRAINT pk_mfa_enrolments PRIMARY KEY (user_id),
            CONSTRAINT fk_mfa_enrolments_user_id
                FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
        )
    """)
    op.execute("""
        CREATE TABLE mfa_recovery_codes (
            user_id   uuid  NOT NULL,
            code_hash bytea NOT NULL,
            CONSTRAINT pk_mfa_recovery_codes PRIMARY KEY (user_id, code_hash),
            CONSTRAINT fk_mfa_recovery_codes_user_id
                FOREIGN KEY (user_id) REFERENCES mfa_enrolments (user_id) ON DELETE CASCADE
        )
    """)
    op.execute("""
        CREATE TABLE mfa_challenges (
            token_hash bytea       NOT NULL,
            user_id    uuid        NOT NULL,
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_mfa_challenges PRIMARY KEY (token_hash),
            CONSTRAINT fk_mfa_challenges_user_id
                FOREIGN KEY (user_id) REFERENCES mfa_enrolments (user_id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX ix_mfa_challenges_user_id ON mfa_challenges (user_id)")


def downgrade() -> None:
    op.execute("DROP TABLE mfa_challenges")
    op.execute("DROP TABLE mfa_recovery_codes")
    op.execute("DROP TABLE mfa_enrolments")
