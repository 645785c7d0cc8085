"""The dashboards: an overview, the path of marks, letters, partners, uploads, and one part's insides."""

from typing import Final

from deploy.dashboards.board import Board, Panel, Query, Row


def _quantiles(metric: str, by: str = "") -> tuple[Query, ...]:
    """The median and the 99th percentile of a histogram, of the last five minutes."""
    keys = f"le, {by}" if by else "le"
    name = f" {{{{{by}}}}}" if by else ""
    return tuple(
        Query(f"histogram_quantile({share}, sum by ({keys}) (rate({metric}_bucket[5m])))", f"{word}{name}")
        for share, word in ((0.5, "median"), (0.99, "p99"))
    )


OVERVIEW: Final = Board(
    "overview",
    "STAR: overview",
    (
        Row(
            "Now",
            (
                Panel(
                    "Behind",
                    "Oldest record that a group has yet to read",
                    [Query("max(star_consumer_lag_seconds)")],
                    "s",
                    now=True,
                    alarm=300,
                ),
                Panel(
                    "Outbox", "Oldest event that waits to be published", [Query("max(star_outbox_oldest_seconds)")], "s", now=True, alarm=60
                ),
                Panel("Work", "Oldest work item that is due", [Query("max(star_work_oldest_due_seconds)")], "s", now=True, alarm=3600),
                Panel(
                    "Dead letters",
                    "They wait for a person",
                    [Query("sum(max by (service, reason) (star_dead_letters_waiting))")],
                    now=True,
                    alarm=1,
                ),
                Panel("Gaps", "Messages that a log no longer held", [Query("sum(max by (group) (star_offset_gaps))")], now=True, alarm=1),
                Panel("Clock", "1 while a clock is doubted", [Query("max(star_clock_doubted)")], now=True, alarm=1),
            ),
        ),
        Row(
            "Last success",
            tuple(
                Panel(
                    what,
                    f"When this last went well: {what}",
                    [Query(f'1000 * max(star_last_success_timestamp_seconds{{what="{what}"}})')],
                    "dateTimeFromNow",
                    now=True,
                )
                for what in ("relay", "letter", "webhook", "upload", "backup")
            ),
        ),
        Row(
            "Traffic",
            (
                Panel(
                    "Marks a second", "Accepted at the door", [Query('sum(rate(star_marks_total{result="accepted"}[5m]))', "marks")], "ops"
                ),
                Panel(
                    "Requests a second",
                    "By service",
                    [Query("sum by (service) (rate(star_request_seconds_count[5m]))", "{{service}}")],
                    "reqps",
                ),
                Panel(
                    "Errors",
                    "The share of answers with status 500 and above",
                    [
                        Query(
                            'sum by (service) (rate(star_request_seconds_count{status=~"5.."}[5m]))'
                            " / sum by (service) (rate(star_request_seconds_count[5m]))",
                            "{{service}}",
                        )
                    ],
                    "percentunit",
                    alarm=0.05,
                ),
            ),
        ),
        Row(
            "Processes",
            (
                Panel("Versions", "Processes of each version", [Query("count by (version) (star_build_info)", "{{version}}")]),
                Panel("Memory", "Resident", [Query("process_resident_memory_bytes", "{{instance}}")], "bytes"),
                Panel("Processor", "Seconds a second", [Query("rate(process_cpu_seconds_total[5m])", "{{instance}}")]),
            ),
        ),
    ),
)

MARKS: Final = Board(
    "marks",
    "STAR: the path of marks",
    (
        Row(
            "The door",
            (
                Panel(
                    "Marks",
                    "By source and what became of them",
                    [Query("sum by (source, result) (rate(star_marks_total[5m]))", "{{source}} {{result}}")],
                    "ops",
                ),
                Panel("Time to answer", "Posting marks", [*_quantiles("star_request_seconds", "service")], "s"),
            ),
        ),
        Row(
            "The heart",
            (
                Panel(
                    "Records behind",
                    "By group",
                    [Query("sum by (group) (max by (group, topic, partition) (star_consumer_lag_records))", "{{group}}")],
                ),
                Panel("Seconds behind", "By group", [Query("max by (group) (star_consumer_lag_seconds)", "{{group}}")], "s", alarm=300),
                Panel("Time of a batch", "Its transaction included", [*_quantiles("star_batch_seconds", "group")], "s"),
            ),
        ),
        Row(
            "Crossings",
            (
                Panel(
                    "Marks folded",
                    "changed, or unchanged: a repeat",
                    [Query("sum by (result) (rate(star_marks_folded_total[5m]))", "{{result}}")],
                    "ops",
                ),
                Panel(
                    "Crossings",
                    "By threshold and direction",
                    [Query("sum by (threshold, direction) (increase(star_crossings_total[1h]))", "{{threshold}} {{direction}}")],
                ),
                Panel("From mark to crossing", "From the door's receipt", [*_quantiles("star_mark_to_crossing_seconds")], "s"),
            ),
        ),
        Row(
            "What could not be applied",
            (
                Panel(
                    "Dead letters",
                    "That wait, by service and reason",
                    [Query("max by (service, reason) (star_dead_letters_waiting)", "{{service}} {{reason}}")],
                ),
                Panel(
                    "Paused partitions",
                    "They wait for a school's calendar",
                    [Query("max by (group) (star_paused_partitions)", "{{group}}")],
                ),
                Panel(
                    "Unforeseen",
                    "Records that failed as no rule foresees",
                    [Query("sum by (group) (increase(star_unforeseen_total[1h]))", "{{group}}")],
                    alarm=1,
                ),
            ),
        ),
    ),
)

LETTERS: Final = Board(
    "letters",
    "STAR: letters",
    (
        Row(
            "Waiting",
            (
                Panel("Letters that wait", "By state", [Query("max by (state) (star_letters_waiting)", "{{state}}")]),
                Panel("Due work", "By kind", [Query('max by (kind) (star_work_due{service="notifier"})', "{{kind}}")]),
                Panel(
                    "Oldest due work",
                    "By kind",
                    [Query('max by (kind) (star_work_oldest_due_seconds{service="notifier"})', "{{kind}}")],
                    "s",
                    alarm=3600,
                ),
            ),
        ),
        Row(
            "Leaving",
            (
                Panel(
                    "Letters",
                    "An hour, by what became of them",
                    [Query("sum by (outcome) (increase(star_letters_total[1h]))", "{{outcome}}")],
                ),
                Panel(
                    "From crossing to letter",
                    "The waiting time and the window included",
                    [*_quantiles("star_crossing_to_letter_seconds")],
                    "s",
                ),
                Panel(
                    "Notices to staff",
                    "An hour",
                    [Query("sum by (kind, outcome) (increase(star_notices_total[1h]))", "{{kind}} {{outcome}}")],
                ),
            ),
        ),
        Row(
            "Trouble",
            (
                Panel(
                    "Attempts that fail",
                    "set-up, away or policy",
                    [Query("sum by (channel, kind) (increase(star_delivery_trouble_total[1h]))", "{{channel}} {{kind}}")],
                ),
                Panel("Bounces", "By kind", [Query("sum by (kind) (increase(star_bounces_total[1h]))", "{{kind}}")]),
                Panel(
                    "Floods",
                    "School days with more letters than may go without a person",
                    [Query("increase(star_letter_floods_total[1d])", "days")],
                ),
            ),
        ),
    ),
)

PARTNERS: Final = Board(
    "partners",
    "STAR: partners",
    (
        Row(
            "Webhooks",
            (
                Panel("Attempts", "By outcome", [Query("sum by (outcome) (rate(star_webhooks_total[5m]))", "{{outcome}}")], "ops"),
                Panel("Subscriptions behind", "For which events wait", [Query("max(star_subscriptions_behind)", "subscriptions")]),
                Panel(
                    "The furthest behind",
                    "Events that wait, by the subscription's id",
                    [Query("max by (subscription) (star_subscription_backlog_events)", "{{subscription}}")],
                    alarm=1000,
                ),
            ),
        ),
        Row(
            "Trouble and feed",
            (
                Panel(
                    "Disabled",
                    "Subscriptions that stopped by themselves",
                    [Query("sum by (reason) (increase(star_subscriptions_disabled_total[1d]))", "{{reason}}")],
                ),
                Panel(
                    "Certificates",
                    "Attempts that fail until the partner mends it",
                    [Query("sum by (kind) (increase(star_webhook_trouble_total[1h]))", "{{kind}}")],
                ),
                Panel("Streams", "Open streams of the feed", [Query("sum(star_feed_streams)", "streams")]),
            ),
        ),
    ),
)

UPLOADS: Final = Board(
    "uploads",
    "STAR: uploads",
    (
        Row(
            "The schedule",
            (
                Panel("Leaders", "One worker schedules", [Query("sum(star_upload_leader)")], now=True),
                Panel(
                    "Overdue windows",
                    "They should have been built half an hour ago",
                    [Query("max(star_upload_windows_overdue)")],
                    now=True,
                    alarm=1,
                ),
                Panel(
                    "Last accepted",
                    "An upload",
                    [Query('1000 * max(star_last_success_timestamp_seconds{what="upload"})')],
                    "dateTimeFromNow",
                    now=True,
                ),
            ),
        ),
        Row(
            "Answers",
            (
                Panel("Without an answer", "By state", [Query("max by (state) (star_uploads_waiting)", "{{state}}")]),
                Panel("Answers", "A day, by outcome", [Query("sum by (outcome) (increase(star_uploads_total[1d]))", "{{outcome}}")]),
                Panel(
                    "Set-up",
                    "Attempts that fail until a person mends it",
                    [Query("sum by (code) (increase(star_upload_trouble_total[1h]))", "{{code}}")],
                ),
            ),
        ),
    ),
)

PART: Final = Board(
    "part",
    "STAR: one part's insides",
    (
        Row(
            "Requests",
            (
                Panel(
                    "By operation",
                    "A second",
                    [
                        Query(
                            'sum by (method, route) (rate(star_request_seconds_count{service=~"$service"}[5m]))',
                            "{{method}} {{route}}",
                        )
                    ],
                    "reqps",
                ),
                Panel(
                    "p99 by operation",
                    "Seconds",
                    [
                        Query(
                            'histogram_quantile(0.99, sum by (le, route) (rate(star_request_seconds_bucket{service=~"$service"}[5m])))',
                            "{{route}}",
                        )
                    ],
                    "s",
                ),
            ),
        ),
        Row(
            "Outbox and leases",
            (
                Panel("Events that wait", "In the outbox", [Query('max(star_outbox_pending{service=~"$service"})', "events")]),
                Panel(
                    "Published",
                    "By type, a second",
                    [Query('sum by (type) (rate(star_outbox_published_total{service=~"$service"}[5m]))', "{{type}}")],
                    "ops",
                ),
                Panel("Leads", "Holders of a lease", [Query('sum by (lease) (star_lease_held{service=~"$service"})', "{{lease}}")]),
            ),
        ),
        Row(
            "Work",
            (
                Panel(
                    "Attempts",
                    "By kind and outcome, a second",
                    [Query('sum by (kind, outcome) (rate(star_work_attempts_total{service=~"$service"}[5m]))', "{{kind}} {{outcome}}")],
                    "ops",
                ),
                Panel(
                    "Connections",
                    "To the database",
                    [Query('sum by (state) (star_database_pool_connections{service=~"$service"})', "{{state}}")],
                ),
                Panel(
                    "Retention",
                    "Rows deleted or erased, an hour",
                    [Query('sum by (rule) (increase(star_retention_rows_total{service=~"$service"}[1h]))', "{{rule}}")],
                ),
            ),
        ),
        Row(
            "The process",
            (
                Panel(
                    "Restarts",
                    "Parts that failed and were started again",
                    [Query("sum by (loop) (increase(star_loop_restarts_total[1h]))", "{{loop}}")],
                ),
                Panel(
                    "Batches tried again",
                    "Something was away",
                    [Query('sum by (group) (increase(star_batch_retries_total{group=~"$service[.].*"}[1h]))', "{{group}}")],
                ),
                Panel("Open files", "Of a process", [Query("process_open_fds", "{{instance}}")]),
            ),
        ),
    ),
    services=True,
)

BOARDS: Final = (OVERVIEW, MARKS, LETTERS, PARTNERS, UPLOADS, PART)
