"""A person's browser against a small server: cookies, the same key again until answered, refusals."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from deploy.rehearsal.actors.browser import Browser, Refused, World
from deploy.rehearsal.history import History, Kind, read_history
from deploy.rehearsal.simulators.plain_http import Answer, Request, cut, serve
from shared.basics.clock import SystemClock

Answering = Callable[[Request], Answer]


@asynccontextmanager
async def a_browser(folder: Path, answering: Answering) -> AsyncIterator[Browser]:
    async def answer(request: Request) -> Answer:
        return answering(request)

    server = await serve("127.0.0.1", 0, answer)
    port = server.sockets[0].getsockname()[1]
    clock = SystemClock()
    history = History(folder / "history.jsonl", clock)
    world = World.of({"orders": f"http://127.0.0.1:{port}"}, history, clock, clock.now)
    yield Browser(world, "orders", "operator1")
    world.close()
    history.close()
    server.close()


async def test_a_lost_answer_is_asked_for_again_under_the_same_key(tmp_path: Path) -> None:
    keys: list[str] = []

    def answering(request: Request) -> Answer:
        keys.append(parse_qs(request.body.decode())["idempotency_key"][0])
        return cut() if len(keys) < 3 else Answer(303, None, {"location": "/done"})

    async with a_browser(tmp_path, answering) as browser:
        reply = await browser.submit(browser.deed("order"), "/desk/orders", {"pack": "standard"})
        assert reply.headers["location"] == "/done"
        assert len(set(keys)) == 1
        kinds = [line.kind for line in read_history(browser.world.history.path)]
        assert kinds == [Kind.INVOKE, Kind.INFO, Kind.INFO, Kind.OK]


async def test_a_refusal_is_written_down_and_not_asked_again(tmp_path: Path) -> None:
    def answering(_: Request) -> Answer:
        return Answer(409, {"error": {"code": "order_same_date"}})

    async with a_browser(tmp_path, answering) as browser:
        with pytest.raises(Refused, match="order_same_date"):
            await browser.submit(browser.deed("order"), "/desk/orders", {})
        kinds = [line.kind for line in read_history(browser.world.history.path)]
        assert kinds == [Kind.INVOKE, Kind.FAIL]


async def test_a_host_cookie_is_kept_over_plain_http(tmp_path: Path) -> None:
    seen: list[str] = []

    def answering(request: Request) -> Answer:
        seen.append(request.headers.get("cookie", ""))
        return Answer(
            303, None, {"location": "/", "set-cookie": "__Host-baimi-orders=abc; Path=/; Secure; HttpOnly"}
        )

    async with a_browser(tmp_path, answering) as browser:
        await browser.sign_in("operator1", "secret")
        await browser.get("/desk")
    assert seen == ["", "__Host-baimi-orders=abc"]


async def test_a_password_never_comes_into_the_history(tmp_path: Path) -> None:
    async with a_browser(tmp_path, lambda _: Answer(303, None, {"location": "/"})) as browser:
        await browser.sign_in("operator1", "very-secret-word")
        await browser.submit(browser.deed("account", login="x"), "/staff", {"password": "very-secret-word"})
        text = await asyncio.to_thread(browser.world.history.path.read_text)
    assert "very-secret-word" not in text
