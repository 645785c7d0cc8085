"""Partners: the events they may hear, their subscriptions, and the delivery of each to each.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = (
    """
    CREATE TABLE partner_events (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id text NOT NULL UNIQUE,
        event_type text NOT NULL,
        source text NOT NULL,
        school text COLLATE "C" NOT NULL,
        time timestamptz NOT NULL,
        data text NOT NULL
    )
    """,
    "CREATE INDEX partner_events_by_time ON partner_events (time)",
    """
    CREATE TABLE subscriptions (
        id uuid PRIMARY KEY,
        owner text NOT NULL,
        url text NOT NULL,
        schools text[],
        events text[] NOT NULL CHECK (cardinality(events) > 0),
        state text NOT NULL CHECK (state IN ('active', 'paused', 'disabled', 'deleted')),
        reason text CHECK (reason IN ('gone', 'failing')),
        secret bytea,
        previous_secret bytea,
        previous_until timestamptz,
        failing_since timestamptz,
        created_at timestamptz NOT NULL,
        state_since timestamptz NOT NULL,
        CHECK (schools IS NULL OR cardinality(schools) > 0),
        CHECK ((state = 'disabled') = (reason IS NOT NULL)),
        CHECK ((state = 'deleted') = (secret IS NULL)),
        CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
    )
    """,
    "CREATE INDEX subscriptions_by_owner ON subscriptions (owner, created_at, id) WHERE state <> 'deleted'",
    """
    CREATE TABLE webhook_deliveries (
        id uuid PRIMARY KEY,
        subscription_id uuid NOT NULL REFERENCES subscriptions ON DELETE CASCADE,
        position bigint NOT NULL REFERENCES partner_events ON DELETE CASCADE,
        status text NOT NULL CHECK (status IN ('waiting', 'held', 'delivered', 'failed')),
        attempts_before int NOT NULL DEFAULT 0,
        UNIQUE (subscription_id, position)
    )
    """,
    "CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (position)",
    "CREATE INDEX webhook_deliveries_open ON webhook_deliveries (subscription_id, status, position) WHERE status <> 'delivered'",
)


def upgrade() -> None:
    """Creates the tables."""
    for statement in TABLES:
        op.execute(statement)


def downgrade() -> None:
    """Drops the tables, and the work that belongs to them."""
    op.execute("DELETE FROM work WHERE kind = 'webhook'")
    op.execute("DROP TABLE webhook_deliveries, subscriptions, partner_events")
