"""The hotline operator: imports the register, finds the door, takes, changes, cancels and retries orders."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from deploy.rehearsal.actors.accounts import Account
from deploy.rehearsal.actors.browser import Browser, File, World
from deploy.rehearsal.scenario.days import DoorRow
from deploy.rehearsal.trouble import Trouble

# The script's words and the catalogue's codes.
ITEM_CODES: Mapping[str, str] = {
    "infant_formula": "FORMULA",
    "dog_food": "PETFOOD",
    "cat_food": "PETFOOD",
    "rice": "RICE",
    "drinking_water": "WATER",
    "milk": "MILK",
    "tissue": "PAPER",
    "eggs": "EGGS",
}


class DoorNotFound(Trouble):
    """The desk's search does not show this door; the text is the door."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a household asks for. `has_another`: an order brought again comes that day too, and both are kept."""

    household_id: str
    wave_date: date
    extras: Sequence[tuple[str, int]] = ()
    has_another: bool = False
    tag: str = ""


class Operator:
    """An operator at the desk."""

    def __init__(self, world: World, account: Account) -> None:
        self._browser = Browser(world, "orders", account.login)
        self._account = account

    async def sign_in(self) -> None:
        """Sign in at orders."""
        await self._browser.sign_in(self._account.login, self._account.password)

    async def import_register(self, path: Path) -> Mapping[str, Any]:
        """Upload the register; gives what the desk says: accepted, rejected, warnings."""
        deed = self._browser.deed("register", file=path.name)
        said = await self._browser.upload(deed, "/register/import", File.at(path))
        return dict(said)

    async def find_household(self, door: DoorRow) -> str:
        """Type the door into the search and pick the household whose door it is.

        Errors: DoorNotFound when no or more than one shown household has this door.
        """
        typed = f"{door.compound or ''} {door.building}{door.entrance or ''}{door.room}".strip()
        found = await self._browser.get_json(f"/api/v1/households?q={quote(typed)}")
        matches = [each["household_id"] for each in found["households"] if _is_door(each, door)]
        if len(matches) != 1:
            raise DoorNotFound(f"{typed}: {len(matches)} of {len(found['households'])}")
        return str(matches[0])

    async def place_order(self, call: Call) -> str:
        """Take an order for the standard pack and extras; gives its id."""
        form = {"household_id": call.household_id, **_contents(call.wave_date, call.extras)}
        if call.has_another:
            form["duplicate"] = "keep_both"
        day = call.wave_date.isoformat()
        deed = self._browser.deed("order", household_id=call.household_id, wave_date=day, tag=call.tag)
        reply = await self._browser.submit(deed, "/desk/orders", form)
        return parse_qs(urlsplit(reply.headers["location"]).query)["placed"][0]

    async def change_order(self, order_id: str, wave_date: date, extras: Iterable[tuple[str, int]]) -> None:
        """Replace an order's extras before its wave."""
        deed = self._browser.deed("change", order_id=order_id)
        await self._browser.submit(deed, f"/desk/orders/{order_id}/change", _contents(wave_date, extras))

    async def cancel_order(self, order_id: str) -> None:
        """The household calls off."""
        deed = self._browser.deed("cancel", order_id=order_id)
        await self._browser.submit(deed, f"/desk/orders/{order_id}/cancel", {"reason": "住户来电取消"})

    async def retry_order(self, order_id: str, wave_date: date) -> None:
        """Bring what did not stay at the door again on another date."""
        deed = self._browser.deed("retry", order_id=order_id, wave_date=wave_date.isoformat())
        await self._browser.submit(deed, f"/desk/orders/{order_id}/retry", {"wave_date": wave_date.isoformat()})

    async def see_order(self, order_id: str) -> Mapping[str, Any]:
        """Look an order up."""
        return dict(await self._browser.get_json(f"/api/v1/orders/{order_id}"))


def _is_door(shown: Mapping[str, Any], door: DoorRow) -> bool:
    return (
        door.compound in {None, shown["compound"]}
        and shown["building"] == door.building
        and (shown["entrance"] or None) == door.entrance
        and shown["room"] == door.room
    )


def _contents(wave_date: date, extras: Iterable[tuple[str, int]]) -> dict[str, str]:
    items: Counter[str] = Counter()
    for item, quantity in extras:
        items[ITEM_CODES.get(item, item.upper())] += quantity
    form = {"wave_date": wave_date.isoformat(), "pack": "standard", "priority": "normal", "note": ""}
    return form | {f"item_{code}": str(quantity) for code, quantity in items.items()}
