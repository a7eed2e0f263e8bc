"""The SMS simulator as the process it is: what it logs, when it answers, and how it misbehaves."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.rehearsal.simulators.provider_log import read_log
from tests.unit.deploy.simulators.running_sms import MESSAGE, RunningSms


@pytest.fixture
def sms(tmp_path: Path) -> Iterator[RunningSms]:
    running = RunningSms(tmp_path / "sms.log", "--tricks")
    yield running
    running.stop()


def test_a_message_is_in_the_log_before_it_is_answered(sms: RunningSms) -> None:
    answer = sms.send()
    assert answer.status_code == 202
    [logged] = read_log(sms.log)
    assert (logged.reference, logged.to, logged.text) == tuple(MESSAGE.values())
    assert logged.provider_id == answer.json()["provider_id"]


def test_the_same_reference_twice_is_two_messages(sms: RunningSms) -> None:
    sms.send()
    sms.send()
    assert len(read_log(sms.log)) == 2


def test_a_provider_that_dedupes_takes_a_reference_once(tmp_path: Path) -> None:
    running = RunningSms(tmp_path / "sms.log", "--dedupe")
    try:
        assert running.send().json() == running.send().json()
        assert len(read_log(running.log)) == 1
    finally:
        running.stop()


def test_a_reference_can_be_asked_for(sms: RunningSms) -> None:
    assert sms.http.get("/v1/messages/m-1").json()["messages"] == []
    sms.send()
    [found] = sms.http.get("/v1/messages/m-1").json()["messages"]
    assert found["to"] == MESSAGE["to"]


def test_a_caller_without_the_key_is_sent_away(sms: RunningSms) -> None:
    answer = httpx.post(f"{sms.url}/v1/messages", json=MESSAGE)
    assert answer.status_code == 401
    assert read_log(sms.log) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"reference":1,"to":"a","text":"b"}', b"\xff"])
def test_what_is_no_message_is_refused(sms: RunningSms, body: bytes) -> None:
    assert sms.http.post("/v1/messages", content=body).status_code == 400
    assert read_log(sms.log) == []


@pytest.mark.parametrize(("trick", "status"), [("busy", 429), ("fail_before_log", 500), ("refuse", 422)])
def test_a_call_turned_down_is_not_logged(sms: RunningSms, trick: str, status: int) -> None:
    sms.order(trick)
    assert sms.send().status_code == status
    assert read_log(sms.log) == []


def test_an_answer_lost_after_the_log_leaves_the_message_taken(sms: RunningSms) -> None:
    sms.order("cut_after_log")
    with pytest.raises(httpx.RemoteProtocolError):
        sms.send()
    assert len(read_log(sms.log)) == 1


def test_a_late_answer_comes_late_and_the_message_is_taken(sms: RunningSms) -> None:
    sms.order("late_after_log", late_s=5)
    with pytest.raises(httpx.ReadTimeout):
        sms.http.post("/v1/messages", json=MESSAGE, timeout=0.2)
    assert len(read_log(sms.log)) == 1


def test_a_trick_nobody_knows_is_refused(sms: RunningSms) -> None:
    assert sms.http.post("/v1/tricks", json={"trick": "vanish"}).status_code == 400


def test_tricks_need_leave(tmp_path: Path) -> None:
    running = RunningSms(tmp_path / "sms.log")
    try:
        assert running.http.post("/v1/tricks", json={"trick": "busy"}).status_code == 404
    finally:
        running.stop()


def test_a_killed_provider_goes_on_in_the_same_log(tmp_path: Path) -> None:
    first = RunningSms(tmp_path / "sms.log")
    first.send()
    first.stop(signal.SIGKILL)
    with (tmp_path / "sms.log").open("ab") as log:
        log.write(b'{"time":"half a li')
    second = RunningSms(tmp_path / "sms.log")
    try:
        assert len(second.http.get("/v1/messages/m-1").json()["messages"]) == 1
        second.send(reference="m-2")
    finally:
        second.stop()
    logged = read_log(tmp_path / "sms.log")
    assert [message.reference for message in logged] == ["m-1", "m-2"]
    assert len({message.provider_id for message in logged}) == 2


def test_chance_follows_its_seed(tmp_path: Path) -> None:
    def statuses(name: str) -> list[int]:
        running = RunningSms(tmp_path / name, "--fail-rate", "0.5", "--seed", "7")
        try:
            return [_status(running) for _ in range(20)]
        finally:
            running.stop()

    first = statuses("a.log")
    assert first == statuses("b.log")
    assert len(set(first)) > 2


def test_a_line_that_is_no_message_is_named(tmp_path: Path) -> None:
    (tmp_path / "sms.log").write_text(json.dumps({"no": "message"}) + "\n")
    with pytest.raises(ValueError, match="line 1"):
        read_log(tmp_path / "sms.log")


def _status(running: RunningSms) -> int:
    try:
        return running.send().status_code
    except httpx.RemoteProtocolError:
        return 0
