"""Sign-ins that failed, so that all processes count them together.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Creates the table."""
    # The digest of a network address: what is counted is whether it is the same.
    op.execute("CREATE TABLE failed_sign_ins (digest bytea NOT NULL CHECK (length(digest) = 32), at timestamptz NOT NULL)")
    op.execute("CREATE INDEX failed_sign_ins_by_address ON failed_sign_ins (digest, at)")
    op.execute("CREATE INDEX failed_sign_ins_by_time ON failed_sign_ins (at)")


def downgrade() -> None:
    """Drops it."""
    op.execute("DROP TABLE failed_sign_ins")
