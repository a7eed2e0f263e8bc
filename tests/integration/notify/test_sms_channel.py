"""The SMS channel against the real simulator process: every way a call can end."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import uvloop

from deploy.rehearsal.simulators.provider_log import read_log
from services.notify.channels.channel import Parcel
from services.notify.channels.sms import SmsChannel, make_sms_channel
from services.notify.domain.message import CallEnd, Capability, QueryEnd
from tests.unit.deploy.simulators.running_sms import API_KEY, RunningSms

PARCEL = Parcel("m-1", "13800000001", "【社区保供】订单A0001-7已收到。")


@pytest.fixture
def sms(tmp_path: Path) -> Iterator[RunningSms]:
    running = RunningSms(tmp_path / "sms.log", "--tricks")
    yield running
    running.stop()


@pytest.fixture
async def channel(sms: RunningSms) -> AsyncIterator[SmsChannel]:
    made = make_sms_channel(sms.url, API_KEY, Capability.QUERYABLE, call_limit_s=0.5)
    yield made
    await made.close()


async def test_a_message_is_taken_and_found_again(sms: RunningSms, channel: SmsChannel) -> None:
    answer = await channel.send(PARCEL)
    assert answer.end is CallEnd.TAKEN
    found = await channel.find("m-1")
    assert (found.end, found.provider_id) == (QueryEnd.HAS_IT, answer.provider_id)
    [logged] = read_log(sms.log)
    assert (logged.to, logged.text) == (PARCEL.to, PARCEL.text)


async def test_what_was_never_sent_is_not_there(channel: SmsChannel) -> None:
    assert (await channel.find("m-1")).end is QueryEnd.HAS_NOT


@pytest.mark.parametrize(
    ("trick", "end", "taken"),
    [
        ("busy", CallEnd.NOT_TAKEN, 0),
        ("refuse", CallEnd.REFUSED, 0),
        ("fail_before_log", CallEnd.UNSURE, 0),
        ("fail_after_log", CallEnd.UNSURE, 1),
        ("cut_before_log", CallEnd.UNSURE, 0),
        ("cut_after_log", CallEnd.UNSURE, 1),
        ("late_before_log", CallEnd.UNSURE, 0),
        ("late_after_log", CallEnd.UNSURE, 1),
    ],
)
async def test_every_end_of_a_call_is_named_for_what_is_known(
    sms: RunningSms, channel: SmsChannel, trick: str, end: CallEnd, taken: int
) -> None:
    sms.order(trick, late_s=2)
    assert (await channel.send(PARCEL)).end is end
    assert len(read_log(sms.log)) == taken
    assert (await channel.find("m-1")).end is (QueryEnd.HAS_IT if taken else QueryEnd.HAS_NOT)


async def test_a_provider_that_is_away_has_surely_not_taken_anything(tmp_path: Path) -> None:
    running = RunningSms(tmp_path / "sms.log")
    running.stop()
    channel = make_sms_channel(running.url, API_KEY, Capability.QUERYABLE, call_limit_s=0.5)
    assert (await channel.send(PARCEL)).end is CallEnd.NOT_TAKEN
    assert (await channel.find("m-1")).end is QueryEnd.NO_ANSWER
    await channel.close()


async def test_a_wrong_key_is_no_fault_of_the_message(sms: RunningSms) -> None:
    channel = make_sms_channel(sms.url, "wrong", Capability.QUERYABLE, call_limit_s=0.5)
    assert (await channel.send(PARCEL)).end is CallEnd.NOT_TAKEN
    assert (await channel.find("m-1")).end is QueryEnd.NO_ANSWER
    await channel.close()


def test_it_speaks_on_the_loop_that_services_run_on(sms: RunningSms) -> None:
    async def send_all() -> list[CallEnd]:
        channel = make_sms_channel(sms.url, API_KEY, Capability.QUERYABLE, call_limit_s=5)
        ends = [(await channel.send(PARCEL)).end for _ in range(3)]
        await channel.close()
        return ends

    assert uvloop.run(send_all()) == [CallEnd.TAKEN] * 3
