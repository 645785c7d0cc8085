"""Schools, contacts, cases with their crossings and letters, deliveries; outbox, worklist and dead letters.

Revision ID: 0001
"""

from alembic import op

from shared.deadletters.schema import DEAD_LETTERS_V1
from shared.outbox.schema import OUTBOX_V1
from shared.worklist.schema import WORKLIST_V1

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE schools (
        school text COLLATE "C" PRIMARY KEY,
        name text NOT NULL,
        timezone text NOT NULL,
        contact_email text,
        terms jsonb NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE contacts (
        student_id uuid PRIMARY KEY,
        school text NOT NULL,
        given_name text NOT NULL,
        family_name text NOT NULL,
        year_level int,
        caregivers jsonb NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE cases (
        student_id uuid NOT NULL,
        term text NOT NULL,
        school text NOT NULL,
        student text NOT NULL,
        tier text NOT NULL CHECK (tier IN ('green', 'yellow', 'orange', 'red')),
        absent_half_days int NOT NULL CHECK (absent_half_days >= 0),
        counted_at timestamptz NOT NULL,
        PRIMARY KEY (student_id, term)
    )
    """,
    """
    CREATE TABLE letters (
        id uuid PRIMARY KEY,
        student_id uuid NOT NULL,
        term text NOT NULL,
        school text COLLATE "C" NOT NULL,
        threshold int NOT NULL CHECK (threshold IN (5, 10, 15)),
        state text NOT NULL CHECK (state IN ('held', 'no-contact', 'bound', 'cancelled')),
        due_at timestamptz NOT NULL,
        work_id uuid NOT NULL UNIQUE,
        withdrawn text CHECK (withdrawn IN ('retracted', 'student-left')),
        reason text,
        created_at timestamptz NOT NULL,
        bound_at timestamptz,
        FOREIGN KEY (student_id, term) REFERENCES cases,
        CHECK (state <> 'bound' OR bound_at IS NOT NULL),
        CHECK (withdrawn IS NULL OR bound_at IS NOT NULL)
    )
    """,
    "CREATE UNIQUE INDEX letters_waiting ON letters (student_id, term) WHERE state IN ('held', 'no-contact')",
    "CREATE INDEX letters_by_student ON letters (student_id)",
    "CREATE INDEX letters_by_school ON letters (school, created_at, id)",
    """
    CREATE TABLE crossings (
        student_id uuid NOT NULL,
        term text NOT NULL,
        threshold int NOT NULL CHECK (threshold IN (5, 10, 15)),
        sequence int NOT NULL CHECK (sequence > 0),
        event_id text NOT NULL UNIQUE,
        state text NOT NULL CHECK (state IN ('standing', 'retracted', 'lettered', 'past')),
        letter_id uuid REFERENCES letters,
        handled_at timestamptz NOT NULL,
        PRIMARY KEY (student_id, term, threshold, sequence),
        FOREIGN KEY (student_id, term) REFERENCES cases,
        CHECK (state <> 'lettered' OR letter_id IS NOT NULL)
    )
    """,
    """
    CREATE TABLE deliveries (
        id uuid PRIMARY KEY,
        letter_id uuid NOT NULL REFERENCES letters,
        channel text NOT NULL CHECK (channel IN ('email')),
        status text NOT NULL CHECK (status IN ('waiting', 'sent', 'failed', 'cancelled')),
        recipient text,
        sender_name text NOT NULL,
        reply_to text,
        subject text,
        body_text text,
        body_html text,
        message_id text NOT NULL UNIQUE,
        reason text,
        created_at timestamptz NOT NULL,
        sent_at timestamptz,
        CHECK ((status = 'sent') = (sent_at IS NOT NULL))
    )
    """,
    "CREATE INDEX deliveries_by_letter ON deliveries (letter_id)",
)


def upgrade() -> None:
    """Creates the tables."""
    for statement in (*TABLES, OUTBOX_V1, *WORKLIST_V1, *DEAD_LETTERS_V1):
        op.execute(statement)


def downgrade() -> None:
    """Drops the tables."""
    op.execute("DROP TABLE deliveries, crossings, letters, cases, contacts, schools, outbox, work_attempts, work, dead_letters")
