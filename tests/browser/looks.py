"""What a browser can measure of a page: its width, its weight, its complaints, its targets, its accessibility."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.town import Town

VENDOR = Path(__file__).parent / "vendor"
AXE_PATH = VENDOR / "axe.min.js"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
LANGUAGES = ("zh-Hans", "en")
# The browser's own words about an answer of 404 and the like, which such a page cannot help.
_ANSWERED_WITH = "Failed to load resource: the server responded with a status of"


@dataclass(slots=True)
class Doorway:
    """Opens windows; whoever signed in once at a service stays signed in for the run."""

    browser: Browser
    town: Town
    _signed_in: dict[tuple[str, str], Any] = field(default_factory=dict)

    async def window(self, service: str = "", role: str = "", **wishes: Any) -> BrowserContext:
        """A window with this role's cookies at this service, or with none. The caller closes it."""
        if role and (service, role) not in self._signed_in:
            self._signed_in[service, role] = await self._sign_in(service, role)
        return await self.browser.new_context(storage_state=self._signed_in.get((service, role)), **wishes)

    async def _sign_in(self, service: str, role: str) -> Any:
        context = await self.browser.new_context()
        page = await context.new_page()
        await page.goto(f"{self.town.urls[service]}/sign-in")
        login, password = self.town.password(role)
        await page.fill("#login", login)
        await page.fill("#password", password)
        await page.press("#password", "Enter")
        await page.wait_for_url(lambda url: "/sign-in" not in url)
        state = await context.storage_state()
        await context.close()
        return state


def listen(page: Page) -> list[str]:
    """Everything the page complains about from now on: script errors, refused policies, missing files."""
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and not message.text.startswith(_ANSWERED_WITH)
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"{request.url}: {request.failure}"))
    return complaints


async def overflow_px(page: Page) -> int:
    """By how much the page must be pushed sideways. Units: CSS pixels."""
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


async def axe_violations(page: Page) -> list[str]:
    """What axe finds, all rules on, one line each."""
    # Put in by the test's own line to the browser, which no page's policy stands in the way of.
    await page.evaluate(AXE_PATH.read_text(encoding="utf-8"))
    found = await page.evaluate(
        "async () => (await axe.run(document)).violations.map("
        "(v) => `${v.impact} ${v.id}: ${v.nodes[0].html.slice(0, 160)}`)"
    )
    return [str(line) for line in found]


async def small_targets(page: Page, least_px: int) -> list[str]:
    """Visible links, buttons and ticks lower or narrower than this. Units: CSS pixels."""
    found = await page.evaluate(
        """(least) => [...document.querySelectorAll("a[href], button, summary, select, label:has(input)")]
            .filter((e) => e.checkVisibility() && !e.classList.contains("c-skip"))
            .map((e) => ({ text: e.textContent.trim(), box: e.getBoundingClientRect() }))
            .filter(({ box }) => box.height < least - 0.5 || box.width < Math.min(least, 44) - 0.5)
            .map(({ text, box }) => `${text.slice(0, 40)}: ${box.width.toFixed()} x ${box.height.toFixed()}`)""",
        least_px,
    )
    return [str(line) for line in found]


async def wire_bytes(context: BrowserContext, url: str) -> Mapping[str, int]:
    """What a first visit takes over the wire, headers and all, by address; the window must be a fresh one."""
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    names: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on("Network.responseReceived", lambda e: names.__setitem__(e["requestId"], e["response"]["url"]))
    session.on("Network.loadingFinished", lambda e: sizes.__setitem__(e["requestId"], e["encodedDataLength"]))
    await page.goto(url, wait_until="networkidle")
    await page.close()
    return {names.get(key, key): int(size) for key, size in sizes.items()}


@dataclass(slots=True)
class Keys:
    """A keyboard that counts; a chord such as Ctrl+Enter is one key, as an operator feels it."""

    page: Page
    pressed: int = 0

    async def type(self, text: str) -> None:
        """Type a text, sign by sign."""
        await self.page.keyboard.type(text)
        self.pressed += len(text)

    async def press(self, key: str) -> None:
        """Press one key or chord."""
        await self.page.keyboard.press(key)
        self.pressed += 1


def axe_sum() -> str:
    """The sum of the axe that is brought along."""
    return hashlib.sha256(AXE_PATH.read_bytes()).hexdigest()


def in_both(path: str) -> Sequence[str]:
    """A path in both languages."""
    return [f"{path}{'&' if '?' in path else '?'}lang={language}" for language in LANGUAGES]
