"""Nothing is kept without an end: each table of each schema has a rule, or a reason why it needs none; and the rules delete what is old."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from deploy.reference import kept
from shared.db.engine import create_engine
from shared.retention import Retention
from tests.integration.shared.conftest import Sql
from tests.support.everywhere import tables

NOW = datetime(2026, 11, 30, tzinfo=UTC)
OLD_TERM, YOUNG_TERM = "2018-T4", "2019-T1"
OLD = datetime(2018, 11, 1, tzinfo=UTC)
YOUNG = NOW - timedelta(days=20)


async def test_each_table_has_a_rule_or_a_reason(database_url: str) -> None:
    every = set(await tables(database_url))
    with_rules = kept.tables_with_rules()
    assert {table for table in every if table not in with_rules and kept.reason_for(table) is None} == set()
    assert {table for table in with_rules if kept.reason_for(table) is not None} == set()
    named = with_rules | set(kept.WITHOUT_RULE)
    assert {table for table in named if table not in every} == set()


async def apply(database_url: str, schema: str) -> dict[str, int]:
    """The number of rows that each rule of a service deletes."""
    engine = create_engine(database_url, schema, pool_size=1)
    retention = Retention(schema, engine, kept.rules()[schema], lambda: NOW)
    rows = {rule.name: await retention.apply(rule, asyncio.Event()) for rule in retention.rules}
    await engine.dispose()
    return {name: number for name, number in rows.items() if number}


async def ids(sql: Sql, table: str, column: str = "id") -> list[object]:
    return sorted(row[0] for row in await sql(f"SELECT {column} FROM {table}"))


async def record(sql: Sql, who: UUID, term: str, at: datetime) -> UUID:
    id_ = uuid4()
    await sql(
        """
        INSERT INTO thresholds.star_records (id, school, student, student_id, term, threshold, origin, sequence, absent_half_days,
            crossed_on, status, created_at, updated_at) VALUES ($1, '0999', '1', $2, $3, 5, 'crossing', 1, 10, $4, 'open', $5, $5)
        """,
        id_,
        who,
        term,
        at.date(),
        at,
    )
    await sql(
        """
        INSERT INTO thresholds.responses (id, record_id, activity, occurred_on, staff, recorded_by, recorded_at, label, standard)
        VALUES (gen_random_uuid(), $1, 'a', $2, 's', 's', $3, 'l', 'a')
        """,
        id_,
        at.date(),
        at,
    )
    await sql("INSERT INTO thresholds.record_history (record_id, at, action, changes) VALUES ($1, $2, 'crossed', '{}')", id_, at)
    return id_


async def test_registers_and_records_end_after_seven_years(database_url: str, sql: Sql) -> None:
    await sql("INSERT INTO thresholds.schools (school, document, updated_at) VALUES ('0999', '{}', $1)", OLD)
    whose = {OLD_TERM: uuid4(), YOUNG_TERM: uuid4()}
    for term, who in whose.items():
        await sql("INSERT INTO thresholds.register VALUES ('0999', $1, '1', '', 0, 0)", term)
        await sql("INSERT INTO thresholds.corrections VALUES ('0999', $1, '1', 1, 1, 2, $2, $2, $2, 'api')", term, OLD)
        await sql("INSERT INTO thresholds.standings VALUES ($1, $2, 1, '')", who, term)
        await sql(
            """
            INSERT INTO thresholds.holds (id, school, student, student_id, term, reason, held_by, held_at)
            VALUES (gen_random_uuid(), '0999', '1', $1, $2, 'r', 's', $3)
            """,
            who,
            term,
            OLD,
        )
        await sql(
            """
            INSERT INTO thresholds.transfers (id, school, student, student_id, term, from_school, exported_at, document, state, imported_by,
                imported_at) VALUES (gen_random_uuid(), '0999', '1', $1, $2, '0189', $3, '', 'active', 's', $3)
            """,
            who,
            term,
            OLD,
        )
    old = await record(sql, whose[OLD_TERM], OLD_TERM, OLD)
    young = await record(sql, whose[YOUNG_TERM], YOUNG_TERM, OLD)
    # A step of last month keeps a record, whatever its term.
    noted = await record(sql, uuid4(), OLD_TERM, YOUNG)
    for student in ("gone", "here"):
        await sql("INSERT INTO thresholds.enrolments (school, student, earlier, updated_at) VALUES ('0999', $1, '[]', $2)", student, OLD)
    await sql(
        "INSERT INTO thresholds.students (student_id, school, student, given_name, family_name, groups, updated_at, caregivers, addresses)"
        " VALUES (gen_random_uuid(), '0999', 'here', 'A', 'B', '{}', $1, 0, 0)",
        OLD,
    )

    done = await apply(database_url, "thresholds")
    assert done == {"star-records": 1, "holds": 1, "corrections": 1, "register": 1, "enrolments": 1, "transfers": 1}
    assert await ids(sql, "thresholds.star_records") == sorted([young, noted]) and old not in await ids(sql, "thresholds.star_records")
    assert len(await ids(sql, "thresholds.responses")) == len(await ids(sql, "thresholds.record_history")) == 2
    for table in ("register", "corrections", "standings", "holds", "transfers"):
        assert await ids(sql, f"thresholds.{table}", "term") == [YOUNG_TERM], table
    assert await ids(sql, "thresholds.enrolments", "student") == ["here"]
    # The compacted topic would keep the standing for ever.
    assert [(row[0], row[1]) for row in await sql("SELECT convert_from(key, 'UTF8'), value FROM thresholds.outbox")] == [
        (str(whose[OLD_TERM]), None)
    ]
    assert await apply(database_url, "thresholds") == {}


async def test_what_was_about_work_goes_with_it(database_url: str, sql: Sql) -> None:
    there, gone = uuid4(), uuid4()
    await sql("INSERT INTO thresholds.work (id, kind, due_at, created_at) VALUES ($1, 'day-end', $2, $2)", there, YOUNG)
    for id_ in (there, gone):
        await sql("INSERT INTO thresholds.day_ends VALUES ($1, '0999', '2026-10-12')", id_)
    for ended in (OLD, YOUNG):
        await sql(
            """
            INSERT INTO thresholds.recalculations (id, school, cause, terms, state, rows_total, created_at, finished_at)
            VALUES (gen_random_uuid(), '0999', 'calendar', '{}', 'done', 0, $1, $1)
            """,
            ended,
        )
        await sql(
            """
            INSERT INTO thresholds.offset_gaps (consumer_group, topic, partition, kind, from_offset, to_offset, settled_at)
            VALUES ('g', 't', 0, 'lost', 1, 2, $1)
            """,
            ended,
        )
    assert await apply(database_url, "thresholds") == {"day-ends": 1, "recalculations": 1, "offset-gaps": 1}
    assert await ids(sql, "thresholds.day_ends") == [there]


async def letter(sql: Sql, term: str, at: datetime) -> UUID:
    """A case with all that can hang on it; the delivery's id."""
    who, letter_id, delivery, notice = uuid4(), uuid4(), uuid4(), uuid4()
    await sql("INSERT INTO notifier.cases (student_id, term, school, student, tier, absent_half_days, counted_at) VALUES"
              " ($1, $2, '0999', '1', 'yellow', 10, $3)", who, term, at)  # fmt: skip
    release = uuid4()
    await sql("INSERT INTO notifier.releases VALUES ($1, '0999', 'released', 1, NULL, $2, 's')", release, at)
    await sql(
        """
        INSERT INTO notifier.letters (id, student_id, term, school, threshold, state, due_at, work_id, created_at, bound_at, release_id)
        VALUES ($1, $2, $3, '0999', 5, 'bound', $4, gen_random_uuid(), $4, $4, $5)
        """,
        letter_id,
        who,
        term,
        at,
        release,
    )
    await sql(
        """
        INSERT INTO notifier.crossings (student_id, term, threshold, sequence, event_id, state, letter_id, handled_at, said_at)
        VALUES ($1, $2, 5, 1, $3, 'lettered', $4, $5, $5)
        """,
        who,
        term,
        str(who),
        letter_id,
        at,
    )
    await sql(
        """
        INSERT INTO notifier.deliveries (id, letter_id, channel, status, recipient, sender_name, message_id, created_at, sent_at)
        VALUES ($1, $2, 'email', 'sent', 'a@example.test', 's', $4, $3, $3)
        """,
        delivery,
        letter_id,
        at,
        str(delivery),
    )
    await sql("INSERT INTO notifier.letter_reads (delivery_id, read_by, role, read_at) VALUES ($1, 's', 'admin', $2)", delivery, at)
    await sql(
        "INSERT INTO notifier.bounces (delivery_id, kind, status, source, received_at) VALUES ($1, 'soft', '4', 'report', $2)", delivery, at
    )
    await sql(
        """
        INSERT INTO notifier.bad_addresses (id, school, channel, address_id, address, status, cause, delivery_id, marked_at)
        VALUES (gen_random_uuid(), '0999', 'email', gen_random_uuid(), 'a@example.test', '5', 'bounce', $1, $2)
        """,
        delivery,
        at,
    )
    await sql(
        """
        INSERT INTO notifier.notices (id, kind, school, status, letter_id, about, message_id, created_at, sent_at)
        VALUES ($1, 'staff-copy', '0999', 'sent', $2, '{}', $4, $3, $3)
        """,
        notice,
        letter_id,
        at,
        str(notice),
    )
    await sql("INSERT INTO notifier.letter_holds VALUES ($1, $2, 0, true, NULL, $3)", who, term, at)
    await sql(
        """
        INSERT INTO notifier.movements (event_id, school, student_id, term, from_tier, to_tier, absent_half_days, said_at, handled_at)
        VALUES ($1, '0999', $2, $3, 'green', 'yellow', 10, $4, $4)
        """,
        str(who),
        who,
        term,
        at,
    )
    return delivery


async def test_letters_and_their_facts_end_with_the_registers(database_url: str, sql: Sql) -> None:
    await letter(sql, OLD_TERM, OLD)
    young = await letter(sql, "2026-T4", YOUNG)
    looked_at = await letter(sql, OLD_TERM, OLD)
    await sql("INSERT INTO notifier.letter_reads (delivery_id, read_by, role, read_at) VALUES ($1, 's', 'admin', $2)", looked_at, YOUNG)
    for at in (OLD, YOUNG):
        await sql("INSERT INTO notifier.letter_days VALUES ('0999', $1, 1, 0)", at.date())

    done = await apply(database_url, "notifier")
    assert done == {"letters": 2, "cases": 1, "letter-days": 1, "releases": 1, "movements": 1}
    assert await ids(sql, "notifier.deliveries") == sorted([young, looked_at])
    for table, left in {
        "cases": 2,
        "letters": 2,
        "crossings": 2,
        "bounces": 2,
        "bad_addresses": 2,
        "notices": 2,
        "letter_holds": 2,
    }.items():
        assert len(await sql(f"SELECT 1 FROM notifier.{table}")) == left, table
    assert len(await ids(sql, "notifier.letter_reads")) == 3


async def test_the_record_of_who_read_a_letter_stays_seven_years(sql: Sql) -> None:
    delivery = await letter(sql, OLD_TERM, YOUNG)
    for statement in (
        "UPDATE notifier.letter_reads SET read_by = 'nobody'",
        "DELETE FROM notifier.letter_reads",
        "TRUNCATE notifier.letter_reads",
    ):
        with pytest.raises(Exception, match="written once"):
            await sql(statement)
    assert [row[0] for row in await sql("SELECT delivery_id FROM notifier.letter_reads")] == [delivery]


async def test_kamars_rows_and_students_who_left_end(database_url: str, sql: Sql) -> None:
    await sql("INSERT INTO ingest.schools (school, document, updated_at) VALUES ('0999', '{}', $1)", OLD)
    left = NOW - timedelta(days=500)
    for number, at in enumerate((left, YOUNG)):
        document = uuid4()
        await sql("INSERT INTO ingest.kamar_pastoral VALUES ('0999', '1', 'A', $1, '{}', $2)", str(number), at)
        await sql(
            """
            INSERT INTO ingest.kamar_documents (id, school, username, sync, received_at, state, settled_at)
            VALUES ($1, '0999', 'u', 'full', $2, 'failed', $2)
            """,
            document,
            at,
        )
        await sql("INSERT INTO ingest.refusals VALUES (gen_random_uuid(), '0999', $1, '1', NULL, 'r', 'd', 1, $2)", document, at)
    dates = {"left": (None, left), "came-back": (YOUNG, left), "leaves": (None, YOUNG), "stays": (None, None)}
    for student, (starts_on, leaves_on) in dates.items():
        await sql(
            "INSERT INTO ingest.students VALUES ('0999', $1, jsonb_build_object('starts_on', $2::date, 'leaves_on', $3::date))",
            student,
            starts_on and starts_on.date(),
            leaves_on and leaves_on.date(),
        )
    done = await apply(database_url, "ingest")
    assert done == {"students-left": 1, "kamar-documents": 1, "kamar-pastoral": 1}
    assert await ids(sql, "ingest.students", "student") == ["came-back", "leaves", "stays"]
    assert await ids(sql, "ingest.kamar_pastoral", "ref") == ["1"]
    assert len(await ids(sql, "ingest.refusals")) == 1
    # Everywhere: a tombstone follows.
    assert [row[0] for row in await sql("SELECT value FROM ingest.outbox")] == [None]


async def test_windows_end_and_the_newest_stays(database_url: str, sql: Sql) -> None:
    await sql("INSERT INTO moe_sync.schools (school, document, updated_at) VALUES ('0999', '{}', $1)", OLD)
    weeks: Sequence[str] = ("2018-W44", "2018-W45")
    for week in weeks:
        await sql(
            "INSERT INTO moe_sync.windows (id, school, week, done_at, due_at) VALUES (gen_random_uuid(), '0999', $1, $2, $2)", week, OLD
        )
    assert await apply(database_url, "moe_sync") == {"windows": 1}
    assert await ids(sql, "moe_sync.windows", "week") == ["2018-W45"]


async def test_what_never_became_an_item_ends_by_its_newest_fact(database_url: str, sql: Sql) -> None:
    known = {"old": {"at": OLD}, "young": {"at": YOUNG}, "mentioned": {"staff": {"status": "open", "at": YOUNG}, "opening": {"at": OLD}}}
    made: dict[str, UUID] = {}
    for name, knowledge in known.items():
        made[name] = uuid4()
        await sql(
            "INSERT INTO moe_sync.items (id, kind, school, record_id, knowledge) VALUES ($1, 'response', '0999', gen_random_uuid(), $2)",
            made[name],
            json.dumps(knowledge, default=str),
        )
    assert await apply(database_url, "moe_sync") == {"items": 1}
    assert await ids(sql, "moe_sync.items") == sorted([made["young"], made["mentioned"]])
