"""Our events for readers outside Python: a JSON Schema each, and one AsyncAPI document; generated, checked in.

`python -m shared.contracts.schemas` writes them, and refuses a change that would break a reader: such a change is
a new version beside the old one.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from shared.contracts.envelope import CONTENT_TYPE, Contract
from shared.contracts.known_events import EVENTS
from shared.contracts.topics import TOPICS, Topic

FOLDER: Final = Path(__file__).parent / "schemas"
ASYNCAPI: Final = Path(__file__).parent / "asyncapi.json"

_HEADERS: Final[Mapping[str, str]] = {
    "ce_specversion": "CloudEvents version, 1.0",
    "ce_id": "the event's id; a repeated id is the same event",
    "ce_source": "/baimi/ and the service that wrote it",
    "ce_type": "the event's name",
    "ce_time": "when it happened, by the street's clock, in UTC",
    "ce_dataversion": "the version of the body's schema",
    "ce_sequence": "its place in the stream of its topic and key, from 1 without gaps",
    "ce_saw": "of the household's other topics, the last sequence its writer had applied",
    "ce_correlationid": "one id from a person's click to the message it causes",
    "traceparent": "W3C trace context",
}


def schema_name(event: type[Contract]) -> str:
    """The file that holds an event's schema."""
    return f"{event.EVENT_TYPE}.v{event.VERSION}.json"


def schema_of(event: type[Contract]) -> dict[str, Any]:
    """An event's JSON Schema, as a reader sees it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **event.model_json_schema()}


def asyncapi() -> dict[str, Any]:
    """All topics, who writes and reads each, and what travels on it.

    Source: AsyncAPI 3.0.0.
    """
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Baimi events",
            "version": "1",
            "description": "What the services tell each other.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {
            f"{service}.{action}.{topic.name}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{topic.name}"},
                "x-service": service,
            }
            for topic in TOPICS
            for action, services in (("send", (topic.writer,)), ("receive", topic.readers))
            for service in services
        },
        "components": {
            "messages": {_message_name(event): _message(event) for event in EVENTS},
            "schemas": {
                "Headers": {
                    "type": "object",
                    "properties": {
                        name: {"type": "string", "description": meaning} for name, meaning in _HEADERS.items()
                    },
                }
            },
        },
    }


def breaking_changes(old: Mapping[str, Any], new: Mapping[str, Any], where: str = "") -> list[str]:
    """What of a changed schema would break someone who reads or replays the old one; empty if it only adds.

    A reader must find every field it knew, in the type it knew; a replayed old event must still be valid, so no
    field may become required and no list of values may shrink.
    """
    found: list[str] = []
    for name, fields in old.get("properties", {}).items():
        here = f"{where}.{name}".lstrip(".")
        if name not in new.get("properties", {}):
            found.append(f"{here} is gone")
            continue
        found += _type_changes(fields, new["properties"][name], here)
    required = set(new.get("required", [])) - set(old.get("required", []))
    found += [f"{where}.{name} became required".lstrip(".") for name in sorted(required)]
    gone = set(old.get("required", [])) - set(new.get("required", []))
    found += [f"{where}.{name} may be missing now".lstrip(".") for name in sorted(gone)]
    missing_values = [value for value in old.get("enum", []) if value not in new.get("enum", [])]
    found += [f"{where} no longer knows {value!r}" for value in missing_values]
    for name, part in old.get("$defs", {}).items():
        found += breaking_changes(part, new.get("$defs", {}).get(name, {}), f"{where}/{name}".lstrip("/"))
    return found


def write(folder: Path = FOLDER, asyncapi_file: Path = ASYNCAPI) -> list[str]:
    """Write every schema; answers the breaking changes, and writes nothing if there are any."""
    breaks = [
        f"{schema_name(event)}: {change}"
        for event in EVENTS
        if (folder / schema_name(event)).exists()
        for change in breaking_changes(json.loads((folder / schema_name(event)).read_text()), schema_of(event))
    ]
    if breaks:
        return breaks
    folder.mkdir(exist_ok=True)
    for event in EVENTS:
        (folder / schema_name(event)).write_text(as_text(schema_of(event)))
    asyncapi_file.write_text(as_text(asyncapi()))
    return []


def as_text(document: Mapping[str, Any]) -> str:
    """The document as it is checked in."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _type_changes(old: Mapping[str, Any], new: Mapping[str, Any], here: str) -> list[str]:
    kinds = ("type", "format", "$ref", "anyOf", "items", "prefixItems")
    return [f"{here}: {kind} changed" for kind in kinds if old.get(kind) != new.get(kind)]


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": f"Keyed by {topic.key}; written by {topic.writer} alone.",
        "messages": {
            _message_name(event): {"$ref": f"#/components/messages/{_message_name(event)}"}
            for event in EVENTS
            if topic.name == event.TOPIC
        },
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {"retention.ms": topic.retention_hours * 3_600_000},
            }
        },
    }


def _message_name(event: type[Contract]) -> str:
    return f"{event.EVENT_TYPE}.v{event.VERSION}"


def _message(event: type[Contract]) -> dict[str, Any]:
    return {
        "name": event.EVENT_TYPE,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "headers": {"$ref": "#/components/schemas/Headers"},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"schemas/{schema_name(event)}"},
        },
    }


if __name__ == "__main__":
    broken = write()
    for line in broken:
        sys.stderr.write(f"breaks a reader: {line}\n")
    if broken:
        sys.stderr.write("Make it a new version beside the old one (house.md 2.2); nothing was written.\n")
    sys.exit(1 if broken else 0)
