"""Sessions, sealed, and the one-time links that were used.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the tables."""
    # `id` is a digest of the cookie and `sealed` is encrypted with another: whoever reads the table can't act as anybody.
    op.execute(
        """
        CREATE TABLE sessions (
            id bytea PRIMARY KEY CHECK (length(id) = 32),
            subject text NOT NULL,
            sealed bytea NOT NULL,
            created_at timestamptz NOT NULL,
            seen_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL CHECK (ends_at > created_at),
            renewing_until timestamptz
        )
        """
    )
    op.execute("CREATE INDEX sessions_by_end ON sessions (ends_at)")
    op.execute("CREATE TABLE used_links (id uuid PRIMARY KEY, used_at timestamptz NOT NULL)")
    op.execute("CREATE INDEX used_links_by_time ON used_links (used_at)")


def downgrade() -> None:
    """Drops them."""
    op.execute("DROP TABLE used_links")
    op.execute("DROP TABLE sessions")
