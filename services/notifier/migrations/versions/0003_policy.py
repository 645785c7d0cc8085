"""Letter policies and their versions, letters that wait for staff, notices to staff, and what a digest tells of.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"

WAITING = "('held', 'no-contact', 'on-hold', 'awaiting-release')"

UPGRADE = (
    # The school's event as it came: its calendar is read from it. Schools from before have none until they are sent again.
    "ALTER TABLE schools ADD COLUMN document jsonb",
    "CREATE INDEX contacts_by_school ON contacts (school)",
    "ALTER TABLE crossings ADD COLUMN said_at timestamptz",
    "UPDATE crossings SET said_at = handled_at",
    "ALTER TABLE crossings ALTER COLUMN said_at SET NOT NULL",
    """
    CREATE TABLE policies (
        school text COLLATE "C" NOT NULL,
        version int NOT NULL CHECK (version > 0),
        document jsonb NOT NULL,
        changed_at timestamptz NOT NULL,
        changed_by text NOT NULL,
        PRIMARY KEY (school, version)
    )
    """,
    """
    CREATE TABLE releases (
        id uuid PRIMARY KEY,
        school text COLLATE "C" NOT NULL,
        action text NOT NULL CHECK (action IN ('released', 'discarded')),
        letters int NOT NULL CHECK (letters > 0),
        reason text,
        decided_at timestamptz NOT NULL,
        decided_by text NOT NULL,
        CHECK (action = 'released' OR reason IS NOT NULL)
    )
    """,
    "CREATE INDEX releases_by_school ON releases (school, decided_at)",
    f"""
    ALTER TABLE letters
        DROP CONSTRAINT letters_state_check,
        ADD CONSTRAINT letters_state_check CHECK (state IN {WAITING} OR state IN ('bound', 'cancelled', 'past')),
        ADD COLUMN put_off_until timestamptz,
        ADD COLUMN awaiting_since timestamptz,
        ADD COLUMN release_id uuid REFERENCES releases,
        ADD CHECK (state <> 'awaiting-release' OR awaiting_since IS NOT NULL)
    """,
    "DROP INDEX letters_waiting",
    f"CREATE UNIQUE INDEX letters_waiting ON letters (student_id, term) WHERE state IN {WAITING}",
    "CREATE INDEX letters_of_staff ON letters (school, awaiting_since, id) WHERE state = 'awaiting-release'",
    "CREATE INDEX letters_put_off ON letters (school) WHERE state IN ('held', 'on-hold') AND put_off_until IS NOT NULL",
    """
    CREATE TABLE letter_days (
        school text COLLATE "C" NOT NULL,
        day date NOT NULL,
        going int NOT NULL CHECK (going >= 0),
        kept_back int NOT NULL CHECK (kept_back >= 0),
        PRIMARY KEY (school, day)
    )
    """,
    """
    CREATE TABLE letter_holds (
        student_id uuid NOT NULL,
        term text NOT NULL,
        threshold int NOT NULL CHECK (threshold IN (0, 5, 10, 15)),
        held boolean NOT NULL,
        until date,
        changed_at timestamptz NOT NULL,
        PRIMARY KEY (student_id, term, threshold)
    )
    """,
    """
    CREATE TABLE notices (
        id uuid PRIMARY KEY,
        kind text NOT NULL CHECK (kind IN ('staff-copy', 'digest', 'plan-review', 'release')),
        school text COLLATE "C" NOT NULL,
        status text NOT NULL CHECK (status IN ('waiting', 'no-contact', 'sent', 'failed', 'cancelled')),
        recipient text,
        letter_id uuid REFERENCES letters,
        about jsonb NOT NULL,
        message_id text NOT NULL UNIQUE,
        reason text,
        created_at timestamptz NOT NULL,
        sent_at timestamptz,
        CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
        CHECK ((kind = 'staff-copy') = (letter_id IS NOT NULL))
    )
    """,
    "CREATE INDEX notices_by_school ON notices (school, created_at, id)",
    """
    CREATE TABLE movements (
        event_id text PRIMARY KEY,
        school text COLLATE "C" NOT NULL,
        student_id uuid NOT NULL,
        term text NOT NULL,
        from_tier text NOT NULL CHECK (from_tier IN ('green', 'yellow', 'orange', 'red')),
        to_tier text NOT NULL CHECK (to_tier IN ('green', 'yellow', 'orange', 'red')),
        absent_half_days int NOT NULL CHECK (absent_half_days >= 0),
        said_at timestamptz NOT NULL,
        handled_at timestamptz NOT NULL,
        digest_id uuid REFERENCES notices
    )
    """,
    "CREATE INDEX movements_untold ON movements (school) WHERE digest_id IS NULL",
    "CREATE INDEX movements_of_digest ON movements (digest_id) WHERE digest_id IS NOT NULL",
    """
    CREATE TABLE digest_schedules (
        school text COLLATE "C" PRIMARY KEY,
        since timestamptz NOT NULL,
        last_on date,
        next_on date,
        due_at timestamptz,
        work_id uuid UNIQUE,
        CHECK ((next_on IS NULL) = (due_at IS NULL) AND (due_at IS NULL) = (work_id IS NULL))
    )
    """,
)

DOWNGRADE = (
    "DROP TABLE digest_schedules, movements, notices, letter_holds, letter_days, policies",
    "DROP INDEX letters_put_off, letters_of_staff, letters_waiting, contacts_by_school",
    # What waits for staff would wait for nobody; what was kept back is history.
    """
    UPDATE letters SET reason = coalesce(reason, state), state = 'cancelled' WHERE state IN ('on-hold', 'awaiting-release', 'past')
    """,
    """
    ALTER TABLE letters
        DROP COLUMN put_off_until,
        DROP COLUMN awaiting_since,
        DROP COLUMN release_id,
        DROP CONSTRAINT letters_state_check,
        ADD CONSTRAINT letters_state_check CHECK (state IN ('held', 'no-contact', 'bound', 'cancelled'))
    """,
    "CREATE UNIQUE INDEX letters_waiting ON letters (student_id, term) WHERE state IN ('held', 'no-contact')",
    "DROP TABLE releases",
    "ALTER TABLE crossings DROP COLUMN said_at",
    "ALTER TABLE schools DROP COLUMN document",
    "DELETE FROM work WHERE kind IN ('notice', 'digest')",
)


def upgrade() -> None:
    """Adds the tables, and what letters wait for."""
    for statement in UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    """Takes them away again; letters that waited for staff end."""
    for statement in DOWNGRADE:
        op.execute(statement)
