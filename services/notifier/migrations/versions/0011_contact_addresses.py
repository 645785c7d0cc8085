"""The ids of caregivers' addresses beside each contact, so that whose an address is takes one join.

Only adds: a worker of the release before goes on without them, and its deletes take them along. Its writes, and the rows from
before, are found by `addresses_at` and made up for when it is needed (`contacts/repository/contacts.py`): whether an address is usable
is judged in Python, so no statement here could do it.

Revision ID: 0011
"""

from alembic import op

from shared.db.indexes import create_index

revision = "0011"
down_revision = "0010"
outside_transaction = True

UPGRADE = (
    """
    CREATE TABLE IF NOT EXISTS contact_addresses (
        student_id uuid NOT NULL REFERENCES contacts ON DELETE CASCADE,
        address_id uuid NOT NULL,
        caregivers text[] NOT NULL,
        PRIMARY KEY (student_id, address_id)
    )
    """,
    "CREATE INDEX IF NOT EXISTS contact_addresses_by_address ON contact_addresses (address_id)",
    "ALTER TABLE contacts ADD COLUMN IF NOT EXISTS addresses_at timestamptz",
)


def upgrade() -> None:
    """Adds the table, and what tells contacts that are not in it."""
    for statement in UPGRADE:
        op.execute(statement)
    create_index("contacts_without_addresses", "contacts (school) WHERE addresses_at IS DISTINCT FROM updated_at")


def downgrade() -> None:
    """Takes them away again."""
    op.execute("DROP INDEX contacts_without_addresses")
    op.execute("ALTER TABLE contacts DROP COLUMN addresses_at")
    op.execute("DROP TABLE contact_addresses")
