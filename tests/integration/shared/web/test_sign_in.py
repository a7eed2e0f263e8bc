"""Staff come in by the door, and only they."""

import httpx
import pytest
from sqlalchemy import delete

from shared.database.session import transaction
from shared.security.accounts import revoke_sessions, save_account
from shared.security.sessions import cookie_name
from shared.security.tables import staff_accounts
from tests.integration.shared.web.small_service import SmallService, an_account, sign_in

COOKIE = cookie_name("notify")


async def test_a_page_sends_a_stranger_to_the_door_and_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/households/A?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/households/A%3Fx%3D1"


async def test_a_program_without_a_session_gets_401_and_a_code(client: httpx.AsyncClient) -> None:
    answer = await client.get("/households/A", headers={"accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_signed_in"


async def test_the_right_password_opens_the_page_that_was_wanted(client: httpx.AsyncClient) -> None:
    form = {"login": " Operator ", "password": "a quiet street at dawn", "next": "/households/A"}
    answer = await client.post("/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/households/A")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-baimi-notify=")
    assert "HttpOnly" in cookie
    assert "Secure" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert (await client.get("/households/A")).json() == {"community": "A"}


@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test", "/\\evil.test", "/sign-out", "evil", "", "/\n//evil.test"]
)
async def test_the_door_leads_nowhere_else(client: httpx.AsyncClient, target: str) -> None:
    form = {"login": "operator", "password": "a quiet street at dawn", "next": target}
    answer = await client.post("/sign-in", data=form)
    assert answer.headers["location"] == "/"


async def test_wrong_password_unknown_login_and_closed_account_look_the_same(
    client: httpx.AsyncClient, service: SmallService
) -> None:
    async with transaction(service.parts.engine) as tx:
        await save_account(tx, an_account("auditor", active=False))
    service.clock.advance(3600)
    answers = [
        await sign_in(client, "operator", "a wrong password"),
        await sign_in(client, "nobody-here", "a wrong password"),
        await sign_in(client, "auditor"),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    pages = {a.text.replace(n, "") for a, n in zip(answers, ["operator", "nobody-here", "auditor"], strict=True)}
    assert len(pages) == 1
    assert not client.cookies


async def test_a_sixth_guess_is_not_even_looked_at(client: httpx.AsyncClient, service: SmallService) -> None:
    service.clock.advance(10_000)
    for _ in range(5):
        assert (await sign_in(client, "dispatcher", "guess")).status_code == 422
    assert (await sign_in(client, "dispatcher")).status_code == 429
    assert (await sign_in(client, "Dispatcher ")).status_code == 429
    service.clock.advance(15 * 60)
    assert (await sign_in(client, "dispatcher")).status_code == 303


async def test_a_session_ends_after_half_an_hour_of_nothing(
    client: httpx.AsyncClient, service: SmallService
) -> None:
    await sign_in(client, "operator")
    for _ in range(4):
        service.clock.advance(25 * 60)
        assert (await client.get("/")).status_code == 200
    service.clock.advance(31 * 60)
    assert (await client.get("/")).status_code == 303


async def test_a_session_ends_after_twelve_hours_however_busy(
    client: httpx.AsyncClient, service: SmallService
) -> None:
    await sign_in(client, "operator")
    for _ in range(35):
        service.clock.advance(20 * 60)
        assert (await client.get("/")).status_code == 200
    service.clock.advance(21 * 60)
    assert (await client.get("/")).status_code == 303


async def test_signing_in_again_ends_the_old_session(client: httpx.AsyncClient) -> None:
    await sign_in(client, "operator")
    old = client.cookies[COOKIE]
    await sign_in(client, "operator")
    assert client.cookies[COOKIE] != old
    client.cookies.clear()
    answer = await client.get("/", headers={"cookie": f"{COOKIE}={old}"})
    assert answer.status_code == 303


async def test_signing_out_ends_the_session_on_the_server(client: httpx.AsyncClient) -> None:
    await sign_in(client, "operator")
    token = client.cookies[COOKIE]
    assert (await client.post("/sign-out")).headers["location"] == "/sign-in"
    assert COOKIE not in client.cookies
    assert (await client.get("/", headers={"cookie": f"{COOKIE}={token}"})).status_code == 303


async def test_revocation_acts_at_the_next_request(client: httpx.AsyncClient, service: SmallService) -> None:
    await sign_in(client, "operator")
    async with transaction(service.parts.engine) as tx:
        assert await revoke_sessions(tx, "account-operator") >= 1
    assert (await client.get("/")).status_code == 303


async def test_an_account_that_is_closed_is_out_at_once_and_an_older_change_does_not_reopen_it(
    client: httpx.AsyncClient, service: SmallService
) -> None:
    await sign_in(client, "operator")
    async with transaction(service.parts.engine) as tx:
        await save_account(tx, an_account("operator", sequence=9, active=False))
        await save_account(tx, an_account("operator", sequence=8, active=True))
    try:
        assert (await client.get("/")).status_code == 303
        assert (await sign_in(client, "operator")).status_code == 422
    finally:
        async with transaction(service.parts.engine) as tx:
            await tx.execute(delete(staff_accounts))


async def test_a_role_that_does_not_fit_is_told_so_and_does_not_see_the_page_in_the_top_bar(
    client: httpx.AsyncClient,
) -> None:
    await sign_in(client, "operator")
    answer = await client.get("/dispatch")
    assert answer.status_code == 403
    assert "Your role does not allow this." in answer.text
    assert 'href="/dispatch"' not in answer.text
    assert "Today" in answer.text


async def test_another_community_does_not_exist(client: httpx.AsyncClient) -> None:
    await sign_in(client, "operator")
    assert (await client.get("/households/B")).status_code == 404
    assert (await client.get("/households/A")).status_code == 200


async def test_a_route_that_never_asked_for_scope_is_an_error(client: httpx.AsyncClient) -> None:
    await sign_in(client, "operator")
    answer = await client.get("/careless")
    assert answer.status_code == 500
    assert "somebody" not in answer.text
