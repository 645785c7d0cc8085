"""The form in which a subscription gets its events.

Revision ID: 0027
"""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Adds the column; subscriptions that there are get CloudEvents, as before."""
    op.execute("ALTER TABLE subscriptions ADD COLUMN format text NOT NULL DEFAULT 'cloudevents'")
    op.execute("ALTER TABLE subscriptions ADD CONSTRAINT known_format CHECK (format IN ('cloudevents', 'teams', 'slack')) NOT VALID")
    op.execute("ALTER TABLE subscriptions VALIDATE CONSTRAINT known_format")


def downgrade() -> None:
    """Drops the column: all get CloudEvents."""
    op.execute("ALTER TABLE subscriptions DROP COLUMN format")
