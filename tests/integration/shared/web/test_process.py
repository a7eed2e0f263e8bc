"""A service as a real process: it starts, answers, stops within three seconds, and dies with its loops."""

import json
import signal

import httpx
import pytest

from shared.testing.eventually import eventually
from tests.integration.shared.web.small_service import Start


@pytest.mark.parametrize("loop", ["lives", "hangs"])
async def test_it_answers_and_stops_within_three_seconds(start: Start, loop: str) -> None:
    process, url = start(loop)
    async with httpx.AsyncClient(base_url=url) as client:

        async def answers() -> bool:
            try:
                return (await client.get("/healthz")).status_code == 200
            except httpx.ConnectError:
                return False

        await eventually(answers, within_s=60)
        page = await client.get("/sign-in", headers={"accept": "text/html"})
        assert "登录" in page.text
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=3.5)
    assert process.returncode in (0, -signal.SIGTERM)
    assert json.loads(log.splitlines()[0])["event"] == "starting"
    assert "Traceback" not in log


async def test_it_ends_with_a_status_of_its_own_when_a_loop_dies(start: Start) -> None:
    process, _ = start("dies")

    async def has_ended() -> bool:
        return process.poll() is not None

    await eventually(has_ended, within_s=60)
    _, log = process.communicate()
    assert process.returncode == 70
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert "loop_died" in events
    assert events[-1] == "process_ends"
