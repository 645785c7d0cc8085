"""Letters on paper: the printings that letters are posted from.

Revision ID: 0034
"""

from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Creates the tables."""
    op.execute(
        """
        CREATE TABLE printings (
            id uuid PRIMARY KEY,
            school text COLLATE "C" NOT NULL,
            sorted_by text NOT NULL CHECK (sorted_by IN ('postcode', 'name')),
            letters int NOT NULL,
            made_at timestamptz NOT NULL,
            made_by text NOT NULL,
            posted_on date,
            posted_at timestamptz,
            posted_by text,
            dropped_at timestamptz,
            CHECK ((posted_on IS NULL) = (posted_at IS NULL) AND (posted_at IS NULL OR dropped_at IS NULL))
        )
        """
    )
    op.execute("CREATE INDEX printings_of_school ON printings (school, made_at, id)")
    op.execute(
        """
        CREATE TABLE printed_letters (
            printing_id uuid NOT NULL REFERENCES printings,
            delivery_id uuid NOT NULL,
            place int NOT NULL,
            PRIMARY KEY (printing_id, delivery_id)
        )
        """
    )
    op.execute("CREATE INDEX printed_letters_by_delivery ON printed_letters (delivery_id)")


def downgrade() -> None:
    """Drops the tables."""
    op.execute("DROP TABLE printed_letters, printings")
