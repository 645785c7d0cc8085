"""The days of a register row beside its marks, as lists and analyses read them.

The workers of the last release know nothing of these columns. `turn` tells their updates apart: a writer who keeps the days turns it
each time, and after one who does not, they are taken as not kept. The release after the next can do without `turn` and its trigger.

Revision ID: 0023
"""

from alembic import op

from shared.db.indexes import create_index

revision = "0023"
down_revision = "0022"

outside_transaction = True


def upgrade() -> None:
    """Adds the columns, the trigger, and the index of the rows whose days are still to be kept."""
    op.execute(
        """
        ALTER TABLE register
            ADD COLUMN IF NOT EXISTS days_kept boolean NOT NULL DEFAULT false,
            ADD COLUMN IF NOT EXISTS days bytea,
            ADD COLUMN IF NOT EXISTS turn boolean NOT NULL DEFAULT false
        """
    )
    # Never compressed: it is short, and read by the thousand.
    op.execute("ALTER TABLE register ALTER COLUMN days SET STORAGE PLAIN")
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
    # No column in it changes with a mark, so that a row's next version still lands on its own page.
    create_index("register_days_not_kept", "register (school, term, student) WHERE NOT days_kept")


def downgrade() -> None:
    """Takes them away."""
    op.execute("DROP TRIGGER days_not_kept ON register")
    op.execute("DROP FUNCTION days_not_kept")
    op.execute("ALTER TABLE register DROP COLUMN days_kept, DROP COLUMN days, DROP COLUMN turn")
