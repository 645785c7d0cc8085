"""The days of a row have today near the marks of today, so that a mark logs less; and they are kept for rows of the new form alone.

The last release's workers can't write a row of the new form, so nobody has to be watched who would leave old days beside new marks: the
trigger made PostgreSQL lock each row, with a record in its log, before it was written. No release has kept days in the form before.

Revision ID: 0031
"""

from alembic import op
from sqlalchemy import text

revision = "0031"
down_revision = "0030"

outside_transaction = True


def upgrade() -> None:
    """Takes the trigger away; days in the form before are kept anew, a school at a time."""
    op.execute("DROP TRIGGER IF EXISTS days_not_kept ON register")
    op.execute("DROP FUNCTION IF EXISTS days_not_kept")
    _forget_days()
    op.execute("ALTER TABLE register DROP COLUMN IF EXISTS turn")


def downgrade() -> None:
    """Watches the writers again."""
    op.execute("ALTER TABLE register ADD COLUMN IF NOT EXISTS turn boolean NOT NULL DEFAULT false")
    _forget_days()
    op.execute(
        """
        CREATE OR REPLACE FUNCTION days_not_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.days_kept := false;
            RETURN NEW;
        END
        $$
        """
    )
    op.execute(
        """
        CREATE OR REPLACE TRIGGER days_not_kept BEFORE UPDATE ON register
        FOR EACH ROW WHEN (NEW.turn = OLD.turn AND NEW.days_kept) EXECUTE FUNCTION days_not_kept()
        """
    )


def _forget_days() -> None:
    connection = op.get_bind()
    schools = connection.execute(text("SELECT DISTINCT school FROM register WHERE days_kept")).scalars().all()
    for school in schools:
        connection.execute(text("UPDATE register SET days_kept = false WHERE school = :school AND days_kept"), {"school": school})
