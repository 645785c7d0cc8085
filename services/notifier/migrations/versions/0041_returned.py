"""Envelopes that came back: a person says so, and their homes are bad addresses.

Revision ID: 0041
"""

from alembic import op

from shared.db.indexes import add_check

revision = "0041"
down_revision = "0040"
outside_transaction = True


def upgrade() -> None:
    """Lets a report come from a person, and a bad address be a home."""
    add_check("bounces", "bounces_source_check", "source IN ('answer', 'report', 'webhook', 'person')")
    add_check("bad_addresses", "bad_addresses_channel_check", "channel IN ('email', 'text', 'paper')")


def downgrade() -> None:
    """Refuses both again: what people said is forgotten."""
    op.execute("DELETE FROM bad_addresses WHERE channel = 'paper'")
    op.execute("DELETE FROM bounces WHERE source = 'person'")
    add_check("bad_addresses", "bad_addresses_channel_check", "channel IN ('email', 'text')")
    add_check("bounces", "bounces_source_check", "source IN ('answer', 'report', 'webhook')")
