"""The AsyncAPI 3 document of all events, made from the catalogue: topics, and the two ways over HTTP that partners have besides."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import msgspec

from shared.events.catalogue import EVENTS, PARTNER_EVENTS, EventType
from shared.events.envelope import Event, as_cloudevent
from shared.events.examples import EXAMPLES
from shared.events.schemas import Schema, cloudevent_schema, data_schemas
from shared.events.topics import TOPICS, Topic
from shared.telemetry.tracing import HEADER

VERSION: Final = "1.0.0"
CLOUDEVENT: Final = "application/cloudevents+json"
_REF: Final = "#/components/schemas/{name}"

_DESCRIPTION: Final = """Events of the engine behind New Zealand's Stepped Attendance Response, three ways: Kafka topics, webhooks \
(Standard Webhooks), and a feed over HTTP, polled or as server-sent events. All three say the same events with the same ids, times and \
data. Every way is at least once, so keep the ids of what you have handled; the order between deliveries of a webhook is not promised: \
`sequence`, `time` and the times in the data say what came first. Partners hear the events tagged `partners`. Fields may be added within \
a version: pass over what you don't know."""


def document() -> dict[str, Any]:
    """The whole document, as JSON can hold it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "STAR events",
            "version": VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
            "tags": [
                {"name": "partners", "description": "Partners may hear these, within their schools."},
                {"name": "internal", "description": "Between the engine's own services."},
            ],
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {_name(topic): _topic_channel(topic) for topic in TOPICS} | {"feed": _feed(), "webhooks": _webhooks()},
        "operations": {f"publish-{_name(topic)}": _publishing(topic) for topic in TOPICS}
        | {"stream-feed": _http("feed", "GET", "Read the feed"), "send-webhook": _http("webhooks", "POST", "Send a webhook")},
        "components": {
            "messages": {event.name: _message(event) for event in EVENTS}
            | {_structured(event): _structured_message(event) for event in PARTNER_EVENTS},
            "schemas": data_schemas(EVENTS, _REF) | {_structured(event): cloudevent_schema(event, _REF) for event in PARTNER_EVENTS},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A token with the scope events:subscribe. The feed shows the token's schools.",
                }
            },
        },
    }


@cache
def document_json() -> bytes:
    """The document's text, as it is kept in the reference and served."""
    return json.dumps(document(), indent=2, ensure_ascii=False).encode() + b"\n"


def _servers() -> Schema:
    return {
        "kafka": {
            "host": "{bootstrap}",
            "protocol": "kafka-secure",
            "description": "For partners who may hear of every school: a topic knows no schools. Each has ACLs of its own.",
            "variables": {"bootstrap": {"default": "kafka.example.nz:9093", "description": "The brokers to ask first"}},
        },
        "http": {
            "host": "{host}",
            "pathname": "/thresholds",
            "protocol": "https",
            "description": "The thresholds service.",
            "variables": {"host": {"default": "star.example.nz", "description": "Where the engine is served"}},
            "security": [{"$ref": "#/components/securitySchemes/bearer"}],
        },
    }


def _topic_channel(topic: Topic) -> Schema:
    events = [event for event in EVENTS if event.topic is topic]
    kept = (
        "The last event of each key is kept for ever." if topic.retention is None else f"Events are kept for {topic.retention.days} days."
    )
    personal = " Holds names and addresses: never for partners." if topic.personal else ""
    configuration: Schema = {"cleanup.policy": ["compact" if topic.compacted else "delete"]}
    if topic.retention is not None:
        configuration["retention.ms"] = int(topic.retention.total_seconds()) * 1000
    return {
        "address": topic.name,
        "title": topic.name,
        "description": f"Keyed by {topic.key}; events of one key stay in order. {kept}{personal}",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {event.name: {"$ref": f"#/components/messages/{event.name}"} for event in events},
        "tags": _tags(events),
        "bindings": {"kafka": {"topic": topic.name, "topicConfiguration": configuration, "bindingVersion": "0.5.0"}},
    }


def _publishing(topic: Topic) -> Schema:
    return {"action": "send", "channel": {"$ref": f"#/channels/{_name(topic)}"}, "summary": f"Publish to {topic.name}"}


def _feed() -> Schema:
    return {
        "address": "/v1/events",
        "title": "The events feed",
        "description": (
            "`GET` with `after` (the cursor), `limit` and `wait` answers a page of CloudEvents and the next cursor; with"
            " `Accept: text/event-stream` the same path streams them as server-sent events: `id` is the cursor, `event` the type, `data`"
            " the CloudEvent, and `Last-Event-ID` resumes."
        ),
        "servers": [{"$ref": "#/servers/http"}],
        "messages": _structured_refs(),
        "tags": [{"name": "partners"}],
    }


def _webhooks() -> Schema:
    return {
        "address": None,
        "title": "Webhooks",
        "description": (
            "One `POST` for each event to the URL of a subscription (`/v1/subscriptions` of the notifier), signed by the Standard Webhooks"
            " specification 1.0. Answer 200 to 299 within 15 seconds; everything else is tried again, ten times within some three days; 410"
            " ends the subscription."
        ),
        "messages": _structured_refs(),
        "tags": [{"name": "partners"}],
    }


def _http(channel: str, method: str, summary: str) -> Schema:
    bindings = {"http": {"method": method, "bindingVersion": "0.3.0"}}
    return {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary, "bindings": bindings}


def _message(event: EventType) -> Schema:
    """The event on its topic: CloudEvents' binary mode for Kafka."""
    header = {"type": "string"}
    return {
        "name": event.name,
        "title": event.data.__name__,
        "summary": event.summary,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "description": "CloudEvents 1.0, binary mode",
            "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type"],
            "properties": {
                "ce_specversion": header | {"const": "1.0"},
                "ce_id": header,
                "ce_source": header,
                "ce_type": header | {"const": event.name},
                "ce_time": header | {"format": "date-time"},
                "content-type": header | {"const": "application/json"},
                HEADER: header | {"description": "W3C Trace Context, where the process that published it traces"},
            },
        },
        "payload": {"$ref": _REF.format(name=event.data.__name__)},
        "tags": _tags([event]),
        "bindings": {"kafka": {"key": {"type": "string", "description": event.topic.key}, "bindingVersion": "0.5.0"}},
        **_examples(event, _binary_example),
    }


def _structured_message(event: EventType) -> Schema:
    """The event as the feed and webhooks say it: CloudEvents' structured mode."""
    return {
        "name": _structured(event),
        "title": f"{event.data.__name__} (CloudEvent)",
        "summary": event.summary,
        "contentType": CLOUDEVENT,
        "headers": {
            "type": "object",
            "description": "On webhooks only",
            "properties": {
                "webhook-id": {"type": "string", "description": "The event's id, the same at every try and replay"},
                "webhook-timestamp": {
                    "type": "string",
                    "pattern": "^[0-9]+$",
                    "description": "When this try was made, in seconds since 1970",
                },
                "webhook-signature": {
                    "type": "string",
                    "pattern": "^v1,[A-Za-z0-9+/]+=*( v1,[A-Za-z0-9+/]+=*)*$",
                    "description": "HMAC-SHA256 over `id.timestamp.body`, in base64; two of them for a day after the secret was rotated",
                },
            },
        },
        "payload": {"$ref": _REF.format(name=_structured(event))},
        "tags": [{"name": "partners"}],
        **_examples(event, structured_example),
    }


def _examples(event: EventType, shown: Any) -> Schema:
    examples = [{"name": example.type.data.__name__, "payload": shown(example)} for example in EXAMPLES if example.type is event]
    return {"examples": examples} if examples else {}


def _binary_example(event: Event) -> Any:
    return msgspec.to_builtins(event.data)


def structured_example(event: Event) -> dict[str, object]:
    """An example as the feed and webhooks would say it."""
    return as_cloudevent(event.id, event.source, event.type.name, event.time, msgspec.to_builtins(event.data))


def _structured(event: EventType) -> str:
    return f"{event.name}.cloudevent"


def _structured_refs() -> Schema:
    return {_structured(event): {"$ref": f"#/components/messages/{_structured(event)}"} for event in PARTNER_EVENTS}


def _tags(events: Iterable[EventType]) -> list[Schema]:
    heard = any(event in PARTNER_EVENTS for event in events)
    return [{"name": "partners" if heard else "internal"}]


def _name(topic: Topic) -> str:
    return topic.name.removeprefix("star.").removesuffix(".v1")
