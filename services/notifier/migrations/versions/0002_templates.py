"""Schools' own letter templates, letters sent on trial, and what a letter says of the days away.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"

UPGRADE = (
    """
    CREATE TABLE templates (
        school text COLLATE "C" NOT NULL,
        threshold int NOT NULL CHECK (threshold IN (5, 10, 15)),
        language text COLLATE "C" NOT NULL,
        version int NOT NULL CHECK (version > 0),
        subject text,
        body text,
        restored int,
        saved_by text NOT NULL,
        saved_at timestamptz NOT NULL,
        PRIMARY KEY (school, threshold, language, version),
        CHECK ((subject IS NULL) = (body IS NULL))
    )
    """,
    """
    CREATE TABLE trials (
        id uuid PRIMARY KEY,
        school text COLLATE "C" NOT NULL,
        threshold int NOT NULL CHECK (threshold IN (5, 10, 15)),
        status text NOT NULL CHECK (status IN ('waiting', 'sent', 'failed')),
        recipient text,
        sender_name text NOT NULL,
        subject text,
        body_text text,
        body_html text,
        message_id text NOT NULL UNIQUE,
        reason text,
        asked_by text NOT NULL,
        created_at timestamptz NOT NULL,
        sent_at timestamptz,
        CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
        CHECK (status <> 'waiting' OR (recipient IS NOT NULL AND subject IS NOT NULL AND body_text IS NOT NULL AND body_html IS NOT NULL))
    )
    """,
    "CREATE INDEX trials_by_school ON trials (school, created_at)",
    """
    ALTER TABLE cases
        ADD COLUMN absent_on jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN illness_half_days int NOT NULL DEFAULT 0 CHECK (illness_half_days >= 0)
    """,
    """
    ALTER TABLE deliveries
        ADD COLUMN template_language text,
        ADD COLUMN template_version int,
        ADD CHECK (template_version IS NULL OR template_language IS NOT NULL)
    """,
)

DOWNGRADE = (
    "ALTER TABLE deliveries DROP COLUMN template_language, DROP COLUMN template_version",
    "ALTER TABLE cases DROP COLUMN absent_on, DROP COLUMN illness_half_days",
    "DROP TABLE trials, templates",
    "DELETE FROM work WHERE kind = 'trial'",
)


def upgrade() -> None:
    """Adds the tables and columns."""
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    """Takes them away again, the schools' own words with them."""
    for statement in DOWNGRADE:
        op.execute(statement)
