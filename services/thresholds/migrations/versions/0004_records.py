"""Staff's work with STAR records: outcomes, due days, holds, a school's own activities; the history of all that, and the audit log.

Revision ID: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"

# Labels as they were when those responses were recorded.
STANDARD = {
    "absence-notification-sent": "Absence notification sent",
    "written-communication": "Written communication",
    "conversation-with-whanau": "Conversation with whānau",
    "conversation-with-student": "Conversation with student",
    "positive-reinforcement": "Positive reinforcement",
    "meeting-with-whanau": "Meeting with whānau",
    "barriers-identified": "Barriers identified",
    "individual-support-plan-developed": "Individual support plan developed",
    "support-plan-reviewed": "Support plan reviewed",
    "in-school-support": "In-school support",
    "external-agency-referral": "External agency referral",
    "attendance-service-referral": "Attendance Service referral",
    "ministry-escalation": "Ministry escalation",
    "no-action-reason-recorded": "No action, reason recorded",
}


def upgrade() -> None:
    """Creates the tables, and begins the history of the records that are there."""
    _records()
    _responses()
    _schools_own()
    _holds()
    _logs()


def downgrade() -> None:
    """Drops them."""
    op.execute("DROP TABLE audit, record_history, holds, star_settings, activities")
    op.execute("DROP FUNCTION keep_as_written()")
    op.execute("DELETE FROM responses WHERE withdrawn_at IS NOT NULL")
    op.execute("UPDATE responses SET activity = standard")
    op.execute(
        """
        ALTER TABLE responses DROP COLUMN label, DROP COLUMN standard, DROP COLUMN amended_at,
            DROP COLUMN withdrawn_at, DROP COLUMN withdrawn_by
        """
    )
    op.execute("DROP INDEX star_records_in_order, star_records_open")
    op.execute("ALTER TABLE star_records DROP COLUMN outcome, DROP COLUMN assigned_to, DROP COLUMN due_on, DROP COLUMN reason")


def _records() -> None:
    op.execute(
        """
        ALTER TABLE star_records
            ADD COLUMN outcome text, ADD COLUMN assigned_to text, ADD COLUMN due_on date, ADD COLUMN reason text,
            ADD CHECK (outcome IS NULL OR status = 'closed')
        """
    )
    op.execute("CREATE INDEX star_records_in_order ON star_records (school, id)")
    # What is overdue is looked for among the open ones, which stay few, however many years are kept.
    op.execute("CREATE INDEX star_records_open ON star_records (school, id) WHERE status = 'open'")


def _responses() -> None:
    op.execute(
        """
        ALTER TABLE responses
            ADD COLUMN label text, ADD COLUMN standard text, ADD COLUMN amended_at timestamptz,
            ADD COLUMN withdrawn_at timestamptz, ADD COLUMN withdrawn_by text,
            ADD CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
        """
    )
    op.execute("UPDATE responses SET standard = activity, label = activity")
    for code, label in STANDARD.items():
        op.execute(f"UPDATE responses SET label = '{label}' WHERE activity = '{code}'")  # noqa: S608
    op.execute("ALTER TABLE responses ALTER COLUMN label SET NOT NULL, ALTER COLUMN standard SET NOT NULL")


def _schools_own() -> None:
    op.execute(
        """
        CREATE TABLE activities (
            school text COLLATE "C" NOT NULL,
            activity text COLLATE "C" NOT NULL,
            place int NOT NULL CHECK (place >= 0),
            label text NOT NULL,
            standard text NOT NULL,
            thresholds smallint[] NOT NULL CHECK (thresholds <@ CAST(ARRAY[5, 10, 15] AS smallint[])),
            retired boolean NOT NULL,
            PRIMARY KEY (school, activity)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE star_settings (
            school text COLLATE "C" PRIMARY KEY,
            due_after_5 smallint CHECK (due_after_5 > 0),
            due_after_10 smallint CHECK (due_after_10 > 0),
            due_after_15 smallint CHECK (due_after_15 > 0)
        )
        """
    )


def _holds() -> None:
    op.execute(
        """
        CREATE TABLE holds (
            id uuid PRIMARY KEY,
            school text COLLATE "C" NOT NULL,
            student text COLLATE "C" NOT NULL,
            student_id uuid NOT NULL,
            term text COLLATE "C" NOT NULL,
            threshold smallint CHECK (threshold IN (5, 10, 15)),
            reason text NOT NULL,
            until date,
            held_by text NOT NULL,
            held_at timestamptz NOT NULL,
            lifted_by text,
            lifted_at timestamptz,
            CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX holds_standing ON holds (student_id, term, coalesce(threshold, 0)) WHERE lifted_at IS NULL")
    op.execute("CREATE INDEX holds_by_student ON holds (student_id, term)")


def _logs() -> None:
    # What happened stays as it was written down, for the seven years that registers are kept; after them it may go.
    op.execute(
        """
        CREATE FUNCTION keep_as_written() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF OLD.at < now() - interval '7 years' THEN
                    RETURN OLD;
                END IF;
            END IF;
            RAISE EXCEPTION 'lines of % stay as they were written', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TABLE record_history (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            record_id uuid NOT NULL REFERENCES star_records,
            response_id uuid,
            at timestamptz NOT NULL,
            subject text,
            action text NOT NULL,
            changes jsonb NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX record_history_by_record ON record_history (record_id, id)")
    op.execute(
        """
        INSERT INTO record_history (record_id, at, action, changes)
        SELECT id, created_at, CASE origin WHEN 'crossing' THEN 'crossed' ELSE 'opened' END, '{}' FROM star_records ORDER BY created_at, id
        """
    )
    op.execute(
        """
        INSERT INTO record_history (record_id, response_id, at, subject, action, changes)
        SELECT record_id, id, recorded_at, recorded_by, 'response-recorded', '{}' FROM responses ORDER BY recorded_at, id
        """
    )
    op.execute(
        """
        CREATE TABLE audit (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at timestamptz NOT NULL,
            subject text NOT NULL,
            role text NOT NULL,
            action text NOT NULL,
            school text COLLATE "C" NOT NULL,
            students text[] NOT NULL,
            student_ids uuid[] NOT NULL,
            record_id uuid,
            fields text[] NOT NULL,
            filters jsonb NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX audit_by_school ON audit (school, at DESC, id DESC)")
    op.execute("CREATE INDEX audit_by_time ON audit (at)")
    op.execute("CREATE INDEX audit_by_student ON audit USING gin (student_ids)")
    for table in ("record_history", "audit"):
        op.execute(f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_as_written()")
        op.execute(f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} EXECUTE FUNCTION keep_as_written()")
