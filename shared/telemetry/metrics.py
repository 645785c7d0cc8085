"""Every metric of the house and what it means. Labels hold names and ids of ours only: never a school, a student or an address."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final

from prometheus_client import Counter, Gauge, Histogram, Info, disable_created_metrics

from shared.version import VERSION

# A twin of each counter and histogram that says when it began: nobody asks for it, and it doubles what Prometheus keeps.
disable_created_metrics()  # type: ignore[no-untyped-call]

BUILD: Final = Info("star_build", "The version of this process")
BUILD.info({"version": VERSION})

MARKS: Final = Counter("star_marks_total", "Marks that came to the door", ["source", "result"])
"""result: accepted, or the reason for which a mark was refused."""

REQUEST_SECONDS: Final = Histogram(
    "star_request_seconds",
    "Time to answer a request",
    ["service", "method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10),
)

BATCH_SECONDS: Final = Histogram(
    "star_batch_seconds",
    "Time to handle one batch of messages, its transaction included",
    ["group"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
MESSAGES: Final = Counter("star_messages_total", "Messages handled", ["group", "topic"])
BATCH_RETRIES: Final = Counter("star_batch_retries_total", "Batches that were tried again because something was away", ["group"])
EVENT_AGE_SECONDS: Final = Histogram(
    "star_event_age_seconds",
    "Age of the oldest event of a batch when it had been handled: how far behind a group is",
    ["group"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600, 3600),
)
MARK_TO_CROSSING: Final = Histogram(
    "star_mark_to_crossing_seconds",
    "Time from the door's receipt of the mark that moved a total past a threshold to the crossing",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200),
)
CROSSING_TO_LETTER: Final = Histogram(
    "star_crossing_to_letter_seconds",
    "Time from a crossing to its letter's leaving, the waiting time and the school's window included",
    buckets=(5, 30, 60, 300, 900, 3600, 4500, 7200, 14_400, 43_200, 86_400, 259_200, 604_800, 1_209_600),
)

LAG_RECORDS: Final = Gauge(
    "star_consumer_lag_records", "Records that a group has yet to read, measured by the APIs", ["group", "topic", "partition"]
)
LAG_SECONDS: Final = Gauge(
    "star_consumer_lag_seconds", "How long the oldest record that a group has yet to read has waited", ["group", "topic", "partition"]
)
MEASURED_AT: Final = Gauge(
    "star_measures_timestamp_seconds", "When an API last measured lag, outbox, work and dead letters, in seconds since 1970", ["service"]
)

OFFSET_GAPS: Final = Gauge(
    "star_offset_gaps", "Findings, not settled yet, that a log does not hold what follows on what a group has consumed", ["group"]
)
UNFORESEEN: Final = Counter(
    "star_unforeseen_total", "Records that failed in a way that no rule foresees, and were set aside: each is a fault of ours", ["group"]
)
PAUSED_PARTITIONS: Final = Gauge("star_paused_partitions", "Partitions that wait for a school's calendar", ["group"])

DEAD_LETTERS: Final = Counter("star_dead_letters_total", "Records, or marks of them, that could not be applied", ["service", "reason"])

DEAD_LETTERS_WAITING: Final = Gauge(
    "star_dead_letters_waiting", "Dead letters that a person has neither redriven nor discarded", ["service", "reason"]
)

MARKS_FOLDED: Final = Counter("star_marks_folded_total", "Marks folded into the register", ["result"])
"""result: changed, or unchanged (a repeat, or older than what the register has)."""

CROSSINGS: Final = Counter("star_crossings_total", "Crossings published", ["threshold", "direction"])

OUTBOX_PENDING: Final = Gauge("star_outbox_pending", "Events that wait to be published", ["service"])
OUTBOX_AGE_SECONDS: Final = Gauge(
    "star_outbox_oldest_seconds", "How long the oldest event that waits to be published has waited; standbys say it too", ["service"]
)
OUTBOX_REFUSED: Final = Gauge("star_outbox_refused", "Events that the bus does not take as they are: a person has to look", ["service"])
OUTBOX_PUBLISHED: Final = Counter("star_outbox_published_total", "Events published from the outbox", ["service", "type"])

LOOP_RESTARTS: Final = Counter("star_loop_restarts_total", "Parts of a process that failed and were started again", ["loop"])

LEASES: Final = Gauge("star_lease_held", "1 in the process that leads under this lease, 0 in those that stand by", ["service", "lease"])

CLOCK_DOUBTED: Final = Gauge("star_clock_doubted", "1 while nothing is sent, closed or deleted, as the clock is far ahead", ["service"])

CLOCK_BEHIND: Final = Gauge("star_clock_behind_seconds", "How far the clock is behind the latest time that a worker has seen", ["service"])

WORK_ATTEMPTS: Final = Counter("star_work_attempts_total", "Attempts at work items", ["service", "kind", "outcome"])
"""outcome: done, retry or failed."""

WORK_DUE: Final = Gauge("star_work_due", "Work items that are due and not done", ["service", "kind"])

WORK_OLDEST_SECONDS: Final = Gauge(
    "star_work_oldest_due_seconds", "How long the oldest work item that is due, and not under way, has been due", ["service", "kind"]
)

LAST_SUCCESS: Final = Gauge(
    "star_last_success_timestamp_seconds",
    "When something last went well, in seconds since 1970; not there before the first time",
    ["service", "what"],
)
"""what: relay (a round, with or without events), letter, webhook, upload or backup."""

RETENTION_ROWS: Final = Counter(
    "star_retention_rows_total", "Rows deleted or erased because they had been kept long enough", ["service", "rule"]
)
RETENTION_FAILURES: Final = Counter(
    "star_retention_failures_total", "Rounds in which a retention rule could not be applied", ["service", "rule"]
)

LETTERS_WAITING: Final = Gauge("star_letters_waiting", "Letters that have not been written yet", ["state"])
"""state: held (its waiting time), on-hold (by staff), no-contact or awaiting-release (a person has to let it go)."""

LETTERS: Final = Counter("star_letters_total", "Letters by what became of them", ["outcome"])
"""outcome: held, no-contact, on-hold (by staff), awaiting-release, released or discarded (by a person), bound (written, with its
recipients), past (due, and not written) or cancelled, for a letter; sent, failed or
bounced, for each recipient's."""

DELIVERY_TROUBLE: Final = Counter(
    "star_delivery_trouble_total", "Attempts at letters that say more of us than of the recipient", ["channel", "kind"]
)
"""kind: set-up (a person has to mend our settings: raise an alarm), away (the server did not answer) or policy (we are not wanted)."""

BOUNCES: Final = Counter("star_bounces_total", "Reports of letters that had left, and refusals at the door", ["kind"])
"""kind: hard, soft, policy, delayed or delivered."""

LETTER_FLOODS: Final = Counter("star_letter_floods_total", "School days on which more letters were due than may go without a person")

NOTICES: Final = Counter("star_notices_total", "E-mails to staff by what became of them", ["kind", "outcome"])
"""kind: staff-copy, digest, plan-review or release; outcome: sent, failed, no-contact or cancelled."""

UPLOADS: Final = Counter("star_uploads_total", "Uploads by what became of them", ["outcome"])
"""outcome: accepted, partly-accepted or refused."""

WEBHOOKS: Final = Counter("star_webhooks_total", "Events sent to partners' subscriptions, by what became of each attempt", ["outcome"])
"""outcome: delivered, retried, failed (given up) or held (its subscription takes nothing now)."""

SUBSCRIPTION_BACKLOG: Final = Gauge(
    "star_subscription_backlog_events",
    "Events that wait for the subscriptions furthest behind, 20 at most, by the subscription's id",
    ["subscription"],
)
SUBSCRIPTIONS_BEHIND: Final = Gauge("star_subscriptions_behind", "Subscriptions for which events wait")

SUBSCRIPTIONS_DISABLED: Final = Counter("star_subscriptions_disabled_total", "Subscriptions that stopped by themselves", ["reason"])
"""reason: gone (the receiver answered 410) or failing (for days)."""

WEBHOOK_TROUBLE: Final = Counter("star_webhook_trouble_total", "Attempts at webhooks that fail until a person mends the receiver", ["kind"])
"""kind: certificate (it is another's, expired or not trusted)."""

UPLOAD_TROUBLE: Final = Counter("star_upload_trouble_total", "Attempts at uploads that fail until a person mends the set-up", ["code"])
"""code: certificate, host-key (of the SFTP server), permission or token-refused: raise an alarm."""

# A counter that appears with its first event has not risen, as Prometheus sees it: what alarms are raised by is there from the start.
for _code in ("certificate", "host-key", "permission", "token-refused"):
    UPLOAD_TROUBLE.labels(_code)
for _outcome in ("accepted", "partly-accepted", "refused"):
    UPLOADS.labels(_outcome)
for _channel in ("email", "text"):
    DELIVERY_TROUBLE.labels(_channel, "set-up")
WEBHOOK_TROUBLE.labels("certificate")

FEED_STREAMS: Final = Gauge("star_feed_streams", "Event streams of the feed that are open now")

UPLOAD_LEADER: Final = Gauge("star_upload_leader", "1 in the process that schedules the weekly uploads, 0 in those that stand by")
UPLOAD_WINDOWS_OVERDUE: Final = Gauge(
    "star_upload_windows_overdue", "Windows that should have been built half an hour ago and are not; counted by the leader"
)
UPLOADS_WAITING: Final = Gauge("star_uploads_waiting", "Uploads without an answer, counted by the leader", ["state"])
"""state: pending, sending, or outcome_unknown (of those that are sending)."""


def observe_age(group: str, times: Collection[datetime], now: datetime) -> None:
    """Notes how old the oldest event of a batch is by now; nothing for a batch without events. Clocks differ, but no age is below zero."""
    if times:
        EVENT_AGE_SECONDS.labels(group).observe(max((now - min(times)).total_seconds(), 0))


_seen: Final[dict[tuple[str, str], set[str]]] = {}


def seen(what: str, schema: str, names: Iterable[str]) -> list[str]:
    """These names and those that were there before: a gauge whose cause is gone goes to 0, instead of standing still."""
    known = _seen.setdefault((what, schema), set())
    known.update(names)
    return sorted(known)


OWNERS: Final[Mapping[str, str]] = {
    "star_marks": "ingest",
    "star_marks_folded": "thresholds",
    "star_crossings": "thresholds",
    "star_mark_to_crossing_seconds": "thresholds",
    "star_feed_streams": "thresholds",
    "star_crossing_to_letter_seconds": "notifier",
    "star_letters": "notifier",
    "star_letters_waiting": "notifier",
    "star_delivery_trouble": "notifier",
    "star_bounces": "notifier",
    "star_letter_floods": "notifier",
    "star_notices": "notifier",
    "star_webhooks": "notifier",
    "star_webhook_trouble": "notifier",
    "star_subscription_backlog_events": "notifier",
    "star_subscriptions_behind": "notifier",
    "star_subscriptions_disabled": "notifier",
    "star_uploads": "moe_sync",
    "star_uploads_waiting": "moe_sync",
    "star_upload_trouble": "moe_sync",
    "star_upload_leader": "moe_sync",
    "star_upload_windows_overdue": "moe_sync",
}
"""The schema of the service that a family belongs to, where no label says it. All other families are of the process."""
