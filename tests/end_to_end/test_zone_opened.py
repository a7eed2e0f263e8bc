"""A zone opens while rounds are released: orders, messages and crews' phones follow, over the real broker."""

from deploy.rehearsal.actors.accounts import account_of
from deploy.rehearsal.actors.browser import Browser
from deploy.rehearsal.actors.crew import Crew
from shared.testing.eventually import eventually
from tests.end_to_end.test_one_order import news_of
from tests.end_to_end.tiny_street import TinyStreet


async def open_or_seal(street: TinyStreet, zone_name: str, zone_class: str) -> None:
    """The officer gives a zone another class from now on."""
    officer = account_of(list(street.accounts), "officer")
    browser = Browser(street.world, "orders", "officer")
    await browser.sign_in(officer.login, officer.password)
    (zone,) = [zone for zone in (await browser.get_json("/zones"))["zones"] if zone["name"] == zone_name]
    form = {"zone_class": zone_class}
    await browser.submit(browser.deed("class", name=zone_name), f"/zones/{zone['zone_id']}/class", form)
    await street.quiet.until_heard("orders", "routing")


async def test_orders_of_a_zone_that_opens_come_off_their_rounds_everywhere(street: TinyStreet) -> None:
    opened, other = street.scene.street.zones
    homes = list(enumerate(street.scene.days.households))[8:]
    chosen = {zone.id: [n for n, home in homes if home.zone == zone.id][:3] for zone in (opened, other)}
    leave, stay = [[await street.order(n) for n in chosen[zone.id]] for zone in (opened, other)]
    wave = await street.release_wave()
    await street.quiet.until_heard("routing", "orders")
    await street.quiet.until_heard("routing", "notify")

    async def has_told_all() -> bool:
        return all([(await news_of(street, order))[-1:] == ["scheduled"] for order in [*leave, *stay]])

    await eventually(has_told_all, within_s=40)
    await open_or_seal(street, opened.name, "lifted")
    try:
        await eventually(lambda: is_made_again(street, wave["wave_id"]), within_s=40)
        await street.quiet.until_heard("routing", "orders")
        for order in leave:
            seen = await street.operator.see_order(order)
            assert (seen["state"], seen["reason"], seen["window"]) == ("accepted", "zone_closed", None)
        await eventually(lambda: are_told(street, leave), within_s=40)
        on_phones = await orders_on_phones(street, wave["wave_id"])
        assert not on_phones.keys() & set(leave)
        for order in stay:
            seen = await street.operator.see_order(order)
            assert seen["state"] == "scheduled"
            assert seen["window"] == on_phones[order]
            assert "corrected" not in await news_of(street, order)
    finally:
        await open_or_seal(street, opened.name, "sealed")
    # The street is everybody's: no round of this wave is left for the crews' next tests.
    left = (await street.dispatcher.see_wave(wave["wave_id"]))["rounds"]
    await street.walk({"rounds": [each for each in left if each["state"] == "released"]})


async def is_made_again(street: TinyStreet, wave_id: str) -> bool:
    """Whether every plan that was to be made again has been."""
    lines = (await street.dispatcher.see_wave(wave_id))["made_again"]
    return bool(lines) and all(line["state"] in {"saved", "kept"} for line in lines)


async def are_told(street: TinyStreet, orders: list[str]) -> bool:
    """Whether each household heard last that its time does not hold."""
    return all([(await news_of(street, order))[-1:] == ["corrected"] for order in orders])


async def orders_on_phones(street: TinyStreet, wave_id: str) -> dict[str, list[str]]:
    """The orders on the phones of a wave's crews, each with its window."""
    seen: dict[str, list[str]] = {}
    rounds = (await street.dispatcher.see_wave(wave_id))["rounds"]
    for crew_id in {each["crew_id"] for each in rounds if each["state"] == "released"}:
        crew = Crew(street.world, crew_id)
        await crew.enter(await street.dispatcher.admit_crew(crew_id))
        shown = await crew.see_round()
        assert shown is not None
        seen |= {stop["order_id"]: [stop["window_from"], stop["window_to"]] for stop in shown["stops"]}
    return seen
