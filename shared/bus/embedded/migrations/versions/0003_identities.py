"""Topics have identities, and logs a beginning.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the columns. Writers of the release before leave both to their defaults, and its cleaning moves no beginning."""
    op.execute(
        """
        ALTER TABLE partitions
            ADD COLUMN topic_id uuid NOT NULL DEFAULT gen_random_uuid(),
            ADD COLUMN first_offset bigint NOT NULL DEFAULT 0
        """
    )
    op.execute(
        """
        UPDATE partitions p SET topic_id = t.topic_id
        FROM (SELECT topic, gen_random_uuid() AS topic_id FROM partitions GROUP BY topic) t
        WHERE t.topic = p.topic
        """
    )


def downgrade() -> None:
    """Drops the columns."""
    op.execute("ALTER TABLE partitions DROP COLUMN topic_id, DROP COLUMN first_offset")
