"""The register, STAR records and responses, the feed, and copies of schools and students.

Revision ID: 0001
"""

from alembic import op

from shared.deadletters.schema import DEAD_LETTERS_V1
from shared.outbox.schema import OUTBOX_V1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the tables."""
    op.execute(
        """
        CREATE TABLE schools (
            school text COLLATE "C" PRIMARY KEY,
            document text NOT NULL,
            updated_at timestamptz NOT NULL
        )
        """
    )
    op.execute(
        """
        CREATE TABLE students (
            student_id uuid PRIMARY KEY,
            school text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            given_name text NOT NULL,
            family_name text NOT NULL,
            year_level int,
            groups text[] NOT NULL,
            updated_at timestamptz NOT NULL,
            UNIQUE (school, student)
        )
        """
    )
    # Half of each page stays free, so that a row's next version lands on its own page: no index is touched, and the log holds only
    # the bytes that changed.
    op.execute(
        """
        CREATE TABLE register (
            school text COLLATE "C" NOT NULL,
            term text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            marks bytea NOT NULL CHECK (length(marks) % 17 = 0),
            absent_half_days smallint NOT NULL CHECK (absent_half_days >= 0),
            level smallint NOT NULL CHECK (level = least(absent_half_days / 10, 3)),
            PRIMARY KEY (school, term, student)
        ) WITH (fillfactor = 50)
        """
    )
    op.execute("ALTER TABLE register ALTER COLUMN marks SET STORAGE MAIN")
    op.execute(
        """
        CREATE TABLE star_records (
            id uuid PRIMARY KEY,
            school text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            student_id uuid NOT NULL,
            term text COLLATE "C" NOT NULL,
            threshold smallint CHECK (threshold IN (5, 10, 15)),
            origin text NOT NULL CHECK (origin IN ('crossing', 'manual')),
            sequence int NOT NULL CHECK (sequence > 0),
            absent_half_days smallint NOT NULL,
            crossed_on date NOT NULL,
            status text NOT NULL CHECK (status IN ('open', 'closed', 'withdrawn')),
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX star_records_by_school ON star_records (school, term, id)")
    op.execute("CREATE INDEX star_records_by_student ON star_records (student_id, term)")
    op.execute(
        """
        CREATE TABLE responses (
            id uuid PRIMARY KEY,
            record_id uuid NOT NULL REFERENCES star_records,
            activity text NOT NULL,
            occurred_on date NOT NULL,
            staff text NOT NULL,
            note text,
            recorded_by text NOT NULL,
            recorded_at timestamptz NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX responses_by_record ON responses (record_id, recorded_at)")
    # Filled by the one relay, in the order of the topics, so that a reader who asks for what comes after a position misses nothing.
    op.execute(
        """
        CREATE TABLE feed (
            position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            event_id text NOT NULL UNIQUE,
            event_type text NOT NULL,
            source text NOT NULL,
            school text COLLATE "C" NOT NULL,
            time timestamptz NOT NULL,
            data text NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX feed_by_school ON feed (school, position)")
    op.execute(OUTBOX_V1)
    for statement in DEAD_LETTERS_V1:
        op.execute(statement)


def downgrade() -> None:
    """Drops the tables."""
    op.execute("DROP TABLE feed, responses, star_records, register, students, schools, outbox, dead_letters")
