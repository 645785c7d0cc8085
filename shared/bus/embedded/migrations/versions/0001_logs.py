"""Append-only logs with offsets per group.

Revision ID: 0001
"""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the partitions, their messages and the groups' offsets."""
    # The row of a partition is locked by each writer until it commits: offsets have no gaps, and become visible in order.
    op.execute(
        """
        CREATE TABLE partitions (
            topic text COLLATE "C" NOT NULL,
            partition int NOT NULL CHECK (partition >= 0),
            next_offset bigint NOT NULL DEFAULT 0,
            PRIMARY KEY (topic, partition)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE messages (
            topic text COLLATE "C" NOT NULL,
            partition int NOT NULL,
            "offset" bigint NOT NULL,
            key bytea NOT NULL,
            value bytea,
            headers text NOT NULL,
            appended_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (topic, partition, "offset")
        )
        """
    )
    # Only compacted topics are searched by key.
    op.execute(
        """
        CREATE INDEX messages_by_key ON messages (topic, partition, key, "offset")
        WHERE topic IN ('star.schools.v1', 'star.students.v1')
        """
    )
    op.execute(
        """
        CREATE TABLE offsets (
            consumer_group text COLLATE "C" NOT NULL,
            topic text COLLATE "C" NOT NULL,
            partition int NOT NULL,
            next_offset bigint NOT NULL,
            PRIMARY KEY (consumer_group, topic, partition),
            FOREIGN KEY (topic, partition) REFERENCES partitions
        )
        """
    )


def downgrade() -> None:
    """Drops everything the log holds."""
    op.execute("DROP TABLE offsets, messages, partitions")
