"""What only a real browser can tell: its cookies, its policy, its layout at 360 pixels."""

import shutil
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright

from shared.database.session import transaction
from shared.security.accounts import save_account
from shared.testing.eventually import eventually
from shared.web.idempotency import Engine
from tests.integration.shared.web.small_service import PASSWORD, Start, an_account


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path is not None, "Chromium is missing; it comes with: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def url(start: Start, engine: Engine) -> str:
    async with transaction(engine) as tx:
        await save_account(tx, an_account("operator"))
    _, url = start("lives")

    async def answers() -> bool:
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"{url}/healthz")).status_code == 200
            except httpx.ConnectError:
                return False

    await eventually(answers, within_s=20)
    return url


async def test_a_person_signs_in_and_out_on_loopback(chromium: Browser, url: str) -> None:
    page = await chromium.new_page(locale="en")
    await page.goto(f"{url}/?lang=en")
    await page.fill("#login", "operator")
    await page.fill("#password", "wrong")
    await page.press("#password", "Enter")
    assert await page.locator("#error-summary").inner_text() != ""
    assert await page.evaluate("document.activeElement.id") == "error-summary"
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url(f"{url}/?lang=en")
    [cookie] = [c for c in await page.context.cookies() if c["name"] == "__Host-baimi-notify"]
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url(f"{url}/sign-in")
    assert [c for c in await page.context.cookies() if c["name"] == "__Host-baimi-notify"] == []
    await page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-Hans", "en"])
async def test_pages_fit_a_phone_and_break_no_policy(
    chromium: Browser, url: str, language: str, scheme: str
) -> None:
    page = await chromium.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)  # type: ignore[arg-type]
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in ("/styleguide", "/sign-in"):
        await page.goto(f"{url}{path}?lang={language}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        assert await _without_name(page) == []
    assert complaints == []
    await page.close()


async def test_the_keyboard_reaches_the_content_first(chromium: Browser, url: str) -> None:
    page = await chromium.new_page()
    await page.goto(f"{url}/sign-in?lang=en")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "c-skip"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
    await page.close()


async def _without_name(page: Page) -> list[str]:
    """Controls a screen reader could not name, and ids used twice."""
    found: list[str] = await page.evaluate("""() => {
        const nameless = [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
            .filter((e) => !e.labels.length).map((e) => e.outerHTML);
        const empty = [...document.querySelectorAll("a, button")].filter((e) => !e.textContent.trim());
        const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
        const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
        return [...nameless, ...empty.map((e) => e.outerHTML), ...twice];
    }""")
    return found
