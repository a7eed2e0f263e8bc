"""Every page of the three services, in both languages, light and dark, from the smallest phone to a desk."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.async_api import Page

from shared.testing.eventually import eventually
from tests.browser.looks import DESK, LANGUAGES, PHONE, Doorway, axe_violations, listen, overflow_px, small_targets
from tests.browser.residents import links_by_state
from tests.browser.town import Town

pytestmark = pytest.mark.long

# Narrow in the light, wide in the dark: colours do not depend on the width. axe looks at the second of each.
WIDTHS_PX = {"light": (320, 360), "dark": (768, 1280)}
STATES = ("received", "packed", "out", "delivered", "no_answer", "cancelled")
NOBODYS_ID = "01890000-0000-7000-8000-000000000000"
# What a program calls things: no person should have to read it. Addresses and names of headings may look so.
_CODE = re.compile(r"(?<![\w./])[a-z]+(?:_[a-z]+)+(?![\w.])|\bNone\b(?! [a-z])|\bundefined\b|%\(\w+\)s|[{}]")
_ENGLISH = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class Shown:
    """One page in one state; `path` may need to know the street."""

    name: str
    service: str
    role: str
    path: Callable[[Town], str]

    def __str__(self) -> str:
        return self.name


def _always(path: str) -> Callable[[Town], str]:
    return lambda _: path


def _first_household(rest: str) -> Callable[[Town], str]:
    return lambda town: f"/desk/households/{next(iter(town.household_ids.values()))}{rest}"


PAGES = (
    Shown("sign-in", "orders", "", _always("/sign-in")),
    Shown("desk", "orders", "operator", _always("/desk")),
    Shown("desk, found", "orders", "operator", _always("/desk?q=1")),
    Shown("desk, nothing found", "orders", "operator", _always("/desk?q=99-9-9999")),
    Shown("household", "orders", "operator", _first_household("?q=1")),
    Shown("household, phones shown", "orders", "operator", _first_household("?show=phones")),
    Shown("household, other fate", "orders", "operator", lambda t: f"/desk/households/{_last_of(t)}"),
    Shown("new household", "orders", "operator", _always("/households/new")),
    Shown("correct a household", "orders", "operator", lambda t: f"/households/{_last_of(t)}/change"),
    Shown("orders", "orders", "operator", _always("/orders")),
    Shown("orders, none", "orders", "operator", _always("/orders?date=2022-01-01")),
    Shown("register", "orders", "operator", _always("/register")),
    Shown("zones", "orders", "officer", _always("/zones")),
    Shown("staff", "orders", "administrator", _always("/staff")),
    Shown("removals", "orders", "administrator", _always("/removals")),
    Shown("orders' parked events", "orders", "administrator", _always("/parked")),
    Shown("not found", "orders", "operator", _always(f"/desk/households/{NOBODYS_ID}")),
    Shown("not allowed", "orders", "operator", _always("/staff")),
    Shown("board", "routing", "dispatcher", _always("/board")),
    Shown("estate", "routing", "dispatcher", _always("/estate")),
    Shown("crews", "routing", "dispatcher", _always("/crews")),
    Shown("wave, released", "routing", "dispatcher", lambda t: f"/waves/{t.waves['released']}"),
    Shown("wave, planned", "routing", "dispatcher", lambda t: f"/waves/{t.waves['planned']}"),
    Shown("routing's parked events", "routing", "administrator", _always("/parked")),
    Shown("crew's door", "routing", "", _always("/crew/admission")),
    Shown("messages", "notify", "operator", _always("/messages")),
    Shown("messages, none", "notify", "operator", _always("/messages?number=Z9999-9")),
    Shown("a household's link", "notify", "operator", lambda t: f"/links/{next(iter(t.household_ids.values()))}"),
    Shown("a household's link, stopped", "notify", "operator", lambda t: f"/links/{_last_of(t)}?stopped=yes"),
    Shown("link that shows nothing", "notify", "", _always("/s/abcdefghijklmnopqrstuv")),
)


def _last_of(town: Town) -> str:
    return list(town.household_ids.values())[-1]


@pytest.mark.parametrize("shown", PAGES, ids=str)
async def test_a_page_fits_is_accessible_and_speaks_to_people(doorway: Doorway, town: Town, shown: Shown) -> None:
    least_px = 56 if shown.name.startswith("crew's") else 48 if shown.name.startswith("link") else 24
    await _look(doorway, shown.service, shown.role, f"{town.urls[shown.service]}{shown.path(town)}", least_px)


@pytest.mark.parametrize("state", STATES)
async def test_a_status_page_does_so_in_every_state(doorway: Doorway, town: Town, state: str) -> None:
    found: dict[str, str] = {}

    async def is_there() -> bool:
        found.update(await links_by_state(town))
        return state in found

    await eventually(is_there, within_s=45)
    await _look(doorway, "notify", "", found[state], 48)
    await _look(doorway, "notify", "", f"{found[state]}?large=1", 48)


@pytest.mark.parametrize("kind", ["places", "why"])
async def test_so_do_the_pages_of_an_order_that_a_wave_leads_to(doorway: Doorway, town: Town, kind: str) -> None:
    window = await doorway.window("routing", "dispatcher", viewport=DESK)
    page = await window.new_page()
    await page.goto(f"{town.urls['routing']}/waves/{town.waves['planned']}")
    link = await page.locator(f'a[href*="/{kind}?stop_id="]').first.get_attribute("href")
    await window.close()
    await _look(doorway, "routing", "dispatcher", f"{town.urls['routing']}{link}", 24)


async def test_when_the_database_is_away_people_are_told_what_to_do(doorway: Doorway, town: Town) -> None:
    link = next(iter((await links_by_state(town)).values()))
    await asyncio.to_thread(town.system.stop_one, "postgres")
    try:
        for service, role, url, words in (
            ("notify", "", link, "6200 1234"),
            ("orders", "operator", f"{town.urls['orders']}/desk", "请等半分钟"),
        ):
            window = await doorway.window(service, role, viewport=PHONE, locale="zh-CN")
            page = await window.new_page()
            answer = await page.goto(url)
            assert answer is not None
            assert answer.status == 503
            assert words in await page.inner_text("main")
            assert await axe_violations(page) == []
            await window.close()
    finally:
        await asyncio.to_thread(town.system.start_one, "postgres")


async def _look(doorway: Doorway, service: str, role: str, url: str, least_px: int) -> None:
    for scheme, widths_px in WIDTHS_PX.items():
        window = await doorway.window(service, role, color_scheme=scheme, viewport=DESK)
        page = await window.new_page()
        complaints = listen(page)
        for language in LANGUAGES:
            await page.goto(f"{url}{'&' if '?' in url else '?'}lang={language}")
            for width_px in widths_px:
                await page.set_viewport_size({"width": width_px, "height": 740})
                assert await overflow_px(page) == 0, (page.url, width_px)
            assert await axe_violations(page) == [], (page.url, scheme)
            assert await small_targets(page, least_px) == [], (page.url, scheme)
            await _check_words(page, language)
        assert complaints == []
        await window.close()


async def _check_words(page: Page, language: str) -> None:
    text = await page.inner_text("main")
    assert _CODE.findall(text) == [], page.url
    if language == "zh-Hans":
        assert _ENGLISH.findall(text) == [], page.url
