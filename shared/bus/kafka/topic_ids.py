"""The ids of topics: a topic that was deleted and made again has another one, under the same name.

Only a metadata request of version 10 or later asks for them, and aiokafka's own ends with version 5. The shapes are those of Apache Kafka's
`MetadataRequest.json` and `MetadataResponse.json`.
"""

import uuid
from collections.abc import Collection
from io import BytesIO
from typing import Any, Final

import structlog
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion, NodeNotReadyError
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

log = structlog.get_logger()

NO_ID: Final = uuid.UUID(int=0)
"""The id that stands for none on the wire."""

NO_ERROR: Final = 0


class Uuid(AbstractType[uuid.UUID]):  # type: ignore[misc]
    """Sixteen bytes, most significant first."""

    @classmethod
    def encode(cls, value: uuid.UUID) -> bytes:
        """The bytes on the wire."""
        return value.bytes

    @classmethod
    def decode(cls, data: BytesIO) -> uuid.UUID:
        """Reads sixteen bytes."""
        return uuid.UUID(bytes=data.read(16))


_ASKED_TOPICS: Final = ("topics", CompactArray(("topic_id", Uuid), ("name", CompactString()), ("tags", TaggedFields)))
_BROKERS: Final = CompactArray(
    ("node_id", Int32), ("host", CompactString()), ("port", Int32), ("rack", CompactString()), ("tags", TaggedFields)
)
_PARTITIONS: Final = CompactArray(
    ("error_code", Int16),
    ("partition", Int32),
    ("leader", Int32),
    ("leader_epoch", Int32),
    ("replicas", CompactArray(Int32)),
    ("isr", CompactArray(Int32)),
    ("offline_replicas", CompactArray(Int32)),
    ("tags", TaggedFields),
)
_TOPICS: Final = CompactArray(
    ("error_code", Int16),
    ("name", CompactString()),
    ("topic_id", Uuid),
    ("is_internal", Boolean),
    ("partitions", _PARTITIONS),
    ("authorized_operations", Int32),
    ("tags", TaggedFields),
)
_ANSWER: Final = (
    ("throttle_time_ms", Int32),
    ("brokers", _BROKERS),
    ("cluster_id", CompactString()),
    ("controller_id", Int32),
    ("topics", _TOPICS),
)


class _Response10(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(*_ANSWER, ("cluster_authorized_operations", Int32), ("tags", TaggedFields))


class _Response12(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(*_ANSWER, ("tags", TaggedFields))


class _Request10(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 10
    RESPONSE_TYPE = _Response10
    SCHEMA = Schema(
        _ASKED_TOPICS,
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _Request12(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = _Response12
    SCHEMA = Schema(
        _ASKED_TOPICS,
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _TopicIdsRequest(Request[_Request10 | _Request12]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def build(self, request_struct_class: type[_Request10 | _Request12]) -> Any:
        topics: list[Any] = [(NO_ID, name, {}) for name in self._names]
        if request_struct_class is _Request10:
            return _Request10(topics, False, False, False, {})
        return _Request12(topics, False, False, {})


async def topic_ids(client: AIOKafkaClient, names: Collection[str]) -> dict[str, uuid.UUID]:
    """The ids of these topics, as far as they exist; none at all from a broker before version 2.8.

    Raises KafkaError when the cluster does not answer.
    """
    node = client.get_random_node()
    if node is None:
        raise NodeNotReadyError("no broker is known")
    try:
        answer = await client.send(node, _TopicIdsRequest(names))
    except (IncompatibleBrokerVersion, NotImplementedError):
        log.info("bus.topics_without_ids", reason="the broker's metadata is older than version 10")
        return {}
    return {name: topic_id for error, name, topic_id, *_ in answer.topics if error == NO_ERROR and topic_id != NO_ID}
