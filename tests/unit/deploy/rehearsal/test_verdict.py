"""The auditor's verdict on synthetic books: in order, and with one thing wrong at a time."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from deploy.rehearsal.auditor.evidence import BagRow, Evidence, LedgerRow, StopRow
from deploy.rehearsal.auditor.verdict import judge
from tests.unit.deploy.rehearsal.evidence_builder import (
    SCRIPT,
    a_line,
    a_message,
    a_round,
    a_street_in_order,
    an_order,
    an_outbox_row,
    without_outbox_row,
)

ZONE = ZoneInfo("Asia/Shanghai")


def reasons(evidence: Evidence) -> str:
    return "; ".join(judge(evidence, SCRIPT, ZONE).reasons)


def test_a_street_in_order_gives_no_reason() -> None:
    verdict = judge(a_street_in_order(), SCRIPT, ZONE)
    assert verdict.reasons == ()
    assert verdict.figures["bulletin"] == {
        "communities": 1,
        "zones": 1,
        "packages": 1,
        "households": 1,
        "residents": 3,
    }
    assert verdict.figures["orders"] == {"accepted": 1, "delivered": 1, "failed": 0, "cancelled": 0, "open": 0}
    assert verdict.figures["messages"]["sent"] == 4
    assert verdict.figures["lost"] == 0


def test_an_acknowledged_order_that_is_not_there_is_lost() -> None:
    spoiled = replace(a_street_in_order(), orders=())
    assert "acknowledged requests without effect: order o1" in reasons(spoiled)
    assert judge(spoiled, None, ZONE).figures["lost"] == 1


def test_an_acknowledged_tap_that_is_not_there_is_lost() -> None:
    assert "tap t1" in reasons(replace(a_street_in_order(), taps=frozenset()))


def test_an_open_order_is_lost_and_unbalanced() -> None:
    spoiled = replace(a_street_in_order(), orders=(replace(an_order(), state="out"),))
    assert "order o1 is out in orders" in reasons(spoiled)
    assert "1 orders are still open" in reasons(spoiled)


def test_an_order_whose_turn_is_open_in_routing_is_lost() -> None:
    stop = StopRow("s1", "o1", "out", "r1", 1, "e1", "d1", is_positive=False)
    assert "order o1 is open in routing" in reasons(replace(a_street_in_order(), stops=(stop,)))


def test_an_event_that_a_reader_never_applied_is_lost() -> None:
    good = a_street_in_order()
    books = {**good.messaging, "notify": replace(good.messaging["notify"], applied=frozenset())}
    assert "5 events a reader never applied" in reasons(replace(good, messaging=books))


def test_a_deleted_outbox_row_is_a_gap() -> None:
    spoiled = without_outbox_row(a_street_in_order(), "routing.delivery_scheduled")
    assert "gaps in a stream's sequence" in reasons(spoiled)


def test_an_order_nobody_asked_for_is_found() -> None:
    spoiled = replace(a_street_in_order(), orders=(an_order(), replace(an_order(), order_id="o2")))
    assert "orders nobody asked for: o2" in reasons(spoiled)


def test_a_message_told_twice_is_a_duplicate() -> None:
    good = a_street_in_order()
    verdict = judge(replace(good, provider=(*good.provider, a_line(4, "delivered"))), SCRIPT, ZONE)
    assert verdict.figures["messages"]["duplicates"] == 1
    assert verdict.reasons


def told_anew(*began: str, words: str = "delivered 1") -> Evidence:
    """The state told last is told once more, in a telling of its own, after these events."""
    good = a_street_in_order()
    routing = good.messaging["routing"]
    rows = [an_outbox_row(event_type, 5 + n) for n, event_type in enumerate(began)]
    books = {**good.messaging, "routing": replace(routing, outbox=(*routing.outbox, *rows))}
    again = replace(a_message("delivered"), message_id="m-again", telling=2)
    line = replace(a_line(4, "delivered"), reference="m-again", text=words)
    return replace(good, messaging=books, messages=(*good.messages, again), provider=(*good.provider, line))


@pytest.mark.parametrize("words", ["delivered 1", "delivered, corrected"])
def test_what_is_told_anew_after_a_correction_is_no_duplicate(words: str) -> None:
    corrected = told_anew("routing.delivery_corrected", words=words)
    assert judge(corrected, None, ZONE).figures["messages"]["duplicates"] == 0


@pytest.mark.parametrize("event_type", ["routing.delivery_scheduled", "routing.delivery_unplanned"])
def test_what_is_told_anew_after_another_plan_is_no_duplicate(event_type: str) -> None:
    planned_anew = told_anew(event_type, words="other words")
    assert judge(planned_anew, None, ZONE).figures["messages"]["duplicates"] == 0


@pytest.mark.parametrize("words", ["delivered 1", "other words"])
def test_a_telling_that_nothing_began_is_a_duplicate(words: str) -> None:
    assert judge(told_anew(words=words), None, ZONE).figures["messages"]["duplicates"] == 1


def test_a_state_told_twice_within_one_telling_is_a_duplicate() -> None:
    corrected = told_anew("routing.delivery_corrected")
    first_again = replace(a_line(5, "delivered"), reference="m-third", text="other words")
    third = replace(a_message("delivered"), message_id="m-third", telling=2)
    spoiled = replace(
        corrected, messages=(*corrected.messages, third), provider=(*corrected.provider, first_again)
    )
    assert judge(spoiled, None, ZONE).figures["messages"]["duplicates"] == 1


def test_two_messages_swapped_are_out_of_order() -> None:
    good = a_street_in_order()
    first, second, *rest = good.provider
    verdict = judge(replace(good, provider=(second, first, *rest)), SCRIPT, ZONE)
    assert verdict.figures["messages"]["out_of_order"] == 1
    assert verdict.reasons


def test_a_new_attempt_begins_the_story_anew() -> None:
    good = a_street_in_order()
    again = replace(
        good,
        messages=(*good.messages, a_message("received", 2)),
        provider=(*good.provider, a_line(4, "received", 2)),
    )
    assert judge(again, None, ZONE).figures["messages"]["out_of_order"] == 0


def test_a_message_never_taken_is_missing() -> None:
    good = a_street_in_order()
    verdict = judge(replace(good, provider=good.provider[:-1]), SCRIPT, ZONE)
    assert verdict.figures["messages"]["missing"] == 1
    assert verdict.reasons


def test_a_message_overtaken_by_a_taken_newer_one_is_not_missing() -> None:
    good = a_street_in_order()
    overtaken = replace(a_message("scheduled"), state="superseded", superseded_by="m-out-1")
    messages = tuple(overtaken if message.news == "scheduled" else message for message in good.messages)
    provider = tuple(line for line in good.provider if "scheduled" not in line.reference)
    verdict = judge(replace(good, messages=messages, provider=provider), SCRIPT, ZONE)
    assert verdict.reasons == ()
    assert verdict.figures["messages"]["superseded"] == 1


def test_a_message_overtaken_by_one_that_was_never_taken_is_missing() -> None:
    good = a_street_in_order()
    overtaken = replace(a_message("scheduled"), state="superseded", superseded_by="m-out-1")
    messages = tuple(overtaken if message.news == "scheduled" else message for message in good.messages)
    provider = tuple(
        line for line in good.provider if "delivered" in line.reference or "received" in line.reference
    )
    assert (
        judge(replace(good, messages=messages, provider=provider), None, ZONE).figures["messages"]["missing"] == 2
    )


def test_a_lost_order_event_does_not_take_its_message_off_the_list() -> None:
    good = without_outbox_row(a_street_in_order(), "orders.order_placed")
    spoiled = replace(good, provider=good.provider[1:])
    assert judge(spoiled, None, ZONE).figures["messages"]["missing"] == 1


def test_an_event_that_kafka_does_not_hold_is_named() -> None:
    good = a_street_in_order()
    records = {topic: replace(each, ids={}) for topic, each in good.records.items()}
    assert "1 of 1 events are not in Kafka" in reasons(replace(good, records=records))


def test_a_load_above_capacity_is_a_violation() -> None:
    heavy = (BagRow("b1", "o1", 150_000, 1, "door"), BagRow("b2", "o1", 1, 1, "door"))
    assert "150001 g of 150000 g" in reasons(replace(a_street_in_order(), bags=heavy))


def test_a_round_after_the_shift_is_a_violation() -> None:
    late = replace(a_round(), planned_end=a_round().planned_end + timedelta(hours=4))
    assert "outside the shift" in reasons(replace(a_street_in_order(), rounds=(late,)))


def test_a_clean_door_after_a_positive_one_is_a_violation() -> None:
    positive = StopRow("s0", "o1", "closed", "r1", 0, "e0", "d1", is_positive=True)
    good = a_street_in_order()
    assert "after a positive one" in reasons(replace(good, stops=(positive, *good.stops)))


def test_a_ledger_that_does_not_say_where_the_bags_are_is_found() -> None:
    good = a_street_in_order()
    assert "the ledger says 1" in reasons(replace(good, ledger=(*good.ledger[:-1], LedgerRow("cart", "door", 1))))


def test_figures_other_than_the_script_say_are_found() -> None:
    wanted = {**SCRIPT, "packages": 2}
    assert "packages: 1 counted, 2 in the script" in judge(a_street_in_order(), wanted, ZONE).reasons


def test_a_delivery_belongs_to_the_attempt_routing_had_seen() -> None:
    good = a_street_in_order()
    retried = an_outbox_row("orders.order_retried", 2)
    late = an_outbox_row("routing.out_for_delivery", 5, {"orders.household-events": 2})
    books = {
        "orders": replace(good.messaging["orders"], outbox=(*good.messaging["orders"].outbox, retried)),
        "routing": replace(
            good.messaging["routing"],
            outbox=(*good.messaging["routing"].outbox, replace(late, event_id="second")),
        ),
        "notify": good.messaging["notify"],
    }
    missing = judge(replace(good, messaging=books), None, ZONE).figures["messages"]["missing"]
    assert missing == 2
