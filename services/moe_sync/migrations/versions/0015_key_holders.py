"""The children behind keys that a school has given to more than one.

Revision ID: 0015
"""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Adds the table, with those of whom there are records. The release before names them by the engine's keys."""
    op.execute(
        """
        CREATE TABLE key_holders (
            school text COLLATE "C" NOT NULL,
            key text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            since timestamptz NOT NULL,
            PRIMARY KEY (school, key, student)
        )
        """
    )
    op.execute(
        """
        INSERT INTO key_holders (school, key, student, since)
        SELECT DISTINCT school, found[1], student, timestamptz '1970-01-01 00:00:00Z' + CAST(found[2] AS int) * interval '24 hours'
        FROM (SELECT school, knowledge #>> '{subject,student}' AS student FROM items WHERE kind = 'record') told,
            regexp_match(student, '^(.+)~([2-9]|[1-9][0-9]{1,2})$') found
        WHERE found IS NOT NULL
        """
    )


def downgrade() -> None:
    """Drops it."""
    op.execute("DROP TABLE key_holders")
