"""KAMAR's door: credentials, documents, students, pastoral rows, what was refused; the worklist.

Revision ID: 0002
"""

from alembic import op

from shared.worklist.schema import WORKLIST_V1

revision = "0002"
down_revision = "0001"

_TABLES = (
    """
    CREATE TABLE kamar_credentials (
        username text COLLATE "C" PRIMARY KEY,
        school text COLLATE "C" NOT NULL REFERENCES schools,
        password_hash text NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz
    )
    """,
    "CREATE INDEX kamar_credentials_by_school ON kamar_credentials (school)",
    # No personal data here: this outlives the documents.
    """
    CREATE TABLE kamar_documents (
        id uuid PRIMARY KEY,
        number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        school text COLLATE "C" NOT NULL REFERENCES schools,
        username text NOT NULL,
        sync text NOT NULL,
        received_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('arriving', 'waiting', 'done', 'failed', 'refused')),
        chunks int NOT NULL DEFAULT 0 CHECK (chunks >= 0),
        bytes bigint NOT NULL DEFAULT 0,
        batches int NOT NULL DEFAULT 0,
        failures int NOT NULL DEFAULT 0,
        counts jsonb NOT NULL DEFAULT '{}',
        refused jsonb NOT NULL DEFAULT '{}',
        listed jsonb NOT NULL DEFAULT '{}',
        error text,
        settled_at timestamptz,
        CHECK ((state IN ('arriving', 'waiting')) = (settled_at IS NULL))
    )
    """,
    "CREATE INDEX kamar_documents_by_school ON kamar_documents (school, number)",
    "CREATE INDEX kamar_documents_waiting ON kamar_documents (school, number) WHERE state = 'waiting'",
    """
    CREATE TABLE kamar_chunks (
        document uuid NOT NULL REFERENCES kamar_documents ON DELETE CASCADE,
        number int NOT NULL,
        data bytea NOT NULL,
        PRIMARY KEY (document, number)
    )
    """,
    # Written once, read once and deleted: compressing them would take longer than all the rest.
    "ALTER TABLE kamar_chunks ALTER COLUMN data SET STORAGE EXTERNAL",
    """
    CREATE TABLE kamar_students (
        school text COLLATE "C" NOT NULL REFERENCES schools,
        student text COLLATE "C" NOT NULL,
        fields jsonb NOT NULL,
        digest bytea,
        seen_in uuid NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (school, student)
    )
    """,
    """
    CREATE TABLE kamar_pastoral (
        school text COLLATE "C" NOT NULL REFERENCES schools,
        student text COLLATE "C" NOT NULL,
        type text COLLATE "C" NOT NULL,
        ref text COLLATE "C" NOT NULL,
        document jsonb NOT NULL,
        said_at timestamptz NOT NULL,
        PRIMARY KEY (school, student, type, ref)
    )
    """,
    """
    CREATE TABLE refusals (
        id uuid PRIMARY KEY,
        school text COLLATE "C" NOT NULL,
        document uuid NOT NULL REFERENCES kamar_documents ON DELETE CASCADE,
        student text COLLATE "C",
        day date,
        reason text NOT NULL,
        detail text NOT NULL,
        count int NOT NULL CHECK (count > 0),
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX refusals_by_school ON refusals (school, at DESC, id DESC)",
    "CREATE INDEX refusals_by_document ON refusals (document)",
)


def upgrade() -> None:
    """Creates the tables."""
    for statement in (*WORKLIST_V1, *_TABLES):
        op.execute(statement)


def downgrade() -> None:
    """Drops the tables."""
    op.execute("DROP TABLE refusals, kamar_pastoral, kamar_students, kamar_chunks, kamar_documents, kamar_credentials, work_attempts, work")
