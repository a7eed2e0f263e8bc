"""Bugs worth fearing, each a small edit of our own source, and the tests that must notice it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlantedBug:
    """One wrong line: where it stands, what it would do to people, and who must catch it."""

    name: str
    harm: str
    file: str
    right: str
    wrong: str
    caught_by: str


BUGS = (
    PlantedBug(
        "newest event first",
        "a resident hears 'delivered' before 'on its way'",
        "shared/messaging/relay.py",
        "FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT",
        "FROM outbox WHERE sent_at IS NULL ORDER BY id DESC LIMIT",
        "tests/integration/shared/messaging/test_relay.py",
    ),
    PlantedBug(
        "a gap is stepped over",
        "an order whose event was late is never planned",
        "shared/messaging/inbox.py",
        "if arrival.envelope.sequence > last + 1:",
        "if arrival.envelope.sequence > last + 1_000_000:",
        "tests/integration/shared/messaging/test_inbox.py",
    ),
    PlantedBug(
        "applied twice",
        "the same bag is counted twice at a door",
        "shared/messaging/inbox.py",
        "if arrival.envelope.sequence <= last:",
        "if arrival.envelope.sequence < last:",
        "tests/integration/shared/messaging/test_inbox.py",
    ),
    PlantedBug(
        "blind to what the writer saw",
        "a delivery is told of before the order it belongs to is known",
        "shared/messaging/inbox.py",
        "position.last(topic, arrival.key) < seen",
        "position.last(topic, arrival.key) < 0",
        "tests/integration/shared/messaging/test_inbox.py",
    ),
    PlantedBug(
        "a wiped broker goes unnoticed",
        "everything said before the disk was lost never arrives",
        "shared/messaging/forgetful_broker.py",
        "WHERE written_at > clock_timestamp()",
        "WHERE written_at < clock_timestamp()",
        "tests/integration/shared/messaging/test_relay.py",
    ),
    PlantedBug(
        "every community is everybody's",
        "an operator reads names and phones of a street that is not hers",
        "shared/security/scope.py",
        "    if community not in actor.communities:\n        return False\n",
        "    if community not in actor.communities:\n        return True\n",
        "tests/unit/shared/security/test_scope.py",
    ),
    PlantedBug(
        "a seal that opens anywhere",
        "two rows swapped in the database send food to the wrong door unseen",
        "shared/security/sealing.py",
        'return b"baimi|1|" + place.encode()',
        'return b"baimi|1|" + place.encode()[:0]',
        "tests/unit/shared/security/test_sealing.py",
    ),
    PlantedBug(
        "the key alone decides",
        "a second, different order under a reused key is lost while the operator sees success",
        "shared/web/idempotency.py",
        "if row.route != request_key.route or bytes(row.body_hash) != request_key.body_hash:",
        "if row.route != request_key.route:",
        "tests/integration/shared/web",
    ),
    PlantedBug(
        "sent again without asking",
        "a woman of 87 gets the same text twice and trusts the next one less",
        "services/notify/domain/message.py",
        "CallEnd.UNSURE: Verdict(MessageState.UNKNOWN),",
        "CallEnd.UNSURE: Verdict(MessageState.DUE),",
        "tests/unit/notify/test_message.py",
    ),
    PlantedBug(
        "stale news is told",
        "'on its way' arrives after 'delivered'",
        "services/notify/domain/news.py",
        "return RANK[news] < known_rank",
        "return RANK[news] < 0",
        "tests/unit/notify/test_news.py",
    ),
    PlantedBug(
        "a round closed with bags on the trolley",
        "two bags stay on a trolley and nobody looks for them",
        "services/routing/domain/take_tap.py",
        "if any(bag.place is BagPlace.CART for bag in bags):",
        "if False:",
        "tests/unit/routing/test_take_tap.py tests/unit/routing/test_round_machine.py",
    ),
    PlantedBug(
        "clean after positive",
        "a crew carries the infection from a positive stairwell into a clean one",
        "services/routing/planning/check.py",
        "highest, highest_named = handling, _called(entrance)",
        "highest_named = _called(entrance)",
        "tests/contract/formats tests/unit/routing/planning/test_check.py",
    ),
    PlantedBug(
        "the climb is free of stairs",
        "a plan of an afternoon takes until night",
        "services/routing/planning/visit_cost.py",
        "times[CLIMB_S] + (floors[position] - 1) * (times[UP_S] + times[DOWN_S])",
        "times[CLIMB_S]",
        "tests/contract/formats tests/unit/routing/planning/test_visit_cost.py",
    ),
)
