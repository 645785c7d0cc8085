"""Text messages, bounces and bad addresses, letters sent again, who read them, and when they were erased.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"

UPGRADE = (
    """
    ALTER TABLE deliveries
        DROP CONSTRAINT deliveries_channel_check,
        DROP CONSTRAINT deliveries_status_check,
        DROP CONSTRAINT deliveries_check,
        ADD CONSTRAINT deliveries_channel_check CHECK (channel IN ('email', 'text')),
        ADD CONSTRAINT deliveries_status_check CHECK (status IN ('waiting', 'sent', 'failed', 'bounced', 'cancelled')),
        ADD COLUMN bounced_at timestamptz,
        ADD COLUMN refusals int NOT NULL DEFAULT 0 CHECK (refusals >= 0),
        ADD COLUMN resend_of uuid REFERENCES deliveries,
        ADD COLUMN resend_number int CHECK (resend_number > 0),
        ADD COLUMN asked_by text,
        ADD COLUMN asked_because text,
        ADD COLUMN erased_at timestamptz,
        ADD CONSTRAINT deliveries_sent_check CHECK ((status IN ('sent', 'bounced')) = (sent_at IS NOT NULL)),
        ADD CONSTRAINT deliveries_bounced_check CHECK ((status = 'bounced') = (bounced_at IS NOT NULL)),
        ADD CONSTRAINT deliveries_resend_check CHECK ((resend_of IS NULL) = (resend_number IS NULL)),
        ADD CONSTRAINT deliveries_resends UNIQUE (resend_of, resend_number)
    """,
    "CREATE INDEX deliveries_to_erase ON deliveries (created_at) WHERE erased_at IS NULL AND status <> 'waiting'",
    """
    CREATE TABLE bounces (
        delivery_id uuid NOT NULL REFERENCES deliveries,
        kind text NOT NULL CHECK (kind IN ('hard', 'soft', 'policy', 'delayed', 'delivered')),
        status text NOT NULL,
        source text NOT NULL CHECK (source IN ('answer', 'report', 'webhook')),
        address_id uuid,
        counted boolean NOT NULL DEFAULT true,
        said_at timestamptz,
        received_at timestamptz NOT NULL,
        PRIMARY KEY (delivery_id, kind)
    )
    """,
    "CREATE INDEX bounces_by_address ON bounces (address_id, received_at) WHERE kind = 'soft' AND counted",
    """
    CREATE TABLE bad_addresses (
        id uuid PRIMARY KEY,
        school text COLLATE "C" NOT NULL,
        channel text NOT NULL CHECK (channel IN ('email', 'text')),
        address_id uuid NOT NULL,
        address text,
        status text NOT NULL,
        cause text NOT NULL CHECK (cause IN ('answer', 'bounce', 'repeated')),
        delivery_id uuid NOT NULL REFERENCES deliveries,
        marked_at timestamptz NOT NULL,
        cleared_at timestamptz,
        cleared_by text,
        CHECK ((cleared_at IS NULL) = (address IS NOT NULL)),
        CHECK ((cleared_at IS NULL) = (cleared_by IS NULL))
    )
    """,
    "CREATE UNIQUE INDEX bad_addresses_now ON bad_addresses (address_id) WHERE cleared_at IS NULL",
    "CREATE INDEX bad_addresses_by_school ON bad_addresses (school, marked_at, id) WHERE cleared_at IS NULL",
    """
    CREATE TABLE letter_reads (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        delivery_id uuid NOT NULL REFERENCES deliveries,
        read_by text NOT NULL,
        role text NOT NULL,
        read_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX letter_reads_by_delivery ON letter_reads (delivery_id, id)",
    """
    CREATE FUNCTION letter_reads_stay() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'who read a letter is written once, and stays';
    END
    $$
    """,
    """
    CREATE TRIGGER letter_reads_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON letter_reads
        FOR EACH STATEMENT EXECUTE FUNCTION letter_reads_stay()
    """,
)

DOWNGRADE = (
    "DROP TABLE letter_reads, bad_addresses, bounces",
    "DROP FUNCTION letter_reads_stay",
    "DELETE FROM work WHERE kind = 'erasure' OR id IN (SELECT id FROM deliveries WHERE channel = 'text')",
    "DROP INDEX deliveries_to_erase",
    "ALTER TABLE deliveries DROP CONSTRAINT deliveries_resends, DROP CONSTRAINT deliveries_resend_check",
    "DELETE FROM deliveries WHERE channel = 'text'",
    """
    ALTER TABLE deliveries
        DROP CONSTRAINT deliveries_channel_check,
        DROP CONSTRAINT deliveries_status_check,
        DROP CONSTRAINT deliveries_sent_check,
        DROP CONSTRAINT deliveries_bounced_check,
        DROP COLUMN refusals,
        DROP COLUMN resend_of,
        DROP COLUMN resend_number,
        DROP COLUMN asked_by,
        DROP COLUMN asked_because,
        DROP COLUMN erased_at
    """,
    # They had been sent, as far as that schema can say.
    "UPDATE deliveries SET status = 'sent' WHERE status = 'bounced'",
    """
    ALTER TABLE deliveries
        DROP COLUMN bounced_at,
        ADD CONSTRAINT deliveries_channel_check CHECK (channel IN ('email')),
        ADD CONSTRAINT deliveries_status_check CHECK (status IN ('waiting', 'sent', 'failed', 'cancelled')),
        ADD CONSTRAINT deliveries_check CHECK ((status = 'sent') = (sent_at IS NOT NULL))
    """,
)


def upgrade() -> None:
    """Adds the tables, and what deliveries can be besides."""
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    """Takes them away again; text messages go, and letters that came back count as sent."""
    for statement in DOWNGRADE:
        op.execute(statement)
