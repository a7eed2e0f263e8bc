"""What stands in Kafka, read by the auditor's own user: every topic from its beginning to its end."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from deploy.rehearsal.auditor.evidence import TopicRecords
from deploy.rehearsal.trouble import Trouble
from shared.basics.clock import Clock
from shared.basics.randomness import Randomness
from shared.contracts.topics import TOPICS
from shared.messaging.broker import IncomingRecord, Place
from shared.messaging.kafka import KafkaBroker

READ_WITHIN_S = 60.0


class RecordsNotRead(Trouble):
    """The broker did not give all its records in time; the text says how far it got."""


async def read_all(
    broker: KafkaBroker, clock: Clock, randomness: Randomness
) -> Mapping[Place, Sequence[IncomingRecord]]:
    """Every record of every topic, partition by partition in order.

    Errors: RecordsNotRead; BrokerTrouble.
    """
    topics = [topic.name for topic in TOPICS]
    ends = {place: end for place, end in (await broker.ends(topics)).items() if end > 0}
    found: dict[Place, list[IncomingRecord]] = defaultdict(list)
    until_s = clock.monotonic() + READ_WITHIN_S
    # A group of its own each time, so that no committed offset hides what was read before.
    async with broker.reader(topics, f"auditor-{randomness.token_urlsafe(6)}") as reader:
        while any(_reached(found, place) < end for place, end in ends.items()):
            if clock.monotonic() > until_s:
                raise RecordsNotRead({str(place): (_reached(found, place), end) for place, end in ends.items()})
            for place, records in (await reader.take(0.5, 5000)).items():
                found[place].extend(records)
            await asyncio.sleep(0)
    return found


def count_records(found: Mapping[Place, Sequence[IncomingRecord]]) -> dict[str, TopicRecords]:
    """How often each event id stands in each topic."""
    ids: dict[str, Counter[str]] = {topic.name: Counter() for topic in TOPICS}
    unreadable: Counter[str] = Counter()
    for place, records in found.items():
        for record in records:
            event_id = dict(record.headers).get("ce_id")
            if event_id is None:
                unreadable[place.topic] += 1
            else:
                ids[place.topic][event_id.decode(errors="replace")] += 1
    return {topic: TopicRecords(counted, unreadable[topic]) for topic, counted in ids.items()}


def _reached(found: Mapping[Place, Sequence[IncomingRecord]], place: Place) -> int:
    return found[place][-1].offset + 1 if found.get(place) else 0
