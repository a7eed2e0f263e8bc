"""What we promised readers of our events still holds."""

import hashlib
import importlib
import inspect
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shared.contracts import schemas
from shared.contracts.envelope import Contract, Envelope, Unreadable, read_headers
from shared.contracts.known_events import EVENTS, decode
from shared.contracts.topics import SERVICES, TOPICS, topics_read_by

EXAMPLES = Path(__file__).parent / "examples"
HASHES = EXAMPLES / "sha256.txt"


def example_of(event: type[Contract]) -> Path:
    return EXAMPLES / schemas.schema_name(event)


@pytest.mark.parametrize("event", EVENTS, ids=schemas.schema_name)
def test_the_schema_checked_in_is_the_one_the_code_makes(event: type[Contract]) -> None:
    checked_in = (schemas.FOLDER / schemas.schema_name(event)).read_text()
    assert checked_in == schemas.as_text(schemas.schema_of(event)), "run `make contracts`"


def test_no_schema_is_left_of_an_event_that_is_gone() -> None:
    assert {path.name for path in schemas.FOLDER.glob("*.json")} == {
        schemas.schema_name(event) for event in EVENTS
    }


def test_the_asyncapi_document_is_current() -> None:
    assert schemas.ASYNCAPI.read_text() == schemas.as_text(schemas.asyncapi()), "run `make contracts`"


@pytest.mark.parametrize("event", EVENTS, ids=schemas.schema_name)
def test_the_golden_example_still_reads_and_writes_the_same(event: type[Contract]) -> None:
    golden = json.loads(example_of(event).read_text())
    jsonschema.validate(golden, schemas.schema_of(event))
    read = decode(event.EVENT_TYPE, event.VERSION, json.dumps(golden).encode())
    written = json.loads(read.model_dump_json())
    assert {name: written[name] for name in golden} == golden


@pytest.mark.parametrize("event", EVENTS, ids=schemas.schema_name)
def test_a_reader_passes_over_fields_it_does_not_know(event: type[Contract]) -> None:
    golden = json.loads(example_of(event).read_text()) | {"added_later": {"any": ["thing"]}}
    assert decode(event.EVENT_TYPE, event.VERSION, json.dumps(golden).encode())


def test_golden_examples_are_added_but_never_edited() -> None:
    kept = dict(line.split("  ")[::-1] for line in HASHES.read_text().splitlines())
    now = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in EXAMPLES.glob("*.json")}
    assert kept == now


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_named_by_its_only_writer(topic: Any) -> None:
    assert topic.name.startswith(f"{topic.writer}.")
    assert topic.writer not in topic.readers


@pytest.mark.parametrize("service", SERVICES)
def test_the_topic_table_names_as_readers_those_who_subscribe(service: str) -> None:
    events_in = importlib.import_module(f"services.{service}.events_in")
    # Handlers are only named here, never called, so what they are built from does not matter.
    listening = events_in.handlers if hasattr(events_in, "handlers") else object.__new__(events_in.Ears).handlers
    parts = [None for _ in inspect.signature(listening).parameters]
    subscribed = {event.TOPIC for event in listening(*parts)}
    assert subscribed == {topic.name for topic in topics_read_by(service)}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda schema: schema["properties"].pop("reason"), "reason is gone"),
        (lambda schema: schema["properties"]["reason"].update(type="integer"), "reason: type changed"),
        (lambda schema: schema["required"].remove("reason"), "reason may be missing now"),
        (lambda schema: schema["required"].append("added"), "added became required"),
    ],
)
def test_a_change_that_breaks_a_reader_is_named(change: Any, complaint: str) -> None:
    [event] = [event for event in EVENTS if event.EVENT_TYPE == "orders.order_cancelled"]
    changed = schemas.schema_of(event)
    change(changed)
    assert schemas.breaking_changes(schemas.schema_of(event), changed) == [complaint]


def test_an_added_optional_field_breaks_nobody() -> None:
    [event] = [event for event in EVENTS if event.EVENT_TYPE == "orders.order_cancelled"]
    changed = schemas.schema_of(event)
    changed["properties"]["added"] = {"type": "string", "default": ""}
    assert schemas.breaking_changes(schemas.schema_of(event), changed) == []


def test_a_value_taken_out_of_a_list_breaks_a_reader() -> None:
    [event] = [event for event in EVENTS if event.EVENT_TYPE == "notify.message_fate"]
    changed = json.loads(json.dumps(schemas.schema_of(event)))
    changed["$defs"]["Fate"]["enum"].remove("superseded")
    assert schemas.breaking_changes(schemas.schema_of(event), changed) == ["Fate no longer knows 'superseded'"]


def test_an_envelope_survives_the_way_through_headers() -> None:
    [event, *_] = EVENTS
    envelope = Envelope(
        event_id="0192f6a0-0000-7000-8000-000000000001",
        source="orders",
        event_type=event.EVENT_TYPE,
        version=1,
        sequence=7,
        occurred_at=datetime(2022, 3, 4, tzinfo=UTC),
        saw={"routing.delivery-events": 3},
        correlation_id="abcdefgh",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    assert read_headers(envelope.to_headers()) == envelope


@pytest.mark.parametrize("missing", ["ce_id", "ce_type", "ce_sequence", "ce_time", "ce_source", "ce_dataversion"])
def test_an_envelope_without_a_needed_header_is_unreadable(missing: str) -> None:
    whole = {
        "ce_id": b"1", "ce_source": b"/baimi/orders", "ce_type": b"x", "ce_time": b"2022-03-04T00:00:00+00:00",
        "ce_dataversion": b"1", "ce_sequence": b"1",
    }  # fmt: skip
    with pytest.raises(Unreadable, match=missing):
        read_headers([(name, value) for name, value in whole.items() if name != missing])
