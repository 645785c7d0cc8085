"""The page on what is kept: every table, with its rule from the workers' own code or the reason why it has none, and every topic."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from deploy.services import schema_of
from services.console.worker import kept as console_kept
from services.ingest.settings import IngestSettings
from services.ingest.worker import kept as ingest_kept
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.worker import kept as moe_sync_kept
from services.notifier.settings import NotifierSettings
from services.notifier.worker import kept as notifier_kept
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import kept as thresholds_kept
from shared.bus.embedded.bus import TOMBSTONES_KEPT
from shared.bus.kafka.topic_settings import COMPACTED_WITHIN
from shared.events.topics import TOPICS, Topic
from shared.retention import Rule
from shared.settings import ServiceName, Settings
from shared.worker import common_rules
from shared.worklist.repository import forget_finished_before

PAGE: Final = Path("docs/reference/what-is-kept.md")

HOLDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bus.messages": "the messages of the bus without a broker: see *Topics*",
        "console.sessions": "sessions of people, sealed, once they have ended",
        "console.failed_sign_ins": "sign-ins that failed, by a digest of the network address",
        "console.used_links": "sign-in links that were used",
        "ingest.held_changes": "changes of a roster that waited for a person, with students' keys",
        "ingest.kamar_chunks": "KAMAR documents as they came, with names: until they are processed; those that failed",
        "ingest.kamar_documents": "the fact that a KAMAR document came, with counts",
        "ingest.kamar_pastoral": "KAMAR's pastoral rows: words about students",
        "ingest.proposals": "questions about the effect of a change",
        "ingest.refusals": "parts of KAMAR documents that were refused, with students' keys",
        "ingest.identity_questions": "questions about keys, with the name of the child who had one before until they are answered",
        "ingest.students": "students and caregivers, with names: until they are taken off or erased; at the latest, after the last day",
        "moe_sync.items": "STAR records and responses, as the Ministry has them",
        "moe_sync.upload_items": "the items of each upload, and rejects",
        "moe_sync.uploads": "uploads as they were sent, without national student numbers once they are answered",
        "moe_sync.versions": "every state of an item",
        "moe_sync.windows": "the weeks that were closed; the newest of a school stays",
        "notifier.bad_addresses": "addresses from which letters came back, after they were cleared, as ids; those that are bad now stay",
        "notifier.bounces": "reports on letters",
        "notifier.cases": "a student's term, as letters speak of it",
        "notifier.crossings": "crossings of a case",
        "notifier.deliveries": "the fact that a letter went; its words and its address have a line of their own below",
        "notifier.letter_days": "the number of letters of a day",
        "notifier.letter_holds": "holds on letters, without reasons",
        "notifier.letter_reads": "the people who looked at a letter",
        "notifier.letters": "the fact that there was a letter, and why it went or did not",
        "notifier.movements": "changes of tier for the digests of staff",
        "notifier.notices": "the fact that an e-mail went to staff",
        "notifier.partner_events": "events for partners, with students' keys",
        "notifier.printed_letters": "which letters were in a pile on paper, and in which place",
        "notifier.printings": "piles of letters on paper: when each was printed and posted, and by whom",
        "notifier.releases": "decisions about letters that waited, with reasons",
        "notifier.replies": "families' answers to letters, with their own words until an erasure",
        "notifier.reply_links": "links in letters, by the digest of their token, once they have ended",
        "notifier.subscriptions": "partners' subscriptions, once they are deleted",
        "notifier.trials": "the fact that a school sent a letter to itself",
        "notifier.webhook_deliveries": "webhooks made of these events",
        "thresholds.casework": "contacts, meetings, support plans and replies, with names and notes; letters that went, by a digest",
        "thresholds.casework_versions": "each version of them",
        "thresholds.corrections": "marks that were changed",
        "thresholds.day_ends": "the day that an item of work ends, once the item is gone",
        "thresholds.enrolments": "students' dates on the roll: of those who are on no roster any more",
        "thresholds.feed": "events for partners, with students' keys",
        "thresholds.holds": "holds on letters, with reasons",
        "thresholds.key_marks": "the marks that came under each key of a child with several",
        "thresholds.past_rolls": "year level and groups in terms that are over",
        "thresholds.duties_told": "the accounts of staff, each with the ids of the things that they were reminded of",
        "thresholds.reminders": "the morning of a school's reminders that an item of work is, once the item is gone",
        "thresholds.plan_reviews": "the plan that an item of work reviews, once the item is gone",
        "thresholds.recalculations": "the fact that rows were folded again",
        "thresholds.record_history": "each step of a STAR record",
        "thresholds.register": "the marks of a student's term",
        "thresholds.reported_dead_letters": "the fact that another service has a dead letter",
        "thresholds.responses": "responses, with notes",
        "thresholds.standings": "the version of a student's total",
        "thresholds.star_records": "STAR records, with reasons",
        "thresholds.transfers": "terms that students brought along, with names",
    }
)
"""The content of each table that has a rule."""

EVERY_SERVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "audit": "looks at students and changes of them, by their keys, with the person who made them",
        "audit_also": "further people to whom the students of such a look were shown",
        "dead_letters": "messages that could not be applied: can have names",
        "erasures": "students who were erased, by their keys",
        "offset_gaps": "gaps of the logs, after they were settled",
        "work": "work that is finished",
        "work_attempts": "the attempts at it; of deliveries, notices, webhooks and uploads, they go with these",
    }
)
"""The tables that each service of the bus has."""

WITHOUT_RULE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bus.leases": "a row for each thing that one process leads",
        "bus.offsets": "a row for each group and partition",
        "bus.partitions": "a row for each partition",
        "ingest.kamar_credentials": "until it is revoked",
        "ingest.kamar_students": "with names: until KAMAR takes the student off, or the student is erased",
        "ingest.key_holders": "keys that a school gave to another child: its marks count by them",
        "ingest.merged_students": "keys of one child, until they are parted",
        "ingest.schools": "a school, as long as it is served: its own data, of no student",
        "moe_sync.key_holders": "keys that a school gave to another child: looks at records are listed by them",
        "moe_sync.nsns": "national student numbers: until the student is taken off or erased, or the school keeps them home",
        "moe_sync.preferences": "a school's choices",
        "moe_sync.readings": "one row",
        "moe_sync.schools": "a school, as long as it is served",
        "notifier.caregiver_decisions": "a school's decisions about words of its system; unused ones go with an erasure",
        "notifier.contact_addresses": "ids of addresses: with the contact",
        "notifier.contacts": "students and caregivers, with names and addresses: until the student is taken off or erased",
        "notifier.digest_schedules": "a row for each school",
        "notifier.letter_rounds": "a row for each school that asks for statements or good news",
        "notifier.key_holders": "keys that a school gave to another child: letters are listed by them",
        "notifier.plan_promises": "the activities that a school's published plan names",
        "notifier.policies": "a school's choices, every version: a letter names the one that it went by",
        "notifier.reply_words": "a school's own words for the page that families open",
        "notifier.schools": "a school, as long as it is served",
        "notifier.templates": "a school's own words, every version: a letter names the one that it was written from",
        "thresholds.activities": "a school's list of activities: responses name them",
        "thresholds.cursor_keys": "the key that seals cursors: one row",
        "thresholds.finished_steps": "steps of an upgrade: a row or none",
        "thresholds.key_holders": "keys that a school gave to another child: registers count by them",
        "thresholds.merged_keys": "keys of one child, until they are parted: registers count by them",
        "thresholds.plans": "a school's published plans, of no student",
        "thresholds.regroupings": "students who are being counted together: until that is done",
        "thresholds.schools": "a school with its calendars, as long as it is served: its registers count by them",
        "thresholds.star_settings": "a school's choices",
        "thresholds.watches": "a school's choices",
        "thresholds.students": "names, year levels and groups: until the student is taken off or erased",
    }
)
"""The reason of each table that has no rule."""

WITHOUT_RULE_EVERYWHERE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "adopts_committed": "one row, of the upgrade from 0.1.0",
        "alembic_version": "one row",
        "clock": "one row: the latest time that was seen",
        "consumed": "a row for each group and partition",
        "leases": "a row for each thing that one process leads",
        "moments": "a row for each thing whose order a service tells",
        "outbox": "until it is published: within seconds, or when a person has mended the bus",
        "parts": "a row for each process that runs: one that is gone, until another starts",
        "restores": "a row for each time that the database was restored",
    }
)

_HEAD: Final = """# Retention: tables, topics and times

Every table of every schema, with its content and the time after which it is deleted. A rule is applied every hour. A table without a rule
has the reason. A student who is [erased](../how-to/erase-a-student.md) is gone from all of them at once; registers and records stay without
a name.

Times are defaults; the settings that change them stand beside them, and [Settings](settings.md) has their bounds. A register counts from
the end of the year that its term lies in: it goes at the earliest seven years after that.

This page is written by `make reference` from the code that deletes.
"""


def rules() -> Mapping[str, Sequence[Rule]]:
    """The rules of each schema, by the default settings."""
    common = common_rules(Settings(), lambda connection, moment, most: forget_finished_before(connection, [], moment, most))
    own = {
        "ingest": ingest_kept(IngestSettings()),
        "thresholds": thresholds_kept(ThresholdsSettings()),
        "notifier": notifier_kept(NotifierSettings()),
        "moe_sync": moe_sync_kept(MoeSyncSettings()),
    }
    return {schema: (*of_service, *common) for schema, of_service in own.items()} | {"console": console_kept()}


def tables_with_rules() -> set[str]:
    """`schema.table` of each table from which a rule deletes."""
    with_rules = {f"{schema}.{table}" for schema, own in rules().items() for rule in own for table in rule.tables}
    return with_rules | {"bus.messages"}


def reason_for(table: str) -> str | None:
    """The reason why a table has no rule; None for one without a reason."""
    return WITHOUT_RULE.get(table) or WITHOUT_RULE_EVERYWHERE.get(table.partition(".")[2])


def in_words(time: timedelta) -> str:
    """A time, as the page says it."""
    if not time:
        return "at once"
    years, rest = divmod(time.days, 365)
    # Seven years have one leap day or two.
    if years > 1 and rest <= years:
        return f"{years} years"
    return "1 day" if time.days == 1 else f"{time.days} days"


def page() -> str:
    """The page, as it should be."""
    parts = [_HEAD]
    services: tuple[ServiceName, ...] = ("ingest", "thresholds", "notifier", "moe-sync", "console")
    for service in services:
        parts += _section(service)
    parts += _every_service()
    parts += _topics()
    return "\n".join(parts) + "\n"


def _section(service: ServiceName) -> Iterator[str]:
    schema = schema_of(service)
    of_table = {table: rule for rule in rules()[schema] for table in rule.tables}
    yield f"\n## {service}\n"
    yield "| table | content | kept |"
    yield "|---|---|---|"
    for table in sorted(of_table.keys() - EVERY_SERVICE.keys()):
        yield f"| `{schema}.{table}` | {HOLDS[f'{schema}.{table}']} | {_kept(of_table[table])} |"
    for name, reason in WITHOUT_RULE.items():
        if name.startswith(f"{schema}."):
            yield f"| `{name}` | {reason} | no rule |"
    if schema == "notifier":
        letters = next(rule for rule in rules()[schema] if rule.name == "letters")
        yield f"| words and addresses in `notifier.deliveries` | the letter as it went | {_kept(letters)} |"


def _every_service() -> Iterator[str]:
    of_table = {table: rule for rule in rules()["ingest"] for table in rule.tables if table in EVERY_SERVICE}
    yield "\n## Each service of the bus\n"
    yield "| table | content | kept |"
    yield "|---|---|---|"
    for table, holds in EVERY_SERVICE.items():
        yield f"| `{table}` | {holds} | {_kept(of_table[table])} |"
    for table, reason in WITHOUT_RULE_EVERYWHERE.items():
        yield f"| `{table}` | {reason} | no rule |"


def _topics() -> Iterator[str]:
    yield "\n## Topics\n"
    yield f"On Kafka, the broker deletes and compacts (within {in_words(COMPACTED_WITHIN)}, plus the run of its cleaner). Without a broker,"
    yield "the schema `bus` has the messages, and the same is done every hour.\n"
    yield "| topic | kept |"
    yield "|---|---|"
    for topic in TOPICS:
        yield f"| `{topic.name}` | {_of_topic(topic)} |"
    yield ""
    yield "A school's last event stays as long as the school is served. A student's ends with a tombstone when the student is taken off or"
    yield f"erased; a standing's, when its STAR records go or the student is erased. A tombstone stays for {in_words(TOMBSTONES_KEPT)}."
    yield "Names and addresses are on `star.students.v1` alone. The marks have students' keys."


def _kept(rule: Rule) -> str:
    setting = f" (`STAR_{rule.setting.upper()}`)" if rule.setting else ""
    return f"{in_words(rule.keep_for)}{setting}"


def _of_topic(topic: Topic) -> str:
    if topic.retention is None:
        return "the last event of each key"
    return in_words(topic.retention)
