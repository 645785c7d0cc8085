"""The log's table, for the migration of each schema that keeps one."""

from typing import Final

CREATE: Final = (
    """
    CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.at < now() - interval '7 years' THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION 'lines of % stay as they were written', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
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
    """,
    "CREATE INDEX audit_by_school ON audit (school, at DESC, id DESC)",
    "CREATE INDEX audit_by_time ON audit (at)",
    "CREATE INDEX audit_by_student ON audit USING gin (student_ids)",
    "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays()",
    "CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_stays()",
)
DROP: Final = ("DROP TABLE audit", "DROP FUNCTION audit_stays()")
