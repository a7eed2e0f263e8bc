"""What residents and staff see of notify over HTTP: status page (open_link, revoke_link), list, parked events."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.notify.main import build
from services.notify.settings import NotifySettings
from services.notify.storage.links import token_of
from shared.basics.clock import Clock, ScaledClock
from shared.basics.randomness import SystemRandomness
from shared.contracts.orders_household import HouseholdRemoved
from shared.database.session import transaction
from shared.security.accounts import StaffAccount, save_account
from shared.security.roles import Role
from shared.security.sessions import begin_session
from shared.settings import Environment
from shared.web.app import create_app, declared_routes
from tests.integration.notify.town import ZONE, Town, a_building, a_person

HOST = "https://notify.test"


@dataclass
class Site:
    """Notify's pages over a town."""

    town: Town
    app: FastAPI
    browser: httpx.AsyncClient

    def link(self, household_id: str = "h-1", generation: int = 1) -> str:
        return "/s/" + token_of(self.town.keys["notify"].link_key, household_id, generation)

    async def sign_in(self, *roles: Role, communities: tuple[str, ...] = ("*",)) -> None:
        account = StaffAccount(
            "account-1", "wang", "王敏", frozenset(roles), frozenset(communities), frozenset(), "none", True, 1
        )
        async with transaction(self.town.engine) as tx:
            await save_account(tx, account)
            token = await begin_session(tx, "account-1", self.town.clock.now())
        self.browser.cookies.set("__Host-baimi-notify", token)

    async def page(self, path: str, **query: str) -> httpx.Response:
        return await self.browser.get(path, params=query or None, headers={"accept": "text/html"})


def make_app(town: Town, tmp_path: Path, clock: Clock) -> FastAPI:
    """Notify's pages by this street's clock; sessions go by the town's."""
    key_file = tmp_path / "keys"
    key_file.write_text(town.key_files["notify"])
    key_file.chmod(0o600)
    settings = NotifySettings(
        environment=Environment.TEST,
        database_url=town.engine.url.render_as_string(hide_password=False),
        kafka_bootstrap_servers="127.0.0.1:1",
        http_port=1,
        key_file=key_file,
    )
    return create_app(replace(build(settings), engine=town.engine, clock=clock, real_clock=town.clock))


@pytest.fixture
async def site(town: Town, tmp_path: Path) -> AsyncIterator[Site]:
    app = make_app(town, tmp_path, town.clock)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as browser:
        yield Site(town, app, browser)


async def test_a_link_shows_how_the_order_stands_and_no_person(site: Site) -> None:
    await site.town.hear(site.town.registered("h-1", a_person("13800000001")))
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    await site.town.hear(site.town.scheduled("h-1", "o-0001"))
    await site.town.hear(site.town.out("h-1", "o-0001"))
    page = await site.page(site.link())
    assert page.status_code == 200
    for seen in ("您的物资正在配送", "A0001-7", "09:20–09:50", "大米5kg", "6200 1234", "社区保供"):
        assert seen in page.text
    for unseen in ("陈秀兰", "13800000001", "1802", "莲香小区"):
        assert unseen not in page.text


async def test_a_link_speaks_english_and_shows_large_text_when_asked(site: Site) -> None:
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    page = await site.page(site.link(), lang="en", large="1")
    for seen in ("We have your order", "Rice 5 kg", "Hotline, day and night", 'lang="en"', "resident--large"):
        assert seen in page.text
    assert "large=1" not in page.text.split("Normal text")[0].rsplit("href=", 1)[1]


async def test_an_opened_link_changes_nothing_and_stays_with_its_holder(site: Site) -> None:
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    before = await site.town.rows("SELECT * FROM links")
    for _ in range(3):
        page = await site.page(site.link())
    assert await site.town.rows("SELECT * FROM links") == before
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"


async def test_a_link_is_stored_only_as_a_hash(site: Site) -> None:
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    [row] = await site.town.rows("SELECT * FROM links")
    assert site.link().removeprefix("/s/").encode() not in bytes(row.token_hash)


async def test_unknown_expired_and_revoked_links_look_the_same(site: Site) -> None:
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    await site.town.hear(site.town.placed("h-2", "o-0002"))
    await site.town.hear(HouseholdRemoved(household_id="h-2"))
    site.town.clock.advance(14 * 24 * 3600 + 1)
    paths = [site.link("h-1"), site.link("h-2"), site.link("h-1", generation=2), "/s/" + "x" * 22, "/s/short"]
    pages = [await site.page(path) for path in paths]
    assert {page.status_code for page in pages} == {404}
    # The page names its own address nowhere but in nothing: all five bodies are the same.
    assert len({re.sub(r"data-as-of=\S+", "", page.text) for page in pages}) == 1
    assert "6200 1234" in pages[0].text


async def test_whoever_opens_too_many_links_that_show_nothing_is_told_to_wait(site: Site) -> None:
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    assert {(await site.page(f"/s/{'x' * 20}{n:02}")).status_code for n in range(30)} == {404}
    page = await site.page(site.link())
    assert (page.status_code, page.headers["retry-after"]) == (429, "10")
    assert page.headers["referrer-policy"] == "no-referrer"
    for seen in ("请在10秒后重新打开自己的链接", "6200 1234"):
        assert seen in page.text
    in_english = await site.page("/s/" + "x" * 22, lang="en")
    assert "Open your own link again in 10 seconds" in in_english.text
    site.town.clock.advance(10)
    assert (await site.page(site.link())).status_code == 200


async def test_a_resident_who_never_missed_is_never_told_to_wait(site: Site) -> None:
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    assert {(await site.page(site.link())).status_code for _ in range(40)} == {200}


async def test_a_stopped_link_shows_nothing_and_the_next_message_brings_another(site: Site) -> None:
    await site.town.hear(site.town.registered("h-1"))
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    await site.sign_in(Role.OPERATOR)
    page = await site.page("/links/h-1")
    for seen in ("停用此链接", "A0001-7"):
        assert seen in page.text
    done = await stop_link(site, generation=1)
    assert (done.status_code, done.headers["location"]) == (303, "/links/h-1?stopped=yes")
    assert "此前发出的链接均已失效" in (await site.page("/links/h-1", stopped="yes")).text
    assert (await site.page(site.link(generation=1))).status_code == 404
    assert (await site.page(site.link(generation=2))).status_code == 200
    await site.town.sender.turn()
    [parcel] = site.town.provider.taken
    assert site.link(generation=2) in parcel.text
    [entry] = await site.town.rows("SELECT actor_id, action, subject_kind, subject_id FROM audit_entries")
    assert tuple(entry) == ("account-1", "revoke_link", "household", "h-1")


async def test_a_link_is_stopped_once_whoever_presses_again(site: Site) -> None:
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    await site.sign_in(Role.DISPATCHER)
    await stop_link(site, generation=1, key="0123456789abcdef")
    again = await stop_link(site, generation=1, key="0123456789abcdef")
    assert again.status_code == 303
    another = await stop_link(site, generation=1)
    assert another.status_code == 409
    assert "此链接已停用" in another.text
    assert (await site.page(site.link(generation=2))).status_code == 200
    assert len(await site.town.rows("SELECT 1 FROM audit_entries")) == 1


async def test_a_link_is_stopped_only_by_the_desk_of_its_own_community(site: Site) -> None:
    await site.town.hear(a_building("building-1", "莲香社区", "第一网格"))
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    await site.sign_in(Role.OPERATOR, communities=("榕荫社区",))
    assert (await site.page("/links/h-1")).status_code == 404
    assert (await stop_link(site, generation=1)).status_code == 404
    assert (await site.page("/links/nobody")).status_code == 404
    assert (await site.page(site.link())).status_code == 200


async def test_a_link_is_not_stopped_by_those_without_the_role(site: Site) -> None:
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    await site.sign_in(Role.AUDITOR, Role.ADMINISTRATOR)
    assert (await stop_link(site, generation=1)).status_code == 403
    assert (await site.page(site.link())).status_code == 200


async def stop_link(site: Site, *, generation: int, key: str = "") -> httpx.Response:
    form = {"idempotency_key": key or SystemRandomness().token_urlsafe(18), "generation": str(generation)}
    return await site.browser.post("/links/h-1/revoke", data=form, headers={"accept": "text/html", "origin": HOST})


async def test_a_failed_delivery_says_why_and_what_happens_next(site: Site) -> None:
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    await site.town.hear(site.town.failed("h-1", "o-0001"))
    page = await site.page(site.link())
    assert "敲门无人应答" in page.text
    assert "约再次配送" in page.text


async def test_the_list_shows_fates_and_only_ones_own_community(site: Site) -> None:
    await site.town.hear(a_building("building-1", "莲香社区", "第一网格"))
    await site.town.hear(a_building("building-2", "榕荫社区", "第二网格"))
    await site.town.hear(site.town.registered("h-1", a_person(None)))
    await site.town.hear(site.town.placed("h-1", "o-0001"))
    await site.town.hear(site.town.placed("h-2", "o-0002", building_id="building-2"))
    await site.town.sender.turn()
    await site.sign_in(Role.OPERATOR, communities=("莲香社区",))
    page = await site.page("/messages")
    assert "A0001-7" in page.text
    assert "没有登记电话" in page.text
    assert "A0002-7" not in page.text
    listed = await site.browser.get("/messages", headers={"accept": "application/json"})
    assert [(m["number"], m["state"]) for m in listed.json()["messages"]] == [("A0001-7", "undeliverable")]
    assert "A0001-7" not in (await site.page("/messages", state="accepted")).text


async def test_the_list_is_closed_to_those_without_the_role(site: Site) -> None:
    assert (await site.page("/messages")).status_code == 303
    await site.sign_in(Role.ADMINISTRATOR)
    assert (await site.page("/messages")).status_code == 403
    assert (await site.page("/parked")).status_code == 200


async def test_a_parked_event_stands_there_since_a_moment_of_the_streets_clock(town: Town, tmp_path: Path) -> None:
    began_at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    app = make_app(town, tmp_path, ScaledClock(origin=town.clock.now(), anchor=began_at, factor=60))
    # One real minute after the start, when the street was an hour on.
    await town.rows(
        "INSERT INTO parked (event_id, topic, partition, record_offset, headers, body, reason, parked_at)"
        " VALUES (gen_random_uuid(), 'orders.household-events', 0, 7, '{}', '', 'garbage', :at) RETURNING 1",
        at=began_at + timedelta(minutes=1),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST) as browser:
        site = Site(town, app, browser)
        await site.sign_in(Role.ADMINISTRATOR)
        page = await site.page("/parked", lang="en")
    an_hour_on = (town.clock.now() + timedelta(hours=1)).astimezone(ZONE)
    assert f"{an_hour_on.day} March {an_hour_on:%H:%M}" in page.text
    assert "The times are the street's" in page.text


async def test_the_list_goes_on_with_older_messages(site: Site) -> None:
    for number in range(1, 54):
        await site.town.hear(site.town.placed(f"h-{number}", f"o-{number:04}"))
    await site.sign_in(Role.DISPATCHER)
    first = await site.page("/messages")
    found = re.search(r'href="(\?before=\d+)"', first.text)
    assert found is not None
    second = await site.page("/messages" + found.group(1))
    assert "A0003-7" in second.text
    assert "A0004-7" not in second.text


async def test_every_route_says_who_may_open_it(site: Site) -> None:
    paths = {(route.method, route.path) for route in declared_routes(site.app)}
    assert {
        ("GET", "/s/{token}"),
        ("GET", "/messages"),
        ("POST", "/links/{household_id}/revoke"),
        ("GET", "/parked"),
        ("GET", "/healthz"),
    } <= paths
