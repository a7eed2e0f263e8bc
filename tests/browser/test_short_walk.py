"""One order through a real browser: the operator's keys, the crew's thumb, the resident's old phone."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, Page, expect

from shared.testing.eventually import eventually
from tests.browser.looks import (
    DESK,
    LANGUAGES,
    PHONE,
    VENDOR,
    Doorway,
    Keys,
    axe_sum,
    axe_violations,
    listen,
    overflow_px,
    small_targets,
    wire_bytes,
)
from tests.browser.residents import links_by_state
from tests.browser.town import Town

# The first test waits for the whole system to start, on cores it shares with other tests.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="session")
async def states(town: Town) -> dict[str, str]:
    """A status link for each state there is; "delivered" is shown a while after the crew's tap."""
    found: dict[str, str] = {}

    async def all_there() -> bool:
        found.update(await links_by_state(town))
        return {"received", "packed", "out", "delivered", "no_answer", "cancelled"} <= found.keys()

    await eventually(all_there, within_s=45)
    return found


@pytest.fixture(scope="session")
async def crew_phone(doorway: Doorway, town: Town) -> AsyncIterator[Page]:
    """A phone that was let in for the crew which has not set out yet."""
    phone = await doorway.window(viewport=PHONE, has_touch=True, is_mobile=True, locale="zh-CN")
    page = await phone.new_page()
    await page.goto(f"{town.urls['routing']}/crew")
    assert page.url.endswith("/crew/admission"), "a crew without session is sent to its own door"
    await page.fill("#code", await _admission_code(doorway, town, town.fresh_crew))
    await page.get_by_role("button", name="开始").click()
    await page.wait_for_url("**/crew")
    yield page
    await phone.close()


async def _press(page: Page, button: Locator) -> None:
    """Press as a person does who looks up first: the page takes no press that was meant for the one before."""
    await expect(page.locator("body[data-guard=over]")).to_be_attached()
    async with page.expect_navigation():
        await button.tap()


async def _admission_code(doorway: Doorway, town: Town, crew_id: str) -> str:
    desk = await doorway.window("routing", "dispatcher", viewport=DESK)
    page = await desk.new_page()
    await page.goto(f"{town.urls['routing']}/crews")
    await page.locator(f"form[action='/crews/{crew_id}/admission'] button").click()
    code = await page.locator(".r-code").inner_text()
    await desk.close()
    return code.strip()


async def test_an_operator_orders_by_door_with_the_keyboard_alone(doorway: Doorway, town: Town) -> None:
    desk = await doorway.window("orders", "operator", viewport=DESK)
    page = await desk.new_page()
    complaints = listen(page)
    await page.goto(f"{town.urls['orders']}/desk?lang=zh-Hans")
    keys = Keys(page)
    door = town.free_doors[0]
    await keys.type(door)
    await keys.press("Enter")
    await expect(page.locator("[data-found]")).to_have_count(1)
    await keys.press("Enter")
    await page.wait_for_url("**/desk/households/**")
    await expect(page.locator("#quick")).to_be_focused()
    await keys.type("mi2 jd1 nn2")
    await keys.press("Control+Enter")
    said = await page.locator("#read-back").inner_text()
    assert door.rpartition("-")[2] in said
    for line in ("大米 5公斤 × ", "鸡蛋 30枚 × ", "牛奶 1升 × ", "对吗？"):
        assert line in said
    await keys.press("Control+Enter")
    await page.wait_for_url("**placed=**")
    assert keys.pressed <= 25
    await expect(page.locator("article[id^=order-]")).to_have_count(1)
    assert complaints == []
    await desk.close()


async def test_pressing_twice_places_one_order(doorway: Doorway, town: Town) -> None:
    desk = await doorway.window("orders", "operator", viewport=DESK)
    page = await desk.new_page()
    await page.goto(f"{town.urls['orders']}/desk?q={town.free_doors[1]}&lang=en")
    await page.locator("[data-found]").click()
    await page.get_by_role("button", name="Place without reading back").dblclick()
    await page.wait_for_url("**placed=**")
    await page.goto(page.url.partition("?")[0])
    await expect(page.locator("article[id^=order-]")).to_have_count(1)
    await desk.close()


async def test_a_crew_delivers_a_door_with_one_tap_and_takes_it_back(crew_phone: Page) -> None:
    page = crew_phone
    complaints = listen(page)
    await _press(page, page.get_by_role("button", name="已装齐，出发"))
    first_door = await page.locator(".c-stop__door").inner_text()
    assert await small_targets(page, 56) == []
    await _press(page, page.get_by_role("button", name="已送达"))
    await expect(page.locator(".c-stop__door")).not_to_have_text(first_door)
    await expect(page.locator("h1")).to_contain_text(" 1/")
    await _press(page, page.get_by_role("button", name="撤销"))
    await expect(page.locator(".c-stop__door")).to_have_text(first_door)
    await page.locator("summary", has_text="未送达").tap()
    assert await small_targets(page, 56) == []
    await _press(page, page.get_by_role("button", name="无人应答"))
    await expect(page.locator("h1")).to_contain_text(" 1/")
    assert await overflow_px(page) == 0
    assert await axe_violations(page) == []
    assert complaints == []


async def test_a_resident_reads_everything_without_script(doorway: Doorway, states: dict[str, str]) -> None:
    phone = await doorway.window(viewport=PHONE, java_script_enabled=False, locale="zh-CN")
    page = await phone.new_page()
    await page.goto(states["delivered"])
    await expect(page.locator("h1")).to_have_text("您的物资已放在门口")
    await page.get_by_role("link", name="大字").click()
    await expect(page.locator("body")).to_have_class("resident resident--large")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("h1")).to_have_text("Your supplies are at your door")
    assert await page.locator("a[href='tel:62001234']").count() == 1
    await page.get_by_role("link", name="Show the latest").click()
    await expect(page.locator("h1")).to_have_text("Your supplies are at your door")
    await phone.close()


async def test_what_the_walk_touches_fits_and_is_accessible(
    doorway: Doorway, town: Town, states: dict[str, str]
) -> None:
    household = f"/desk/households/{next(iter(town.household_ids.values()))}?q=1"
    for service, role, path in (
        ("orders", "", "/sign-in"),
        ("orders", "operator", household),
        ("routing", "dispatcher", f"/waves/{town.waves['planned']}"),
        ("notify", "", states["no_answer"].removeprefix(town.urls["notify"])),
    ):
        window = await doorway.window(service, role)
        await _look_at_both_sizes(await window.new_page(), f"{town.urls[service]}{path}")
        await window.close()


async def _look_at_both_sizes(page: Page, url: str) -> None:
    complaints = listen(page)
    for language in LANGUAGES:
        await page.goto(f"{url}{'&' if '?' in url else '?'}lang={language}")
        for size in (PHONE, DESK):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            assert await overflow_px(page) == 0, (page.url, size)
        assert await axe_violations(page) == [], page.url
        if "/s/" in url:
            assert await small_targets(page, 48) == []
    assert complaints == []


async def test_pages_are_light_enough_for_a_bad_line(
    doorway: Doorway, town: Town, states: dict[str, str], crew_phone: Page
) -> None:
    household = f"{town.urls['orders']}/desk/households/{next(iter(town.household_ids.values()))}?q=1"
    desk = await doorway.window("orders", "operator")
    resident = await doorway.window()
    crew = await doorway.browser.new_context(storage_state=await crew_phone.context.storage_state())
    for window, url, most_bytes in (
        (resident, states["out"], 10_000),
        (crew, crew_phone.url, 40_000),
        (desk, household, 80_000),
    ):
        taken = await wire_bytes(window, url)
        assert sum(taken.values()) <= most_bytes, taken
        await window.close()


@pytest.mark.parametrize(
    ("role", "path", "figure"),
    [
        ("operator", "/orders", (".c-tile__value", "20,000")),
        ("officer", "/zones", (".c-facts .num", "26 September 00:00")),
    ],
)
async def test_the_longest_figures_of_a_large_street_stay_in_their_place(
    doorway: Doorway, town: Town, role: str, path: str, figure: tuple[str, str]
) -> None:
    window = await doorway.window("orders", role, viewport=PHONE)
    page = await window.new_page()
    await page.goto(f"{town.urls['orders']}{path}?lang=en")
    spilt = await page.evaluate(
        """([place, text]) => [...document.querySelectorAll(place)].map((each) => {
            each.firstChild.textContent = text;
            const box = each.parentElement;
            return box.scrollWidth > box.clientWidth;
        })""",
        figure,
    )
    assert spilt
    assert not any(spilt)
    assert await overflow_px(page) == 0
    await window.close()


def test_axe_is_the_one_that_the_list_names() -> None:
    assert axe_sum() in (VENDOR / "README.md").read_text(encoding="utf-8")
