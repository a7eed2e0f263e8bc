"""The filled street and a real Chromium, once for each pytest worker."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from deploy.local.launcher import Ports, System, SystemPlan, forget
from tests.browser.looks import Doorway
from tests.browser.town import MORNING, Town, TownMaker, write_small_street

# A minute of the street in ten seconds: "delivered" is told a minute after the tap.
CLOCK_FACTOR = 6.0


@pytest.fixture(scope="session")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    scene = await asyncio.to_thread(write_small_street, folder / "scene")
    plan = SystemPlan(folder=folder / "state", ports=Ports.free(), clock_origin=MORNING, clock_factor=CLOCK_FACTOR)
    system = await asyncio.to_thread(System.start, plan)
    try:
        yield await TownMaker(system, scene).fill()
    finally:
        await asyncio.to_thread(system.stop)
        await asyncio.to_thread(forget, folder / "state")


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def doorway(browser: Browser, town: Town) -> Doorway:
    """Opens browser windows, signed in as somebody or as nobody."""
    return Doorway(browser, town)


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[Callable[..., object]]:
    """Windows of nobody in particular, closed after the test."""
    opened: list[BrowserContext] = []

    async def open_window(**wishes: object) -> BrowserContext:
        context = await browser.new_context(**wishes)  # type: ignore[arg-type]
        opened.append(context)
        return context

    yield open_window
    for context in opened:
        await context.close()
