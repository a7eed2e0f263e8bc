"""The life of a message, as tables and as a machine driven at random."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.message import (
    ALLOWED,
    NO_PHONE,
    OPEN,
    CallEnd,
    Capability,
    MessageState,
    QueryEnd,
    after_call,
    after_query,
    without_query,
)


@pytest.mark.parametrize(
    ("end", "state", "pauses"),
    [
        (CallEnd.TAKEN, MessageState.ACCEPTED, False),
        (CallEnd.REFUSED, MessageState.REJECTED, False),
        (CallEnd.NOT_TAKEN, MessageState.DUE, True),
        (CallEnd.UNSURE, MessageState.UNKNOWN, False),
    ],
)
def test_a_call_decides_what_a_message_becomes(end: CallEnd, state: MessageState, pauses: bool) -> None:
    verdict = after_call(end)
    assert (verdict.state, verdict.pauses) == (state, pauses)
    assert state in ALLOWED[MessageState.LEASED]


@pytest.mark.parametrize(
    ("end", "state", "pauses"),
    [
        (QueryEnd.HAS_IT, MessageState.ACCEPTED, False),
        (QueryEnd.HAS_NOT, MessageState.DUE, False),
        (QueryEnd.NO_ANSWER, MessageState.UNKNOWN, True),
    ],
)
def test_a_question_decides_what_an_unknown_message_becomes(
    end: QueryEnd, state: MessageState, pauses: bool
) -> None:
    verdict = after_query(end)
    assert (verdict.state, verdict.pauses) == (state, pauses)
    assert state in ALLOWED[MessageState.UNKNOWN]


def test_only_a_provider_that_can_be_asked_is_asked() -> None:
    again, given_up = without_query(Capability.DEDUPES), without_query(Capability.NEITHER)
    assert without_query(Capability.QUERYABLE) is None
    assert again is not None
    assert again.state is MessageState.DUE
    assert given_up is not None
    assert given_up.state is MessageState.UNDELIVERABLE


def test_an_end_is_an_end() -> None:
    assert {state for state in MessageState if not ALLOWED[state]} == set(MessageState) - OPEN
    assert NO_PHONE.state in ALLOWED[MessageState.LEASED]


# What a call or question really did, whatever the sender hears of it.
_HEARD = {True: (CallEnd.TAKEN, CallEnd.UNSURE), False: (CallEnd.NOT_TAKEN, CallEnd.UNSURE)}


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=20))
def test_whatever_is_lost_on_the_way_no_message_is_taken_twice(calls: list[tuple[bool, bool]]) -> None:
    """Drive the machine against a provider that takes or not, and an answer that arrives or not."""
    state, taken = MessageState.DUE, 0
    for is_taken, is_heard in calls:
        if state is MessageState.DUE:
            taken += is_taken
            state = after_call(_HEARD[is_taken][0 if is_heard else 1]).state
        elif state is MessageState.UNKNOWN:
            truth = QueryEnd.HAS_IT if taken else QueryEnd.HAS_NOT
            state = after_query(truth if is_heard else QueryEnd.NO_ANSWER).state
    assert taken <= 1
    if state is MessageState.ACCEPTED:
        assert taken == 1
